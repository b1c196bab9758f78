package v1alpha1

import (
	"slices"
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// refusals gathers what is wrong with a pool. Its words and values are those
// that the API server uses for the same rule.
type refusals struct {
	list field.ErrorList
}

func (r *refusals) add(err *field.Error) { r.list = append(r.list, err) }

func (r *refusals) require(path *field.Path, wanted string) { r.add(field.Required(path, wanted)) }

func (r *refusals) unless(ok bool, path *field.Path, value any, wanted string) {
	if !ok {
		r.add(field.Invalid(path, value, wanted))
	}
}

// unlessStruct is for rules over several fields: the API server names one of
// them and leaves its value out.
func (r *refusals) unlessStruct(ok bool, path *field.Path, wanted string) {
	r.unless(ok, path, field.OmitValueType{}, wanted)
}

func (r *refusals) oneOf(path *field.Path, value string, supported ...string) {
	if !slices.Contains(supported, value) {
		r.add(field.NotSupported(path, value, supported))
	}
}

// atMost says whether the value is short enough: where it is not, the API
// server asks no further rule of the field.
func (r *refusals) atMost(path *field.Path, value string, length int) bool {
	if utf8.RuneCountInString(value) <= length {
		return true
	}
	r.add(field.TooLong(path, value, length))
	return false
}

func (r *refusals) duration(path *field.Path, d Duration, ok func(time.Duration) bool, wanted string) {
	v, err := d.Parse()
	r.unless(!r.atMost(path, string(d), 32) || err == nil && ok(v), path, string(d), wanted)
}

func (r *refusals) decimal(path *field.Path, d Decimal, ok func(float64) bool, wanted string) {
	v, err := d.Parse()
	r.unless(!r.atMost(path, string(d), 32) || err == nil && ok(v), path, string(d), wanted)
}
