package docstest

import (
	"regexp"
	"strings"
)

var flagName = regexp.MustCompile(`(?:^|\s)--([a-z0-9][a-zA-Z0-9.-]*)(\*?)`)

// MentionedFlags are those that the code within the sentences of a page names:
// --x, --x=y, -x, --x, or all that begin with x as --x*. What is typed for
// another program, such as docker build --x, is left out.
func (p *Page) MentionedFlags() []string {
	var out []string
	for _, s := range p.Spans {
		if !strings.HasPrefix(s, "-") {
			continue
		}
		for _, m := range flagName.FindAllStringSubmatch(s, -1) {
			out = append(out, m[1]+m[2])
		}
	}
	return out
}
