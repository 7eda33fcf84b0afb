package main

import (
	"bytes"
	"strings"
	"testing"
)

const printed = `{"Action":"run","Package":"p","Test":"TestGood"}
{"Action":"output","Package":"p","Test":"TestGood","Output":"    x_test.go:1: unseen\n"}
{"Action":"pass","Package":"p","Test":"TestGood","Elapsed":2}
{"Action":"output","Package":"p","Test":"TestBad","Output":"    x_test.go:2: got 1\n"}
{"Action":"fail","Package":"p","Test":"TestBad","Elapsed":3}
{"Action":"output","Package":"p","Output":"panic: p\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t5s\n"}
{"Action":"fail","Package":"p","Elapsed":5}
{"ImportPath":"b","Action":"build-output","Output":"b.go:1: undefined: x\n"}
{"ImportPath":"b","Action":"build-fail"}
no event
{"Action":"output","Package":"q","Output":"PASS\n"}
{"Action":"output","Package":"q","Output":"ok  \tq\t1s\n"}
{"Action":"pass","Package":"q","Elapsed":1}
`

func TestAFailureIsPrintedAndWhatTookLongest(t *testing.T) {
	var out bytes.Buffer
	r := report{out: &out, output: map[name][]string{}, packages: map[name]float64{}, tests: map[name]float64{}}
	r.read(strings.NewReader(printed))
	r.print("tests", r.tests)
	const want = `    x_test.go:2: got 1
panic: p
FAIL	p	5s
b.go:1: undefined: x
no event
ok  	q	1s
The slowest tests:
    3.0 s  p TestBad
    2.0 s  p TestGood
`
	if out.String() != want || !r.failed {
		t.Errorf("failed: %t, printed\n%s\nwant\n%s", r.failed, &out, want)
	}
}

func TestOnlyAFailureFails(t *testing.T) {
	var out bytes.Buffer
	r := report{out: &out, output: map[name][]string{}, packages: map[name]float64{}, tests: map[name]float64{}}
	_, passed, _ := strings.Cut(printed, "no event\n")
	if r.read(strings.NewReader(passed)); r.failed || out.String() != "ok  \tq\t1s\n" {
		t.Errorf("failed: %t, printed %q", r.failed, &out)
	}
}
