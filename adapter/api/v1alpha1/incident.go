package v1alpha1

import (
	"fmt"
	"time"
)

// Incident is a span whose load says nothing of other days: an outage, a test,
// an attack.
//
// +kubebuilder:validation:XValidation:rule="has(self.from) && has(self.to)",fieldPath=".to",message="write both from and to, the first and the last instant"
// +kubebuilder:validation:XValidation:rule="!has(self.from) || !has(self.to) || self.from <= self.to",fieldPath=".to",message="write the last instant: from, or a later one"
type Incident struct {
	// The first instant in UTC, such as 2026-11-02T14:05:00Z. Required.
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$') && !self.matches('-(02-30|(02|04|06|09|11)-31)T') && (!self.matches('-02-29T') || [int(self.substring(0, 4))].all(y, y % 4 == 0 && (y % 100 != 0 || y % 400 == 0)))",message="write an instant that there is, in UTC: 2026-11-02T14:05:00Z"
	// +optional
	From Instant `json:"from,omitempty"`

	// The last instant in UTC. Required.
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$') && !self.matches('-(02-30|(02|04|06|09|11)-31)T') && (!self.matches('-02-29T') || [int(self.substring(0, 4))].all(y, y % 4 == 0 && (y % 100 != 0 || y % 400 == 0)))",message="write an instant that there is, in UTC: 2026-11-02T14:05:00Z"
	// +optional
	To Instant `json:"to,omitempty"`
}

// Instant is a second in UTC: 2026-11-02T14:05:00Z. Two compare as their text
// does.
type Instant string

const instantWanted = "write an instant that there is, in UTC: 2026-11-02T14:05:00Z"

// Parse returns the instant.
func (i Instant) Parse() (time.Time, error) {
	t, err := time.Parse("2006-01-02T15:04:05Z", string(i))
	if err != nil || InstantOf(t) != i {
		return time.Time{}, fmt.Errorf("instant %q: %s", string(i), instantWanted)
	}
	return t, nil
}

// InstantOf is the second of a time.
func InstantOf(t time.Time) Instant { return Instant(t.UTC().Format("2006-01-02T15:04:05Z")) }
