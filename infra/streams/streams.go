package streams

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"

	"trunkline/pkg/archive"
	"trunkline/pkg/pbx"
)

//go:embed archive.yaml.tmpl
var source string

// Template returns the text of infra/archive.yaml.
func Template() (string, error) {
	words := template.FuncMap{"id": id, "folder": archive.RawKind}
	parsed, err := template.New("archive").Funcs(words).Parse(source)
	if err != nil {
		return "", fmt.Errorf("parse the template of delivery streams: %w", err)
	}
	var text strings.Builder
	if err := parsed.Execute(&text, pbx.Kinds()); err != nil {
		return "", fmt.Errorf("write the delivery streams: %w", err)
	}
	return text.String(), nil
}

// id returns the name of a stream's resource: StreamCcCdr is that of cc_cdr.
func id(kind pbx.Kind) string {
	name := "Stream"
	for word := range strings.SplitSeq(string(kind), "_") {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}
