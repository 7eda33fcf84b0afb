package dynamo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trunkline/pkg/store"
)

func TestMembersAreNativeAttributes(t *testing.T) {
	doc := `{"list":["x",1,[]],"map":{"a":"b"},"no":false,"none":null,"number":-12,"text":"","yes":true}`
	v, err := encodeDoc([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	members := v.(*types.AttributeValueMemberM).Value
	for name, want := range map[string]string{
		"list": "*types.AttributeValueMemberL", "map": "*types.AttributeValueMemberM", "no": "*types.AttributeValueMemberBOOL",
		"none": "*types.AttributeValueMemberNULL", "number": "*types.AttributeValueMemberN",
		"text": "*types.AttributeValueMemberS", "yes": "*types.AttributeValueMemberBOOL",
	} {
		if got := fmt.Sprintf("%T", members[name]); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if got, err := decodeDoc(v); err != nil || string(got) != doc {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestAttributesThatAreNoDocument(t *testing.T) {
	for _, v := range []types.AttributeValue{
		nil,
		&types.AttributeValueMemberS{Value: "x"},
		&types.AttributeValueMemberNULL{Value: true},
	} {
		if got, err := decodeDoc(v); err == nil {
			t.Errorf("%#v: got %s, want an error", v, got)
		}
	}
}

func TestAnAttributeOfAnotherHandIsATextAndTheOthersAreAsTheyWere(t *testing.T) {
	got, err := decodeDoc(&types.AttributeValueMemberM{Value: attributes{
		"binary":   &types.AttributeValueMemberB{Value: []byte("x")},
		"disabled": &types.AttributeValueMemberBOOL{Value: true},
		"fraction": &types.AttributeValueMemberN{Value: "1.5"},
		"large":    &types.AttributeValueMemberN{Value: "1234567890123456"},
		"list":     &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberSS{}}},
		"none":     &types.AttributeValueMemberN{Value: "{}"},
	}})
	const want = `{"binary":"*types.AttributeValueMemberB","disabled":true,"fraction":"1.5","large":"1234567890123456",` +
		`"list":["*types.AttributeValueMemberSS"],"none":"{}"}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func FuzzADocumentIsTheSameBytesAfterwards(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":[null,true,-1,"\u2028\u0000",{"b c":[]}]}`, `{"é":999999999999999,"#":""}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		want, err := store.Canonical(doc)
		if err != nil {
			return
		}
		v, err := encodeDoc(want)
		if err != nil {
			t.Fatalf("%q: %v", want, err)
		}
		if got, err := decodeDoc(v); err != nil || string(got) != string(want) {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	})
}

func TestConditionsAsExpressions(t *testing.T) {
	for _, c := range []struct {
		cond       store.Condition
		expression string
		version    string // that it compares with; "": no version
	}{
		{store.Newer(), "attribute_not_exists(pk) OR #version < :version", "5"},
		{store.Older(), "attribute_not_exists(pk) OR #version > :version", "5"},
		{store.Absent(), "attribute_not_exists(pk)", ""},
		{store.Unchanged("3"), "#version = :version", "3"},
	} {
		got, err := conditionFor(c.cond, "5")
		if err != nil || got.expression != c.expression || text(got.values[":version"]) != c.version {
			t.Errorf("%v: %+v, %v", c.cond, got, err)
		}
		// DynamoDB refuses a name or a value that the expression does not use.
		if (got.names != nil) != (c.version != "") || (got.values != nil) != (c.version != "") {
			t.Errorf("%v: names %v, values %v", c.cond, got.names, got.values)
		}
	}
	if _, err := conditionFor(store.Condition{Op: 99}, "5"); err == nil {
		t.Error("a condition that does not exist has an expression")
	}
}

// requested reports whether a request asks for a sort key.
func requested(in *dynamodb.QueryInput, sk string) bool {
	from, to := text(in.ExpressionAttributeValues[":from"]), text(in.ExpressionAttributeValues[":to"])
	switch *in.KeyConditionExpression {
	case "pk = :pk":
		return true
	case "pk = :pk AND sk >= :from":
		return sk >= from
	case "pk = :pk AND sk < :to":
		return sk < to
	case "pk = :pk AND sk BETWEEN :from AND :to":
		return from <= sk && sk <= to
	}
	panic(*in.KeyConditionExpression)
}

func FuzzARequestAsksForAllOfItsRange(f *testing.F) {
	long := strings.Repeat("😀", 256)
	f.Add("", "", "a")
	f.Add("a", "b", "a#")
	f.Add("b", "a", "a")
	f.Add("a", "", "b")
	f.Add("", "b", "a")
	f.Add(long+"\x00", "", long)
	f.Add("x"+long, "", "x"+long[:1020]+"é")
	f.Add("", "x"+long, "x"+long[:1020])
	f.Fuzz(func(t *testing.T, from, to, sk string) {
		from, to, sk = strings.ToValidUTF8(from, ""), strings.ToValidUTF8(to, ""), strings.ToValidUTF8(sk, "")
		in := New(nil, "t").queryInput(store.Range{PK: "p", From: from, To: to})
		if sk >= from && (to == "" || sk < to) && !requested(in, sk) {
			t.Errorf("%q is from %q to %q, but not asked for", sk, from, to)
		}
		used := 1
		for _, name := range []string{":from", ":to"} {
			v, ok := in.ExpressionAttributeValues[name]
			if ok {
				used++
			}
			if ok != strings.Contains(*in.KeyConditionExpression, name) || ok && (text(v) == "" || len(text(v)) > maxSortKey) {
				t.Errorf("%s: %s %q", *in.KeyConditionExpression, name, text(v))
			}
		}
		if len(in.ExpressionAttributeValues) != used {
			t.Errorf("%v has a value that is not used", in.ExpressionAttributeValues)
		}
	})
}

// answering returns a Table on a DynamoDB that gives this answer.
func answering(t *testing.T, answer http.HandlerFunc) *Table {
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return New(dynamodb.New(dynamodb.Options{
		Region:       "us-east-1",
		BaseEndpoint: &server.URL,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "key"}, nil
		}),
	}), "t")
}

func TestAFailedConditionIsSuccessWhereTheSameVersionIsThere(t *testing.T) {
	item := store.Item{Key: store.Key{PK: "p", SK: "s"}, Version: "5", Doc: []byte(`{}`)}
	for there, want := range map[string]error{
		`{"version":{"S":"5"}}`: nil,
		`{"version":{"S":"6"}}`: store.ErrCondition,
		`null`:                  store.ErrCondition,
	} {
		requests := 0
		table := answering(t, func(w http.ResponseWriter, r *http.Request) {
			requests++
			if body, _ := io.ReadAll(r.Body); !strings.Contains(string(body), `"ReturnValuesOnConditionCheckFailure":"ALL_OLD"`) {
				t.Errorf("the request does not ask for what is there: %s", body)
			}
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","Item":%s}`, there)
		})
		if err := table.Put(t.Context(), item, store.Newer()); !errors.Is(err, want) || requests != 1 {
			t.Errorf("%s there: %v, want %v, after %d requests", there, err, want, requests)
		}
	}
}

// LocalStack's reads are always consistent, so the request itself is checked.
func TestReadsAreConsistent(t *testing.T) {
	requests := 0
	table := answering(t, func(w http.ResponseWriter, r *http.Request) {
		requests++
		if body, _ := io.ReadAll(r.Body); !strings.Contains(string(body), `"ConsistentRead":true`) {
			t.Errorf("%s: %s", r.Header.Get("X-Amz-Target"), body)
		}
		fmt.Fprint(w, `{}`)
	})
	if _, err := table.Get(t.Context(), store.Key{PK: "p", SK: "s"}); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	for item, err := range table.Query(t.Context(), store.Range{PK: "p"}) {
		t.Errorf("got %v, %v", item, err)
	}
	if requests != 2 {
		t.Errorf("%d requests", requests)
	}
}

// batch answers BatchGetItem: with an item for each key but the last held ones, which it leaves unprocessed.
func batch(t *testing.T, asked *[]int, held int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			RequestItems map[string]struct {
				ConsistentRead bool
				Keys           []map[string]map[string]string
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.RequestItems["t"].ConsistentRead {
			t.Errorf("%+v, %v", in, err)
		}
		keys := in.RequestItems["t"].Keys
		*asked = append(*asked, len(keys))
		left := min(held, len(keys))
		held--
		var items []string
		for _, key := range keys[left:] {
			items = append(items, fmt.Sprintf(`{"pk":{"S":%q},"sk":{"S":%q},"version":{"S":"1"},"doc":{"M":{}}}`, key["pk"]["S"], key["sk"]["S"]))
		}
		unprocessed := "{}"
		if left > 0 {
			text, err := json.Marshal(keys[:left])
			if err != nil {
				t.Error(err)
			}
			unprocessed = fmt.Sprintf(`{"t":{"Keys":%s}}`, text)
		}
		fmt.Fprintf(w, `{"Responses":{"t":[%s]},"UnprocessedKeys":%s}`, strings.Join(items, ","), unprocessed)
	}
}

func TestKeysThatWereNotProcessedAreRequestedAgainAFewTimes(t *testing.T) {
	keys := []store.Key{{PK: "p", SK: "a"}, {PK: "p", SK: "b"}, {PK: "p", SK: "c"}}
	for held, want := range map[int]string{0: "[3]", 1: "[3 1]", 2: "[3 2 1]"} {
		var asked []int
		found, err := answering(t, batch(t, &asked, held)).GetMany(t.Context(), keys...)
		if err != nil || len(found) != len(keys) || fmt.Sprint(asked) != want {
			t.Errorf("%d held: %d items, %v, requests for %v keys, want %s", held, len(found), err, asked, want)
		}
	}
	var asked []int
	if found, err := answering(t, batch(t, &asked, 9)).GetMany(t.Context(), keys...); err == nil || found != nil || len(asked) != triesOfMany {
		t.Errorf("all held: %v, %v, requests for %v keys", found, err, asked)
	}
}

func TestAnUnreadableItemOfManyHasNoDocument(t *testing.T) {
	table := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"Responses":{"t":[{"pk":{"S":"p"},"sk":{"S":"a"},"version":{"S":"1"},"doc":{"S":"x"}},`+
			`{"pk":{"S":"p"},"sk":{"S":"b"},"version":{"S":"1"},"doc":{"M":{}}}]}}`)
	})
	found, err := table.GetMany(t.Context(), store.Key{PK: "p", SK: "a"}, store.Key{PK: "p", SK: "b"})
	if err != nil || len(found) != 2 || found[0].SK != "a" || found[0].Doc != nil || string(found[1].Doc) != "{}" {
		t.Errorf("got %+v, %v", found, err)
	}
}

func TestAnEmptyRangeIsNoRequest(t *testing.T) {
	table := New(nil, "t") // a request would panic
	for _, r := range []store.Range{{PK: "p", From: "b", To: "a"}, {PK: "p", From: "a", To: "a"}} {
		for item, err := range table.Query(t.Context(), r) {
			t.Errorf("%+v: got %v, %v", r, item, err)
		}
	}
}

func TestACallEndsWithItsDeadline(t *testing.T) {
	table := answering(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // then the server sees that the client has gone
		<-r.Context().Done()
	})
	key := store.Key{PK: "p", SK: "s"}
	for name, call := range map[string]func(context.Context) error{
		"get":    func(ctx context.Context) error { _, err := table.Get(ctx, key); return err },
		"many":   func(ctx context.Context) error { _, err := table.GetMany(ctx, key); return err },
		"delete": func(ctx context.Context) error { return table.Delete(ctx, key, store.Condition{}) },
		"put": func(ctx context.Context) error {
			return table.Put(ctx, store.Item{Key: key, Version: "1", Doc: []byte(`{}`)}, store.Condition{})
		},
		"query": func(ctx context.Context) error {
			for _, err := range table.Query(ctx, store.Range{PK: "p"}) {
				return err
			}
			return nil
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		began := time.Now()
		if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s took %v", name, took)
		}
		cancel()
	}
}
