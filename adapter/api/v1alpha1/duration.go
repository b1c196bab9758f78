package v1alpha1

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// Duration is a length of time as Prometheus users write it: whole weeks,
// days, hours, minutes and seconds, such as 28d, 90s or 1h30m.
//
// It is no metav1.Duration: that cannot read 28d, and one such value would
// break the list of a whole informer.
//
// +kubebuilder:validation:MaxLength=32
type Duration string

// durationPattern is the pattern that the rules of the CRD hold. Its numbers
// of digits keep any sum within a time.Duration.
var durationPattern = regexp.MustCompile(`^([0-9]{1,3}w)?([0-9]{1,4}d)?([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$`)

// Parse reads the duration. Its error says what to write.
func (d Duration) Parse() (time.Duration, error) {
	if d == "" || !durationPattern.MatchString(string(d)) {
		return 0, fmt.Errorf("duration %q: write weeks, days, hours, minutes and seconds in this order, such as 28d, 90s or 1h30m", string(d))
	}
	parsed, err := model.ParseDuration(string(d))
	if err != nil {
		return 0, fmt.Errorf("parse duration %q: %w", string(d), err)
	}
	return time.Duration(parsed), nil
}

// DurationOf writes a length of time as a Duration, cut to whole seconds; one
// below zero is written as none.
func DurationOf(d time.Duration) Duration {
	rest := max(d, 0).Truncate(time.Second)
	var out strings.Builder
	for _, unit := range []struct {
		length time.Duration
		letter string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if n := rest / unit.length; n > 0 {
			out.WriteString(strconv.FormatInt(int64(n), 10) + unit.letter)
			rest %= unit.length
		}
	}
	if out.Len() == 0 {
		return "0s"
	}
	return Duration(out.String())
}
