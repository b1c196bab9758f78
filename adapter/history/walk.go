package history

import (
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"
)

// eachSelector calls visit for every vector selector under n, wherever the
// grammar allows one. A node that it does not know is an error: what it cannot
// look into it cannot confine. (Visitors written for one version of the
// grammar have missed aggregation parameters.)
func eachSelector(n parser.Node, visit func(*parser.VectorSelector) error) error {
	switch n := n.(type) {
	case *parser.VectorSelector:
		if err := onlyNumbers(n.OriginalOffsetExpr); err != nil {
			return err
		}
		return visit(n)
	case *parser.MatrixSelector:
		if err := onlyNumbers(n.RangeExpr); err != nil {
			return err
		}
		return eachSelector(n.VectorSelector, visit)
	case *parser.SubqueryExpr:
		if err := onlyNumbers(n.RangeExpr, n.StepExpr, n.OriginalOffsetExpr); err != nil {
			return err
		}
		return eachSelector(n.Expr, visit)
	case *parser.AggregateExpr:
		if n.Param == nil {
			return eachSelector(n.Expr, visit)
		}
		return eachOf(visit, n.Param, n.Expr)
	case *parser.BinaryExpr:
		return eachOf(visit, n.LHS, n.RHS)
	case *parser.Call:
		if n.Func.Name == "info" {
			return errors.New("uses info(), which reads series that no namespace can be written into: join with group_left instead")
		}
		return eachOf(visit, n.Args...)
	case *parser.ParenExpr:
		return eachSelector(n.Expr, visit)
	case *parser.UnaryExpr:
		return eachSelector(n.Expr, visit)
	case *parser.StepInvariantExpr:
		return eachSelector(n.Expr, visit)
	case *parser.NumberLiteral, *parser.StringLiteral:
		return nil
	default:
		return fmt.Errorf("has a part of a kind that cannot be confined to a namespace (%T): write it without", n)
	}
}

func eachOf(visit func(*parser.VectorSelector) error, nodes ...parser.Expr) error {
	for _, n := range nodes {
		if err := eachSelector(n, visit); err != nil {
			return err
		}
	}
	return nil
}

// onlyNumbers holds that durations, which may be written as expressions, select
// nothing.
func onlyNumbers(durations ...*parser.DurationExpr) error {
	for _, d := range durations {
		if d == nil {
			continue
		}
		for _, side := range []parser.Expr{d.LHS, d.RHS} {
			switch side := side.(type) {
			case nil, *parser.NumberLiteral:
			case *parser.DurationExpr:
				if err := onlyNumbers(side); err != nil {
					return err
				}
			default:
				return fmt.Errorf("has a duration of a kind that cannot be confined to a namespace (%T): write a plain one such as 5m", side)
			}
		}
	}
	return nil
}
