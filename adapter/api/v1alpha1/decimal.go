package v1alpha1

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
)

// Decimal is a plain number as a string, such as "0.95" or "120": the API has
// no floating-point numbers, because clients do not agree on how to write them.
//
// +kubebuilder:validation:MaxLength=32
type Decimal string

// decimalPattern is the pattern that the rules of the CRD hold.
var decimalPattern = regexp.MustCompile(`^[0-9]{1,15}([.][0-9]{1,9})?$`)

// Parse reads the number. Its error says what to write.
func (d Decimal) Parse() (float64, error) {
	if !decimalPattern.MatchString(string(d)) {
		return 0, fmt.Errorf("number %q: write digits with at most one point, such as \"0.95\"", string(d))
	}
	v, err := strconv.ParseFloat(string(d), 64)
	if err != nil {
		return 0, fmt.Errorf("parse number %q: %w", string(d), err)
	}
	return v, nil
}

// DecimalOf writes a number of the adapter's as a Decimal with the digits that
// a person reads: 6 significant ones. What is not finite is left out.
func DecimalOf(v float64) Decimal {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
	if err != nil {
		return ""
	}
	return Decimal(strconv.FormatFloat(short, 'f', -1, 64))
}
