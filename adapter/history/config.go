package history

import (
	"fmt"
	"time"

	"github.com/prometheus/common/config"
)

// LeastTimeout is the shortest deadline that a query may have.
const LeastTimeout = time.Second

// Limits bound what one query may cost. Zero fields take the defaults.
type Limits struct {
	Timeout    time.Duration // for a chunk of a range with its retries, and for the wait for a slot; 30s
	MaxSeries  int           // label sets in one answer; 20
	MaxPoints  int           // steps of one range; 500,000
	Concurrent int           // requests or evaluations at a time; 8
}

// WithDefaults fills the zero fields.
func (l Limits) WithDefaults() Limits {
	if l.Timeout == 0 {
		l.Timeout = 30 * time.Second
	}
	if l.MaxSeries == 0 {
		l.MaxSeries = 20
	}
	if l.MaxPoints == 0 {
		l.MaxPoints = 500_000
	}
	if l.Concurrent == 0 {
		l.Concurrent = 8
	}
	return l
}

// Validate reports limits under which no query could be answered.
func (l Limits) Validate() error {
	switch {
	case l.Timeout < LeastTimeout:
		return fmt.Errorf("query timeout %v: write at least 1s", l.Timeout)
	case l.MaxSeries < 1 || l.MaxPoints < 1 || l.Concurrent < 1:
		return fmt.Errorf("query limits of %d series, %d points, %d at a time: write at least 1 of each", l.MaxSeries, l.MaxPoints, l.Concurrent)
	}
	return nil
}

// Series returns how many label sets the answer to a range may have.
func (l Limits) Series(r Range) int {
	if r.MaxSeries > 0 {
		return r.MaxSeries
	}
	return l.MaxSeries
}

// CheckRange refuses a range beyond MaxPoints.
func (l Limits) CheckRange(r Range) error {
	if n := r.Points(); n > l.MaxPoints {
		return fmt.Errorf("%w: %d steps of %v, at most %d: write a shorter history.window or a longer history.step", ErrTooLarge, n, r.Step, l.MaxPoints)
	}
	return nil
}

// RemoteConfig says which Prometheus to ask and how. Zero limits take the
// defaults.
type RemoteConfig struct {
	URL         string
	HTTP        *config.HTTPClientConfig // see LoadHTTPConfig; nil: no credentials
	Limits      Limits
	MaxBytes    int64 // of one HTTP answer; 4 MiB
	MaxAttempts int   // HTTP requests for one chunk that fails with 429 or 5xx; 4
	// URLField and HTTPField are what messages call URL and HTTP; the flags of
	// the default source.
	URLField, HTTPField string
}

func (c RemoteConfig) withDefaults() RemoteConfig {
	c.Limits = c.Limits.WithDefaults()
	if c.HTTP == nil {
		h := config.DefaultHTTPClientConfig
		c.HTTP = &h
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 4 << 20
	}
	if c.MaxAttempts == 0 {
		c.MaxAttempts = 4
	}
	if c.URLField == "" {
		c.URLField = urlFlag
	}
	if c.HTTPField == "" {
		c.HTTPField = configFlag
	}
	return c
}

func (c RemoteConfig) validate() error {
	if err := c.Limits.Validate(); err != nil {
		return err
	}
	if c.MaxBytes < 1024 || c.MaxAttempts < 1 {
		return fmt.Errorf("query limits of %d bytes, %d attempts: write at least 1024 bytes and 1 attempt", c.MaxBytes, c.MaxAttempts)
	}
	return nil
}
