package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/antlr4-go/antlr/v4"
	"github.com/bytebase/parser/trino"

	"trunkline/infra/athena"
)

// athenaFunctions are the functions that the queries may call. They stand in
// https://trino.io/docs/current/functions.html, which Athena's engine follows.
var athenaFunctions = strings.Fields(`ceil coalesce count date_diff day_of_week floor from_iso8601_timestamp greatest
	json_extract_scalar lead length max min min_by nullif replace row_number sqrt substr sum`)

// TestAthenaCanReadTheQueries parses them by the grammar of Trino, which Athena's engine is based
// on.
func TestAthenaCanReadTheQueries(t *testing.T) {
	for _, name := range athena.Queries() {
		text, err := athena.Query(name, athena.Athena, athena.Defaults())
		must(t, err)
		for _, fault := range athenaFaults(text) {
			t.Errorf("%s: %s", name, fault)
		}
	}
}

// TestAthenaCanNotReadDuckDBsOwn shows that SQL for DuckDB only is found.
func TestAthenaCanNotReadDuckDBsOwn(t *testing.T) {
	for _, text := range []string{
		"select a::date from t;", "select * exclude (a) from t;", "select a // 2 from t;", "select a, from t;",
		"select a from t qualify row_number() over () = 1;", "select interval 24 hour;", "from t select a;", "select [1, 2];",
		"select isodow(a) from t;", "select json_extract_string(a, '$.b') from t;", "select a from t; drop table t;", "select a from t",
	} {
		if len(athenaFaults(text)) == 0 {
			t.Errorf("%s is taken", text)
		}
	}
}

// athenaFaults returns what Athena could not read in a query.
func athenaFaults(text string) []string {
	var f faults
	lexer := trino.NewTrinoLexer(antlr.NewInputStream(text))
	tokens := antlr.NewCommonTokenStream(lexer, antlr.TokenDefaultChannel)
	parser := trino.NewTrinoParser(tokens)
	lexer.RemoveErrorListeners()
	lexer.AddErrorListener(&f)
	parser.RemoveErrorListeners()
	parser.AddErrorListener(&f)
	antlr.ParseTreeWalkerDefault.Walk(&f, parser.SingleStatement())
	if rest := tokens.LT(1); rest.GetTokenType() != antlr.TokenEOF {
		f.add(rest.GetLine(), rest.GetColumn(), "%s comes after the query", rest.GetText())
	}
	return f.found
}

// faults collects errors of a parser, and function calls of its tree.
type faults struct {
	antlr.DefaultErrorListener
	trino.BaseTrinoParserListener
	found []string
}

func (f *faults) add(line, column int, format string, args ...any) {
	f.found = append(f.found, fmt.Sprintf("%d:%d: ", line, column)+fmt.Sprintf(format, args...))
}

// SyntaxError implements antlr.ErrorListener.
func (f *faults) SyntaxError(_ antlr.Recognizer, _ any, line, column int, says string, _ antlr.RecognitionException) {
	f.add(line, column, "%s", says)
}

// EnterFunctionCall implements trino.TrinoParserListener.
func (f *faults) EnterFunctionCall(call *trino.FunctionCallContext) {
	if name := call.QualifiedName().GetText(); !slices.Contains(athenaFunctions, strings.ToLower(name)) {
		f.add(call.GetStart().GetLine(), call.GetStart().GetColumn(), "calls %s", name)
	}
}
