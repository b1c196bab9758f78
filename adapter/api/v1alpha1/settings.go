package v1alpha1

import (
	"errors"
	"time"
)

// Settings are the numbers of a pool, parsed.
type Settings struct {
	// CapacityPerReplica is the load that one replica carries, in the unit of
	// the query. It is to be learnt, and 0 here, unless CapacityGiven.
	CapacityPerReplica float64
	CapacityGiven      bool
	// Headroom is the share of the capacity that is kept free, 0 to 0.9.
	Headroom float64

	Window, Step time.Duration

	Quantile, ShadowQuantile float64
	// Cap bounds the forecast to so many times the highest need seen.
	Cap float64
	// ColdStartLead is to be measured, and 0 here, if ColdStartAuto.
	ColdStartLead  time.Duration
	ColdStartAuto  bool
	ActivationLead time.Duration
	MaxAge         time.Duration
}

// Settings parses the numbers of a spec that has its defaults and passed
// Validate; of any other it says what cannot be read.
func (s *ShadowPoolSpec) Settings() (Settings, error) {
	if s.Load.HeadroomPercent == nil {
		return Settings{}, errors.New("read headroomPercent: the pool has no defaults yet")
	}
	var r reading
	out := Settings{
		Headroom:       float64(*s.Load.HeadroomPercent) / 100,
		Window:         r.duration(s.History.Window),
		Step:           r.duration(s.History.Step),
		Quantile:       r.decimal(s.Prediction.Quantile),
		ShadowQuantile: r.decimal(s.Prediction.ShadowQuantile),
		Cap:            r.decimal(s.Prediction.Cap),
		ColdStartAuto:  s.Prediction.ColdStartLead == Auto,
		ActivationLead: r.duration(s.Prediction.ActivationLead),
		MaxAge:         r.duration(s.Prediction.MaxAge),
	}
	if given := s.Load.CapacityPerReplica; given != nil {
		out.CapacityPerReplica, out.CapacityGiven = r.decimal(*given), true
	}
	if !out.ColdStartAuto {
		out.ColdStartLead = r.duration(s.Prediction.ColdStartLead)
	}
	if r.err != nil {
		return Settings{}, r.err
	}
	return out, nil
}

// reading keeps the errors of many parses.
type reading struct{ err error }

func (r *reading) duration(d Duration) time.Duration {
	v, err := d.Parse()
	r.err = errors.Join(r.err, err)
	return v
}

func (r *reading) decimal(d Decimal) float64 {
	v, err := d.Parse()
	r.err = errors.Join(r.err, err)
	return v
}
