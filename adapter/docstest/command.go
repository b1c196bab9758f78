package docstest

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Command is a command that a page tells its reader to type.
type Command struct {
	// Page is the path of the page.
	Page string
	// Args are its words, the program first. What the shell would put in place of
	// a variable is PLACE.
	Args []string
}

// place stands for what only a shell knows.
const place = "PLACE"

// Commands returns how the pages call a program, such as "make" or
// "kubectl foreshadow", in code blocks. A line that begins with the program and
// is no shell is an error.
func Commands(pages []Page, program string) ([]Command, error) {
	want := strings.Fields(program)
	var out []Command
	for _, p := range pages {
		for _, b := range p.Blocks {
			calls, err := b.calls(want)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.Path, err)
			}
			for _, args := range calls {
				out = append(out, Command{Page: p.Path, Args: args})
			}
		}
	}
	return out, nil
}

func (b Block) calls(want []string) ([][]string, error) {
	if !slices.Contains([]string{"", "sh", "console"}, b.Language) {
		return nil, nil
	}
	var out [][]string
	for _, line := range b.Typed() {
		file, err := syntax.NewParser().Parse(strings.NewReader(line), "")
		if err != nil {
			if strings.HasPrefix(path.Base(strings.TrimSpace(line)), want[0]+" ") {
				return nil, fmt.Errorf("%q: %w", line, err)
			}
			continue // output, or another language
		}
		syntax.Walk(file, func(n syntax.Node) bool {
			if c, ok := n.(*syntax.CallExpr); ok {
				if args := words(c.Args); starts(args, want) {
					out = append(out, args)
				}
			}
			return true
		})
	}
	return out, nil
}

// Typed are the lines of a block that somebody types, those that end in a
// backslash joined: what follows "$ " where the block shows an output too.
func (b Block) Typed() []string {
	var out []string
	shows := strings.HasPrefix(b.Text, "$ ") || strings.Contains(b.Text, "\n$ ")
	open := false
	for line := range strings.Lines(b.Text) {
		line = strings.TrimRight(line, "\n")
		cut, prompt := strings.CutPrefix(line, "$ ")
		switch {
		case open:
			out[len(out)-1] += "\n" + line
		case prompt || !shows:
			out = append(out, cut)
		default:
			continue
		}
		open = strings.HasSuffix(line, `\`)
	}
	return out
}

// starts says whether a command line calls the program: by its name, a path to
// it, or kubectl-x in place of kubectl x.
func starts(args, want []string) bool {
	if len(args) == 0 {
		return false
	}
	if base := path.Base(args[0]); len(want) == 1 || base == want[0] {
		return len(args) >= len(want) && base == want[0] && slices.Equal(args[1:len(want)], want[1:])
	}
	return path.Base(args[0]) == strings.Join(want, "-")
}

func words(in []*syntax.Word) []string {
	out := make([]string, 0, len(in))
	for _, w := range in {
		out = append(out, text(w.Parts))
	}
	return out
}

func text(parts []syntax.WordPart) string {
	var b strings.Builder
	for _, p := range parts {
		switch p := p.(type) {
		case *syntax.Lit:
			b.WriteString(strings.ReplaceAll(p.Value, "\\\n", ""))
		case *syntax.SglQuoted:
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			b.WriteString(text(p.Parts))
		default:
			b.WriteString(place)
		}
	}
	return b.String()
}
