package zycoo

import (
	"io"
	"mime"
	"mime/multipart"
	"strings"
)

// boundary returns the line that separates the parts of a multipart body, without its dashes.
func boundary(text string) string {
	first, _, _ := strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	line, ok := strings.CutPrefix(strings.TrimRight(first, "\r"), "--")
	if !ok {
		return ""
	}
	return line
}

// isMultipart reports whether a text is multipart/form-data. Its first line shows it: a
// header may be missing.
func isMultipart(text string) bool {
	return boundary(text) != "" && strings.Contains(strings.ToLower(text), "content-disposition: form-data")
}

// decodeMultipart reads multipart/form-data, whose parts are as the fields of a form.
func decodeMultipart(text string, show reader) (Body, error) {
	d := newDecoder(text, show)
	defer d.free()
	// The last line end may be missing.
	parts := multipart.NewReader(strings.NewReader(text+"\r\n"), boundary(text))
	var all []pair
	for len(all) <= MaxMembers {
		name, content, err := nextPart(parts)
		if err == io.EOF {
			break
		}
		if err != nil {
			d.refuse(0, "", "the parts of the body can't be told apart: it is not multipart/form-data")
			break
		}
		all = append(all, pair{name, content, 0})
	}
	return d.decodePairs(all)
}

func nextPart(parts *multipart.Reader) (name, content string, err error) {
	part, err := parts.NextRawPart()
	if err != nil {
		return "", "", err
	}
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return "", "", err
	}
	b, err := io.ReadAll(part)
	return params["name"], string(b), err
}

// isLines reports whether a text is lines of names and values, such as AMI writes. Each line has a
// name and a colon. The value of the name event must be a word.
func isLines(text string) bool {
	found := false
	for line := range strings.Lines(text) {
		name, value, ok := cutLine(line)
		switch {
		case !ok && strings.Trim(line, " \t\x00\r\n") == "":
		case !ok || isEventName(name) && !isName(value):
			return false
		default:
			found = found || isEventName(name)
		}
	}
	return found
}

// isName reports whether a text is a name of letters, digits and the like.
func isName(s string) bool {
	for i := range len(s) {
		if !isWord(s[i]) {
			return false
		}
	}
	return s != ""
}

// cutLine takes a line apart: its name and its value, without the blanks around them, and
// without what bare leaves out behind them.
func cutLine(line string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(strings.TrimRight(line, "\r\n"), ":")
	name, value = strings.Trim(name, " \t"), strings.TrimLeft(bare(value), " \t")
	return name, value, ok && isName(name)
}

// decodeLines reads lines of names and values. An empty line ends an event, and so does the
// name of the next one.
func decodeLines(text string, show reader) (Body, error) {
	d := newDecoder(text, show)
	defer d.free()
	var body Body
	at, named := 0, false
	end := func() {
		if d.count > 0 {
			body.Elements = append(body.Elements, d.finish(strings.TrimRight(text[d.start:min(at, len(text))], "\r\n")))
		}
		d.count, named = 0, false
	}
	for line := range strings.Lines(text + "\n\n") {
		name, value, ok := cutLine(line)
		if !ok || isEventName(name) && named {
			end()
		}
		if ok {
			if d.count == 0 {
				d.begin(at)
			}
			d.addText(name, value, at)
			named = named || isEventName(name)
		}
		if at += len(line); len(body.Elements) > MaxEvents {
			return Body{}, ErrTooLarge
		}
	}
	body.Array = len(body.Elements) > 1
	return body, nil
}
