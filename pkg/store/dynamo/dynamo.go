package dynamo

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trunkline/pkg/each"
	"trunkline/pkg/store"
)

type attributes = map[string]types.AttributeValue

// Table is a store.Table on DynamoDB.
type Table struct {
	client *dynamodb.Client
	name   string
}

// New returns a Table on the DynamoDB table of that name. It has a partition key pk and a sort key sk,
// both strings.
func New(client *dynamodb.Client, name string) *Table { return &Table{client, name} }

// Get implements store.Table.
func (t *Table) Get(ctx context.Context, key store.Key) (store.Item, error) {
	if err := key.Check(); err != nil {
		return store.Item{}, err
	}
	in := &dynamodb.GetItemInput{TableName: &t.name, Key: keyOf(key), ConsistentRead: aws.Bool(true)}
	out, err := t.client.GetItem(ctx, in)
	if err != nil {
		return store.Item{}, fmt.Errorf("get item: %w", err)
	}
	if out.Item == nil {
		return store.Item{}, store.ErrNotFound
	}
	return decode(out.Item)
}

// triesOfMany is how often GetMany asks again for the keys that DynamoDB did not process.
const triesOfMany = 3

// GetMany implements store.Table. DynamoDB leaves out keys whose partitions are throttled.
func (t *Table) GetMany(ctx context.Context, keys ...store.Key) (found []store.Item, err error) {
	if err := store.CheckKeys(keys); err != nil {
		return nil, err
	}
	wanted := types.KeysAndAttributes{Keys: make([]attributes, len(keys))}
	for i, key := range keys {
		wanted.Keys[i] = keyOf(key)
	}
	for range triesOfMany {
		in := &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{t.name: wanted}}
		out, err := t.client.BatchGetItem(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("get items: %w", err)
		}
		for _, encoded := range out.Responses[t.name] {
			found = append(found, decodeAny(encoded))
		}
		if wanted = out.UnprocessedKeys[t.name]; len(wanted.Keys) == 0 {
			return found, nil
		}
	}
	return nil, fmt.Errorf("get items: %d of %d keys are throttled", len(wanted.Keys), len(keys))
}

// Put implements store.Table.
func (t *Table) Put(ctx context.Context, item store.Item, cond store.Condition) error {
	if err := item.Check(); err != nil {
		return err
	}
	encoded, err := encode(item)
	if err != nil {
		return err
	}
	in := &dynamodb.PutItemInput{TableName: &t.name, Item: encoded}
	if cond.Op != store.OpAlways {
		c, err := conditionFor(cond, item.Version)
		if err != nil {
			return fmt.Errorf("put item: %w", err)
		}
		in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues = &c.expression, c.names, c.values
		in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	}
	_, err = t.client.PutItem(ctx, in)
	if there, failed := conditionFailed(err); failed {
		if text(there["version"]) == item.Version {
			return nil
		}
		return store.ErrCondition
	}
	if err != nil {
		return fmt.Errorf("put item: %w", err)
	}
	return nil
}

// Delete implements store.Table.
func (t *Table) Delete(ctx context.Context, key store.Key, cond store.Condition) error {
	if err := key.Check(); err != nil {
		return err
	}
	in := &dynamodb.DeleteItemInput{TableName: &t.name, Key: keyOf(key)}
	switch cond.Op {
	case store.OpAlways:
	case store.OpUnchanged:
		c, err := conditionFor(cond, "")
		if err != nil {
			return fmt.Errorf("delete item: %w", err)
		}
		in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues = &c.expression, c.names, c.values
		in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	default:
		return fmt.Errorf("delete item: a deletion has no condition %d", cond.Op)
	}
	_, err := t.client.DeleteItem(ctx, in)
	if there, failed := conditionFailed(err); failed {
		if there == nil {
			return nil
		}
		return store.ErrCondition
	}
	if err != nil {
		return fmt.Errorf("delete item: %w", err)
	}
	return nil
}

// Query implements store.Table.
func (t *Table) Query(ctx context.Context, r store.Range) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		if r.To != "" && r.From >= r.To {
			return
		}
		in := t.queryInput(r)
		for left := r.Limit; ; {
			out, err := t.client.Query(ctx, in)
			if err != nil {
				yield(store.Item{}, fmt.Errorf("query items: %w", err))
				return
			}
			for _, encoded := range out.Items {
				item, err := decode(encoded)
				if err == nil && (item.SK < r.From || r.To != "" && item.SK >= r.To) {
					continue
				}
				if err != nil {
					err = &each.Bad{Name: "an item of " + r.PK, Err: err}
				}
				if !yield(item, err) {
					return
				}
				if left--; left == 0 {
					return
				}
			}
			if out.LastEvaluatedKey == nil {
				return
			}
			in.ExclusiveStartKey = out.LastEvaluatedKey
		}
	}
}

// maxSortKey is the size of the longest sort key in bytes. DynamoDB also refuses a longer end of a
// range, such as the one after the longest key.
const maxSortKey = 1024

// queryInput requests the first page of a range. It may request an item too many at an end: DynamoDB
// takes only one condition on the sort key, and BETWEEN includes both ends.
func (t *Table) queryInput(r store.Range) *dynamodb.QueryInput {
	if len(r.From) > maxSortKey {
		r.From = strings.ToValidUTF8(r.From[:maxSortKey], "")
	}
	if len(r.To) > maxSortKey {
		r.To = ""
	}
	in := &dynamodb.QueryInput{
		TableName: &t.name, ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(!r.Reverse),
		KeyConditionExpression:    aws.String("pk = :pk"),
		ExpressionAttributeValues: attributes{":pk": &types.AttributeValueMemberS{Value: r.PK}},
	}
	if r.From != "" {
		in.ExpressionAttributeValues[":from"] = &types.AttributeValueMemberS{Value: r.From}
	}
	if r.To != "" {
		in.ExpressionAttributeValues[":to"] = &types.AttributeValueMemberS{Value: r.To}
	}
	switch {
	case r.From != "" && r.To != "":
		*in.KeyConditionExpression += " AND sk BETWEEN :from AND :to"
	case r.From != "":
		*in.KeyConditionExpression += " AND sk >= :from"
	case r.To != "":
		*in.KeyConditionExpression += " AND sk < :to"
	}
	if r.Limit > 0 && r.Limit < 1000 {
		in.Limit = aws.Int32(int32(r.Limit) + 1) // one may be outside, at an end
	}
	return in
}

type condition struct {
	expression string
	names      map[string]string
	values     attributes
}

// conditionFor returns a condition in DynamoDB's form, for an item of a version.
func conditionFor(c store.Condition, version string) (condition, error) {
	names := map[string]string{"#version": "version"}
	values := attributes{":version": &types.AttributeValueMemberS{Value: version}}
	switch c.Op {
	case store.OpNewer:
		return condition{"attribute_not_exists(pk) OR #version < :version", names, values}, nil
	case store.OpOlder:
		return condition{"attribute_not_exists(pk) OR #version > :version", names, values}, nil
	case store.OpUnchanged:
		values[":version"] = &types.AttributeValueMemberS{Value: c.Version}
		return condition{"#version = :version", names, values}, nil
	case store.OpAbsent:
		return condition{expression: "attribute_not_exists(pk)"}, nil
	}
	return condition{}, fmt.Errorf("there is no condition %d", c.Op)
}

// conditionFailed reports whether err says that a condition did not hold, and for which item.
func conditionFailed(err error) (there attributes, failed bool) {
	failure, failed := errors.AsType[*types.ConditionalCheckFailedException](err)
	if failed {
		there = failure.Item
	}
	return there, failed
}

func keyOf(k store.Key) attributes {
	return attributes{"pk": &types.AttributeValueMemberS{Value: k.PK}, "sk": &types.AttributeValueMemberS{Value: k.SK}}
}

func encode(i store.Item) (attributes, error) {
	doc, err := encodeDoc(i.Doc)
	if err != nil {
		return nil, fmt.Errorf("item %s: %w", i.SK, err)
	}
	encoded := keyOf(i.Key)
	encoded["version"] = &types.AttributeValueMemberS{Value: i.Version}
	encoded["doc"] = doc
	if !i.Expires.IsZero() {
		encoded["expires"] = &types.AttributeValueMemberN{Value: strconv.FormatInt(i.Expires.Unix(), 10)}
	}
	return encoded, nil
}

func decode(encoded attributes) (store.Item, error) {
	i := store.Item{Key: store.Key{PK: text(encoded["pk"]), SK: text(encoded["sk"])}, Version: text(encoded["version"])}
	if n, ok := encoded["expires"].(*types.AttributeValueMemberN); ok {
		seconds, err := strconv.ParseInt(n.Value, 10, 64)
		if err != nil {
			return store.Item{}, fmt.Errorf("item %s: expires: %w", i.SK, err)
		}
		i.Expires = time.Unix(seconds, 0).UTC()
	}
	var err error
	if i.Doc, err = decodeDoc(encoded["doc"]); err != nil {
		return store.Item{}, fmt.Errorf("item %s: %w", i.SK, err)
	}
	return i, nil
}

// decodeAny is decode that returns an item without a document if it can't be read.
func decodeAny(encoded attributes) store.Item {
	i, err := decode(encoded)
	if err != nil {
		return store.Item{Key: store.Key{PK: text(encoded["pk"]), SK: text(encoded["sk"])}, Version: text(encoded["version"])}
	}
	return i
}

func text(v types.AttributeValue) string {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}
