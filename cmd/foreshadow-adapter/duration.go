package main

import (
	"time"

	"github.com/prometheus/common/model"
	"github.com/spf13/pflag"
)

// duration is a flag's value that is written as in Prometheus: 30d, 90s, 1h30m.
type duration time.Duration

var _ pflag.Value = (*duration)(nil)

// Set reads s.
func (d *duration) Set(s string) error {
	parsed, err := model.ParseDuration(s)
	*d = duration(parsed)
	return err
}

// String writes the value as Set reads it.
func (d *duration) String() string { return model.Duration(*d).String() }

// Type names the value in the help.
func (d *duration) Type() string { return "duration" }

// durationVar adds a flag that keeps its value in p.
func durationVar(fs *pflag.FlagSet, p *time.Duration, name string, value time.Duration, usage string) {
	*p = value
	fs.Var((*duration)(p), name, usage)
}
