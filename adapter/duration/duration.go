// Package duration reads and writes durations as Prometheus does (30d, 90s,
// 1h30m), alone and as the values of flags.
package duration

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/pflag"
)

// Parse reads a duration.
func Parse(s string) (time.Duration, error) {
	d, err := model.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("%q: write a duration such as 28d, 24h or 90s", s)
	}
	return time.Duration(d), nil
}

// Format writes a duration as Parse reads it, whole days not in weeks.
func Format(d time.Duration) string {
	const day = 24 * time.Hour
	if d > 0 && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	return model.Duration(d).String()
}

// value is the value of a flag.
type value time.Duration

var _ pflag.Value = (*value)(nil)

// Set reads s.
func (v *value) Set(s string) error {
	parsed, err := Parse(s)
	*v = value(parsed)
	return err
}

// String writes the value as Set reads it.
func (v *value) String() string { return Format(time.Duration(*v)) }

// Type names the value in the help.
func (v *value) Type() string { return "duration" }

// Var adds a flag that keeps its value in p.
func Var(fs *pflag.FlagSet, p *time.Duration, name string, d time.Duration, usage string) {
	*p = d
	fs.Var((*value)(p), name, usage)
}
