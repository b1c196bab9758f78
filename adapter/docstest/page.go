package docstest

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	gmtext "github.com/yuin/goldmark/text"
)

// Page is one Markdown file.
type Page struct {
	// Path is relative to the root of the repository, with slashes.
	Path string
	// Links are the destinations of links and images, as written.
	Links []string
	// Anchors are those of the headings, as GitHub makes them.
	Anchors map[string]bool
	// Blocks are the code blocks in their order, Spans the code within sentences.
	Blocks []Block
	Spans  []string
}

// Block is a code block.
type Block struct {
	// Language is the word behind the fence; empty where there is none.
	Language string
	Text     string
}

// skipped are the folders of what make writes and of others' code.
var skipped = map[string]bool{".git": true, "bin": true, "out": true, "node_modules": true}

// Pages reads every Markdown file below root.
func Pages(root string) ([]Page, error) {
	var pages []Page
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && skipped[d.Name()]:
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".md":
			return nil
		}
		p, err := Read(root, path)
		pages = append(pages, p)
		return err
	})
	return pages, err
}

// Read reads one page below root.
func Read(root, path string) (Page, error) {
	source, err := os.ReadFile(path) //nolint:gosec // a page of the repository
	if err != nil {
		return Page{}, err
	}
	name, err := filepath.Rel(root, path)
	if err != nil {
		return Page{}, err
	}
	return parse(filepath.ToSlash(name), source), nil
}

func parse(path string, source []byte) Page {
	p := Page{Path: path, Anchors: map[string]bool{}}
	tree := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(gmtext.NewReader(source))
	// The walker below returns no error, so that Walk has none either.
	_ = ast.Walk(tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			p.add(n, source)
		}
		return ast.WalkContinue, nil
	})
	return p
}

func (p *Page) add(n ast.Node, source []byte) {
	switch n := n.(type) {
	case *ast.Heading:
		p.addAnchor(plain(n, source))
	case *ast.Link:
		p.Links = append(p.Links, string(n.Destination))
	case *ast.Image:
		p.Links = append(p.Links, string(n.Destination))
	case *ast.CodeBlock:
		p.Blocks = append(p.Blocks, Block{Text: lines(n, source)})
	case *ast.FencedCodeBlock:
		p.Blocks = append(p.Blocks, Block{Language: string(n.Language(source)), Text: lines(n, source)})
	case *ast.CodeSpan:
		p.Spans = append(p.Spans, plain(n, source))
	}
}

// addAnchor adds what GitHub makes of a heading: lower case, no punctuation, "-"
// for a space, and a number behind the second of a name.
func (p *Page) addAnchor(heading string) {
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r):
			b.WriteRune(r)
		}
	}
	anchor := b.String()
	for i := 1; p.Anchors[anchor]; i++ {
		anchor = fmt.Sprintf("%s-%d", b.String(), i)
	}
	p.Anchors[anchor] = true
}

// plain is the text of a node without its markup.
func plain(n ast.Node, source []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(source))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
			continue
		}
		b.WriteString(plain(c, source))
	}
	return b.String()
}

func lines(n ast.Node, source []byte) string {
	var b bytes.Buffer
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		b.Write(line.Value(source))
	}
	return b.String()
}
