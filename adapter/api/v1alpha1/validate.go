package v1alpha1

import (
	"reflect"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// The patterns of names, as the rules of the CRD hold them.
var (
	poolNamePattern     = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,54}[a-z0-9])?$`)
	workloadNamePattern = regexp.MustCompile(`^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$`)
	sourcePattern       = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	modelPattern        = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)
)

const queryWanted = "write the workload's load in PromQL, such as sum(rate(http_requests_total[2m]))"

// Validate says all that is wrong with a defaulted pool, each with its field
// and what to write instead, in the words of the CRD's own rules.
func (p *ShadowPool) Validate() field.ErrorList {
	var r refusals
	meta, spec := field.NewPath("metadata"), field.NewPath("spec")
	r.unlessStruct(poolNamePattern.MatchString(p.Name), meta,
		"write a name of at most 56 lower-case letters, digits and '-', beginning with a letter: the Service <name>-shadow bears it too")
	if reflect.ValueOf(p.Spec).IsZero() {
		r.require(spec, "write at least scaleTargetRef.name and load.query")
		return r.list
	}
	p.Spec.validate(&r, spec)
	return r.list
}

// ValidatePause says what is wrong with the annotation that pauses a pool. It
// stands apart, because in a cluster a mistyped pause holds the pool rather
// than refuses it.
func (p *ShadowPool) ValidatePause() field.ErrorList {
	var r refusals
	if v, found := p.pause(); found {
		path := field.NewPath("metadata", "annotations").Key(PauseAnnotation)
		r.oneOf(path, string(v), string(PauseForecast), string(PauseShadows), string(PauseAll))
	}
	return r.list
}

func (s *ShadowPoolSpec) validate(r *refusals, path *field.Path) {
	s.ScaleTargetRef.validate(r, path.Child("scaleTargetRef"))
	s.Load.validate(r, path.Child("load"))
	s.Profile.validate(r, path.Child("profile"))
	s.History.validate(r, path.Child("history"))
	s.Calendar.validate(r, path.Child("calendar"))
	s.Algorithm.validate(r, path.Child("algorithm"))
	s.Prediction.validate(r, path.Child("prediction"))
	s.validateAge(r, path)
	s.validateShadows(r, path)

	r.oneOf(path.Child("mode"), string(s.Mode), string(ModeObserve), string(ModePredict), string(ModeActive))
	r.unless(*s.Replicas >= 0, path.Child("replicas"), *s.Replicas, "write 0, or the number of replicas")
	background := path.Child("backgroundWork")
	if s.BackgroundWork != "" {
		r.oneOf(background, string(s.BackgroundWork), string(BackgroundWorkNone), string(BackgroundWorkGated))
	} else if s.Mode == ModeActive {
		r.require(background, "mode Active needs it: write None if the app does nothing without requests, Gated if it keeps queues, cron jobs and leader election back while it is a shadow")
	}
}

func (t *ScaleTargetRef) validate(r *refusals, path *field.Path) {
	if *t == (ScaleTargetRef{}) {
		r.require(path, "write the apiVersion, kind and name of the workload")
		return
	}
	short := r.atMost(path.Child("apiVersion"), t.APIVersion, 64)
	short = r.atMost(path.Child("kind"), t.Kind, 64) && short
	supported := !short || t.APIVersion == "apps/v1" && (t.Kind == "Deployment" || t.Kind == "ReplicaSet") ||
		t.APIVersion == "argoproj.io/v1alpha1" && t.Kind == "Rollout"
	r.unlessStruct(supported, path.Child("kind"),
		"write Deployment or ReplicaSet with apiVersion apps/v1, or Rollout with apiVersion argoproj.io/v1alpha1: shadows join through a ReplicaSet")
	name := path.Child("name")
	if t.Name == "" {
		r.require(name, "write the name of the workload")
		return
	}
	r.unless(!r.atMost(name, t.Name, 253) || workloadNamePattern.MatchString(t.Name), name, t.Name, "write the name of a workload: lower-case letters, digits, '-' and '.'")
}

func (l *Load) validate(r *refusals, path *field.Path) {
	if reflect.ValueOf(*l).IsZero() {
		r.require(path, "write at least query, the workload's load in PromQL")
		return
	}
	source, query, headroom := path.Child("source"), path.Child("query"), path.Child("headroomPercent")
	r.unless(!r.atMost(source, l.Source, 63) || sourcePattern.MatchString(l.Source), source, l.Source, "write the name of a source that the operator configured, such as default")
	if l.Query == "" {
		r.require(query, queryWanted)
	} else {
		r.unless(!r.atMost(query, l.Query, 8192) || strings.TrimSpace(l.Query) != "", query, l.Query, queryWanted)
	}
	r.atMost(path.Child("replicasQuery"), l.ReplicasQuery, 8192)
	if l.CapacityPerReplica != nil {
		r.decimal(path.Child("capacityPerReplica"), *l.CapacityPerReplica, func(v float64) bool { return v > 0 },
			`write a number above 0 in the unit of the query, such as "120", or leave it out to have it learnt`)
	}
	validateDimensions(r, path.Child("dimensions"), l.Dimensions)
	r.unless(*l.HeadroomPercent >= 0 && *l.HeadroomPercent <= 90, headroom, *l.HeadroomPercent, "write a percentage from 0 to 90, such as 10")
}
