package zycoo

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"trunkline/pkg/pbx"
)

// documented is the table of spellings as the package comment has it.
func documented() string {
	var all strings.Builder
	for _, k := range tables {
		names := k.spellings()
		fmt.Fprintf(&all, "//\t%s\n", strings.Join(strings.Fields(names[0]), ", "))
		for _, name := range names[1:] {
			fmt.Fprintf(&all, "//\t    %s\n", strings.Join(strings.Fields(name), ", "))
		}
	}
	return all.String()
}

func TestThePackageCommentHasTheTableOfSpellings(t *testing.T) {
	const from, to = "// is kept among the unknown members.\n//\n", "//\n// Source of the events:"
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := bytes.Cut(doc, []byte(from))
	table, after, ok2 := bytes.Cut(rest, []byte(to))
	if !ok || !ok2 {
		t.Fatal("the package comment has no place for the table")
	}
	if *update {
		doc = bytes.Join([][]byte{before, []byte(from), []byte(documented()), []byte(to), after}, nil)
		if err := os.WriteFile("doc.go", doc, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(table) != documented() {
		t.Errorf("the package comment has\n%swhere the code has\n%s; write it with -update", table, documented())
	}
}

func TestNoSpellingIsThatOfTwoMembersOrKinds(t *testing.T) {
	kinds := map[string]bool{}
	for _, k := range tables {
		names := map[string]bool{}
		for i, spelt := range k.spellings() {
			for _, name := range strings.Fields(strings.ToLower(spelt)) {
				if i == 0 && kinds[name] || i > 0 && names[name] {
					t.Errorf("%s stands there twice", name)
				}
				if i == 0 {
					kinds[name] = true
				} else {
					names[name] = true
				}
			}
		}
		if len(k.spellings()) > maxFields {
			t.Errorf("%s has %d members: raise maxFields", k.spellings()[0], len(k.spellings()))
		}
	}
}

// TestEverySpellingIsRead gives each member of each kind a value under each of its
// spellings, in three cases, and expects the same event.
func TestEverySpellingIsRead(t *testing.T) {
	for _, k := range tables {
		spelt := k.spellings()
		for f, names := range spelt[1:] {
			var want pbx.Event
			for _, name := range strings.Fields(names) {
				for _, written := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
					e := decodeOne(t, eventWith(spelt, f, written))
					if e.Err != nil || len(extraOf(e.Event)) > 0 || e.Event.Misread() != nil {
						t.Fatalf("%s: %+v, %v", written, e.Event, e.Err)
					}
					if want == nil {
						want = e.Event
					}
					if !reflect.DeepEqual(e.Event, want) {
						t.Errorf("%s: %+v, want %+v", written, e.Event, want)
					}
				}
			}
		}
	}
}

// eventWith is an event of a kind that has all its members, one of them in a spelling.
func eventWith(spelt []string, field int, written string) string {
	body := fmt.Sprintf("{event:%q", strings.Fields(spelt[0])[0])
	for f, names := range spelt[1:] {
		name := strings.Fields(names)[0]
		if f == field {
			name = written
		}
		value := "7"
		switch lower := strings.ToLower(names); {
		case strings.HasPrefix(lower, "mac"):
			value = "68:69:2e:0b:00:01"
		case lower == "starttime" || lower == "endtime" || lower == "answertime":
			value = "2018-11-05 19:05:31"
		}
		body += fmt.Sprintf(", %q:%q", name, value)
	}
	return body + "}"
}

func extraOf(e pbx.Event) []pbx.Member {
	return reflect.ValueOf(e).Elem().FieldByName("Extra").Interface().([]pbx.Member)
}

func TestOfTwoSpellingsTheFirstThatSaysAnythingCounts(t *testing.T) {
	for body, want := range map[string]string{
		`Source:'801', CallSrcNum:'802'`:       "801 CallSrcNum=802",
		`CallSrcNum:'802', Source:'801'`:       "801 CallSrcNum=802",
		`Source:'<unknown>', CallSrcNum:'802'`: "802 Source=<unknown>",
		`call_src_num:'803', CallSrcNum:''`:    "803 CallSrcNum=",
		`Source:'801', source:'804'`:           "804",
		`source:'801', source:''`:              "801",
		`source:'801', source:'802'`:           "802",
	} {
		e := decodeOne(t, "{event:'cdr', uniqueid:'1780515827.110', "+body+"}")
		if e.Err != nil {
			t.Fatal(e.Err)
		}
		got := e.Event.(*pbx.CDR).Source
		for _, m := range extraOf(e.Event) {
			got += " " + m.Name + "=" + m.Value
		}
		if strings.TrimSpace(got) != want {
			t.Errorf("%s: %s", body, got)
		}
	}
}
