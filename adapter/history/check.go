package history

import (
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"
)

// exampleQuery is what messages tell people to write.
const exampleQuery = "sum(rate(http_requests_total[2m]))"

// maxQuery bounds the text before it is parsed.
const maxQuery = 16 << 10

// ParserOptions are those of every parser and engine of ours: what an up to
// date Prometheus may be configured to read.
func ParserOptions() parser.Options {
	return parser.Options{EnableExperimentalFunctions: true, EnableBinopFillModifiers: true}
}

// CheckQuery reports an expression that cannot be a pool's load, before it is
// ever asked: one that does not parse, or gives anything but a vector.
func CheckQuery(expr string) error {
	_, err := parseQuery(expr)
	return err
}

func parseQuery(expr string) (parser.Expr, error) {
	switch {
	case expr == "":
		return nil, errors.New("is empty: write an expression that returns one series, such as " + exampleQuery)
	case len(expr) > maxQuery:
		return nil, fmt.Errorf("is %d bytes long: write at most %d, with a recording rule for the rest", len(expr), maxQuery)
	}
	parsed, err := parser.NewParser(ParserOptions()).ParseExpr(expr)
	if err != nil {
		return nil, fmt.Errorf("does not parse: %w: write an expression such as %s", err, exampleQuery)
	}
	var what string
	switch parsed.Type() {
	case parser.ValueTypeVector:
		return parsed, nil
	case parser.ValueTypeScalar:
		what = "a scalar"
	case parser.ValueTypeMatrix:
		what = "a range vector"
	case parser.ValueTypeString:
		what = "a string"
	default:
		what = string(parsed.Type())
	}
	return nil, fmt.Errorf("returns %s: write an expression that returns an instant vector, such as %s", what, exampleQuery)
}
