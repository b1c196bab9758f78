package manifest

import "bytes"

// document is one part of a YAML stream.
type document struct {
	number int
	// text has as many empty lines in front as the file, so that the lines
	// that the parser names are those of the file.
	text []byte
}

// split cuts a YAML stream at its markers. Documents of comments alone do not
// count: a licence on top is not document 1.
func split(raw []byte) []document {
	var out []document
	start, line := 0, 0
	var text []byte
	flush := func() {
		if hasContent(text) {
			out = append(out, document{
				number: len(out) + 1,
				text:   append(bytes.Repeat([]byte("\n"), start), text...),
			})
		}
		text = nil
	}
	for each := range bytes.Lines(raw) {
		if isMarker(each) {
			flush()
			start = line
			each = append([]byte("   "), each[3:]...)
		}
		text = append(text, each...)
		line++
	}
	flush()
	return out
}

// isMarker says that a line begins or ends a document.
func isMarker(line []byte) bool {
	if !bytes.HasPrefix(line, []byte("---")) && !bytes.HasPrefix(line, []byte("...")) {
		return false
	}
	return len(line) == 3 || bytes.ContainsRune([]byte(" \t\r\n"), rune(line[3]))
}

func hasContent(text []byte) bool {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' {
			return true
		}
	}
	return false
}
