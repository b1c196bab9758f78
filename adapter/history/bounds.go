package history

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// What one confined expression may reach and cost: a pool's author shares the
// server with everyone else.
const (
	maxRange         = 7 * 24 * time.Hour
	maxOffset        = 90 * 24 * time.Hour
	maxSubquerySteps = 11_000
	// defaultStep is what a subquery without a step is counted as.
	defaultStep = time.Minute
)

// checkBounds refuses ranges and offsets beyond the bounds, wherever they stand.
func checkBounds(expr parser.Expr) error { return boundsOf(expr, 1) }

// boundsOf looks at a node that is evaluated steps times for each step of the
// query: subqueries in each other multiply.
func boundsOf(n parser.Node, steps int64) error {
	switch n := n.(type) {
	case *parser.VectorSelector:
		return checkOffset(n.OriginalOffset, n.OriginalOffsetExpr)
	case *parser.MatrixSelector:
		if err := checkSpan(n.Range, n.RangeExpr); err != nil {
			return err
		}
	case *parser.SubqueryExpr:
		if err := checkSpan(n.Range, n.RangeExpr, n.StepExpr); err != nil {
			return err
		}
		if err := checkOffset(n.OriginalOffset, n.OriginalOffsetExpr); err != nil {
			return err
		}
		step := n.Step
		if step <= 0 {
			step = defaultStep
		}
		if steps *= max(int64(n.Range/step), 1); steps > maxSubquerySteps {
			return fmt.Errorf("has subqueries of %d steps, at most %d are evaluated: write a shorter range, a longer step, or a recording rule", steps, maxSubquerySteps)
		}
	}
	for child := range parser.ChildrenIter(n) {
		if err := boundsOf(child, steps); err != nil {
			return err
		}
	}
	return nil
}

func checkSpan(span time.Duration, computed ...*parser.DurationExpr) error {
	if err := writtenOut(computed...); err != nil {
		return err
	}
	if span > maxRange {
		return fmt.Errorf("has a range of %s, at most %s is read: write a shorter one or a recording rule", model.Duration(span), model.Duration(maxRange))
	}
	return nil
}

func checkOffset(offset time.Duration, computed *parser.DurationExpr) error {
	if err := writtenOut(computed); err != nil {
		return err
	}
	if offset > maxOffset || offset < -maxOffset {
		return fmt.Errorf("has an offset of %s, at most %s is read: write a shorter one", model.Duration(offset.Abs()), model.Duration(maxOffset))
	}
	return nil
}

// writtenOut refuses durations that only the server can compute.
func writtenOut(durations ...*parser.DurationExpr) error {
	for _, d := range durations {
		if d != nil {
			return fmt.Errorf("has a computed duration (%s): write a plain one such as 5m", d)
		}
	}
	return nil
}
