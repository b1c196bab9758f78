package v1alpha1

import "reflect"

// Default fills what the pool leaves out, as the API server does from the CRD;
// a null and a {} in place of settings count as left out for both. They differ
// where a pool writes emptiness: Go cannot tell an empty string from a missing
// one, so Default fills it where the API server refuses it. Both
// refuse an empty spec, scaleTargetRef, load, name or query, but with sentences
// of their own.
//
// After it no pointer of the spec is nil but capacities per replica, unless
// Validate refuses the pool: what is required stays empty, so that Validate can
// ask for it.
func (p *ShadowPool) Default() {
	s := &p.Spec
	if reflect.ValueOf(*s).IsZero() {
		return
	}
	s.ScaleTargetRef.setDefaults()
	s.Load.setDefaults()
	setDefault(&s.Mode, ModeObserve)
	setDefaultPtr(&s.Replicas, 0)
	setDefaultPtr(&s.ShadowPercentage, 20)
	setDefaultPtr(&s.MinShadows, 0)
	setDefaultPtr(&s.MaxShadows, 10)
	s.Profile.setDefaults()
	setDefault(&s.History.Window, "28d")
	setDefault(&s.History.Step, "1m")
	for i := range s.Calendar.Days {
		setDefault(&s.Calendar.Days[i].Class, DayHoliday)
	}
	setDefault(&s.Algorithm.Type, Auto)
	s.Prediction.setDefaults()
	setDefaultPtr(&s.Idle.CPUPercent, 100)
	setDefault(&s.WarmUp.MinReady, "10s")
	setDefault(&s.WarmUp.Timeout, "5m")
	setDefault(&s.Activation.Policy, ActivationPolicyAll)
	setDefault(&s.Activation.Mode, ActivationModeAdopt)
	setDefault(&s.ScaleIn.Policy, ScaleInTerminate)
	setDefault(&s.ScaleIn.Drain, "30s")
}

func (r *ScaleTargetRef) setDefaults() {
	if *r == (ScaleTargetRef{}) {
		return
	}
	setDefault(&r.APIVersion, "apps/v1")
	setDefault(&r.Kind, "Deployment")
}

func (l *Load) setDefaults() {
	if reflect.ValueOf(*l).IsZero() {
		return
	}
	setDefault(&l.Source, DefaultSource)
	setDefaultPtr(&l.HeadroomPercent, 10)
}

func (p *Prediction) setDefaults() {
	setDefault(&p.Quantile, "0.9")
	setDefault(&p.ShadowQuantile, "0.99")
	setDefault(&p.ColdStartLead, Auto)
	setDefault(&p.ActivationLead, "60s")
	setDefault(&p.MaxAge, "15m")
	setDefault(&p.Cap, "1.5")
}

func setDefault[T ~string](field *T, value T) {
	if *field == "" {
		*field = value
	}
}

func setDefaultPtr(field **int32, value int32) {
	if *field == nil {
		*field = new(value)
	}
}
