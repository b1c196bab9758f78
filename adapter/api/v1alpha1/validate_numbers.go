package v1alpha1

import (
	"regexp"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

const day = 24 * time.Hour

func (h *History) validate(r *refusals, path *field.Path) {
	r.duration(path.Child("window"), h.Window, within(time.Hour, 90*day), "write a duration from 1h to 90d, such as 28d")
	r.duration(path.Child("step"), h.Step, properStep, "write a duration from 15s to 1h that divides a day, such as 1m")
}

func properStep(d time.Duration) bool { return within(15*time.Second, time.Hour)(d) && day%d == 0 }

func properMaxAge(d time.Duration) bool { return within(2*time.Minute, day)(d) }

// validateAge holds maxAge against the step. Where one of them is refused
// itself, it is silent.
func (s *ShadowPoolSpec) validateAge(r *refusals, path *field.Path) {
	step, err := s.History.Step.Parse()
	age, err2 := s.Prediction.MaxAge.Parse()
	proper := err == nil && err2 == nil && properStep(step) && properMaxAge(age)
	r.unlessStruct(!proper || age >= 3*step, path.Child("prediction", "maxAge"),
		"write at least three times history.step: two steps may pass before the next value is there")
}

// The values that parameters of models have, whichever model takes them.
var (
	daysPattern     = regexp.MustCompile(`^([1-9]|1[0-9]|2[0-8])$`)
	powerPattern    = regexp.MustCompile(`^([1-9]|1[0-9]|20)$`)
	halfLifePattern = regexp.MustCompile(`^([4-9]|[1-9][0-9]|1[01][0-9]|12[0-8])$`)
)

func (a *Algorithm) validateParameters(r *refusals, path *field.Path) {
	fits := func(name string, pattern *regexp.Regexp) bool {
		v, given := a.Parameters[name]
		return !given || pattern.MatchString(v)
	}
	r.unlessStruct(fits("historyDays", daysPattern) && fits("days", daysPattern), path, "write historyDays and days as whole numbers from 1 to 28")
	r.unlessStruct(fits("weightsPower", powerPattern), path, "write weightsPower as a whole number from 1 to 20")
	r.unlessStruct(fits("levelHalfLife", halfLifePattern) && fits("deviationHalfLife", halfLifePattern), path, "write levelHalfLife and deviationHalfLife as whole numbers from 4 to 128")
}

func (a *Algorithm) validate(r *refusals, path *field.Path) {
	name := path.Child("type")
	r.unless(!r.atMost(name, a.Type, 63) || modelPattern.MatchString(a.Type), name, a.Type, "write Auto, or the name of a model in CamelCase")
	if len(a.Parameters) > 16 {
		r.add(field.TooMany(path.Child("parameters"), len(a.Parameters), 16))
	}
	a.validateParameters(r, path.Child("parameters"))
}

func (p *Prediction) validate(r *refusals, path *field.Path) {
	probability := func(v float64) bool { return v > 0 && v < 1 }
	shadow := path.Child("shadowQuantile")
	r.decimal(path.Child("quantile"), p.Quantile, probability, `write a probability between 0 and 1, such as "0.95"`)
	r.decimal(shadow, p.ShadowQuantile, probability, `write a probability between 0 and 1, such as "0.99"`)
	low, err := p.Quantile.Parse()
	high, err2 := p.ShadowQuantile.Parse()
	proper := err == nil && err2 == nil && probability(low) && probability(high)
	r.unlessStruct(!proper || high >= low, shadow,
		"write at least prediction.quantile: shadows stand by for what the live replicas do not cover")

	if p.ColdStartLead != Auto {
		r.duration(path.Child("coldStartLead"), p.ColdStartLead, within(time.Second, 6*time.Hour), "write Auto, or a duration from 1s to 6h, such as 3m")
	}
	r.duration(path.Child("activationLead"), p.ActivationLead, within(time.Second, time.Hour), "write a duration from 1s to 1h, such as 60s")
	r.duration(path.Child("maxAge"), p.MaxAge, properMaxAge, "write a duration from 2m to 1d, such as 15m")
	r.decimal(path.Child("cap"), p.Cap, func(v float64) bool { return v >= 1 }, `write a factor of at least 1, such as "1.5"`)
}

func (s *ShadowPoolSpec) validateShadows(r *refusals, path *field.Path) {
	percentage, least, most, cpu := *s.ShadowPercentage, *s.MinShadows, *s.MaxShadows, *s.Idle.CPUPercent
	r.unless(percentage >= 0 && percentage <= 100, path.Child("shadowPercentage"), percentage, "write a percentage from 0 to 100, such as 20")
	r.unless(least >= 0, path.Child("minShadows"), least, "write 0 or more")
	r.unless(most >= 0, path.Child("maxShadows"), most, "write 0 or more")
	r.unlessStruct(most < 0 || least <= most, path.Child("minShadows"), "write at most maxShadows, or raise maxShadows")
	r.unless(cpu >= 1 && cpu <= 100, path.Child("idle", "cpuPercent"), cpu, "write a percentage from 1 to 100, such as 25")

	warm := path.Child("warmUp")
	r.duration(warm.Child("minReady"), s.WarmUp.MinReady, within(time.Second, time.Minute), "write a duration from 1s to 1m, such as 10s")
	r.duration(warm.Child("timeout"), s.WarmUp.Timeout, within(time.Minute, time.Hour), "write a duration from 1m to 1h, such as 5m")

	s.WarmUp.validateSidecar(r, warm)
	s.WarmUp.validateBoost(r, warm.Child("cpuBoost", "limitPercent"))

	act, in := path.Child("activation"), path.Child("scaleIn")
	r.oneOf(act.Child("policy"), string(s.Activation.Policy), string(ActivationPolicyAll), string(ActivationPolicyProportional))
	r.oneOf(act.Child("mode"), string(s.Activation.Mode), string(ActivationModeAdopt), string(ActivationModeBridge))
	r.oneOf(in.Child("policy"), string(s.ScaleIn.Policy), string(ScaleInTerminate), string(ScaleInRecycle))
	r.unlessStruct(s.ScaleIn.Policy != ScaleInRecycle || *s.Replicas > 0 || s.Activation.Mode == ActivationModeBridge, in.Child("policy"),
		"Recycle needs replicas above 0 (an HPA that targets this pool's scale) or activation.mode Bridge: write one of them, or Terminate")
	r.duration(in.Child("drain"), s.ScaleIn.Drain, within(time.Second, time.Hour), "write a duration from 1s to 1h, such as 30s")
}

func (w *WarmUp) validateSidecar(r *refusals, path *field.Path) {
	port, list := path.Child("appPort"), path.Child("requestsFrom")
	r.unlessStruct(w.RequestsFrom == "" || w.AppPort != nil, list, "write appPort too: it says where the requests go")
	if w.AppPort != nil {
		r.unless(*w.AppPort >= 1 && *w.AppPort <= 65535, port, *w.AppPort, "write a port from 1 to 65535, such as 8080")
		r.unless(*w.AppPort != 9797 && *w.AppPort != 9798, port, *w.AppPort, "write another port: the sidecar listens on 9797 and 9798")
	}
	r.unless(w.RequestsFrom == "" || !r.atMost(list, w.RequestsFrom, 253) || workloadNamePattern.MatchString(w.RequestsFrom), list, w.RequestsFrom,
		"write the name of a ConfigMap: lower-case letters, digits, '-' and '.'")
}

func (w *WarmUp) validateBoost(r *refusals, path *field.Path) {
	if percent := w.CPUBoost.LimitPercent; percent != nil {
		r.unless(*percent >= 100 && *percent <= 1000, path, *percent, "write a percentage from 100 to 1000, such as 400")
	}
}

func within(least, most time.Duration) func(time.Duration) bool {
	return func(d time.Duration) bool { return d >= least && d <= most }
}
