package refresh

import (
	"context"
	"errors"
	"hash/fnv"
	"reflect"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/profile"
	"github.com/foreshadow-dev/foreshadow/adapter/publish"
)

// maxAnomalous is how many anomalous pods a status names.
const maxAnomalous = 10

// ours returns what the queries are bound to that we write for a pool's pods:
// series of shadows are left out wherever there may be some.
func (b Binding) ours(p *v1alpha1.ShadowPool) Confine {
	if b.Live == nil || !hadShadows(p) {
		return b.Ours
	}
	return b.load(p)
}

// profileConfig says how the pods of a pool are looked at.
func profileConfig(p *v1alpha1.ShadowPool, bind Binding, window time.Duration) (profile.Config, field.ErrorList) {
	var errs field.ErrorList
	given := p.Spec.Profile.Queries.ByName()
	confined := func(q profile.Query) profile.Query {
		confine := bind.ours(p)
		if q.Given {
			confine = bind.load(p)
		}
		expr, err := confine(q.Expr, p.Namespace)
		if err != nil {
			errs = append(errs, field.Invalid(field.NewPath("spec", "profile", "queries", string(q.Dimension)), given[string(q.Dimension)], err.Error()))
		}
		q.Expr = expr
		return q
	}
	c := profile.Config{History: window, Delay: profileDelay(p)}
	c.Window, _ = p.Spec.Profile.Window.Parse() // Validate has read both
	c.MinAge, _ = p.Spec.Profile.MinAge.Parse()
	queries := profile.Queries(p.Spec.ScaleTargetRef.Kind, p.Spec.ScaleTargetRef.Name, given)
	for _, q := range queries {
		c.Queries = append(c.Queries, confined(q))
	}
	if len(errs) > 0 {
		return c, errs
	}
	for _, q := range profile.MiddleOf(queries) {
		c.Weekly = append(c.Weekly, confined(q))
	}
	return c, errs
}

// profileDelay spreads the reads of the pools over half of the time between two
// profiles.
func profileDelay(p *v1alpha1.ShadowPool) time.Duration {
	h := fnv.New64a()
	_, _ = h.Write([]byte("profile " + p.Namespace + "/" + p.Name)) // a hash never fails
	return time.Duration(h.Sum64() % uint64(profile.Interval/2))
}

// profiler keeps the profile of one pool. It is for the pool's worker, and reads
// beside its rounds, so that no value waits for it.
type profiler struct {
	cfg    profile.Config
	reader *profile.Reader
	last   *profile.Profile
	// reading says that a read is under way; its end is told by answers.
	reading bool
	answers chan profileAnswer
}

type profileAnswer struct {
	raw profile.Raw
	err error
}

// newProfiler returns the profiler of a pool; it goes on with old, nil where
// there is none, if that looks at the same.
func newProfiler(cfg profile.Config, src history.Source, old *profiler) (*profiler, error) {
	if old != nil && reflect.DeepEqual(old.cfg, cfg) {
		return old, nil
	}
	reader, err := profile.NewReader(src, cfg)
	if err != nil {
		return nil, err
	}
	return &profiler{cfg: cfg, reader: reader, answers: make(chan profileAnswer, 1)}, nil
}

// begin reads the newest window where there is one.
func (p *profiler) begin(ctx context.Context, now time.Time) {
	if p.reading || !p.reader.Due(now) {
		return
	}
	p.reading = true
	go func() {
		raw, err := p.reader.Read(ctx, now)
		p.answers <- profileAnswer{raw, err}
	}()
}

// stop waits until nothing reads any more; the context must have ended.
func (p *profiler) stop() {
	if p.reading {
		<-p.answers
		p.reading = false
	}
}

// take makes a profile of an answer. said is what the pool's status says: it
// counts where it is as new as what is known here, so that all replicas go on
// from the same source.
func (p *profiler) take(a profileAnswer, said profile.Before) error {
	p.reading = false
	if a.err != nil {
		return a.err
	}
	before := said
	if p.last != nil && p.last.At.After(said.At) {
		before = profile.Before{At: p.last.At, Source: p.last.Source, Missing: p.last.Missing}
	}
	next := profile.Build(a.raw, p.cfg, before)
	p.last = &next
	return nil
}

// profiled takes in what was read for a profile and publishes it.
func (m *Manager) profiled(w *worker, a profileAnswer, logger log.Logger) {
	m.mu.Lock()
	said := w.said
	m.mu.Unlock()
	before := w.profiler.last
	if err := w.profiler.take(a, said); err != nil {
		if !errors.Is(err, context.Canceled) {
			m.metrics.profiles.WithLabelValues(resultError).Inc()
			level.Warn(logger).Log("msg", "pods cannot be profiled", "err", err)
		}
		return
	}
	m.metrics.profiles.WithLabelValues(resultSuccess).Inc()
	if now := w.profiler.last; before == nil || before.Source.Pod != now.Source.Pod {
		at := level.Info
		if now.Source.Pod == "" && before == nil {
			at = level.Debug // nobody may scrape pods here; status.profile says it too
		}
		at(logger).Log("msg", "source pod", "pod", now.Source.Pod, "reason", now.Source.Reason)
	}
	if w.last != nil {
		m.tellReport(w)
	}
}

// tellReport publishes the last report with the last profile.
func (m *Manager) tellReport(w *worker) {
	p, status := w.last.Published(), w.last.Status()
	if w.profiler != nil && w.profiler.last != nil {
		p.Profile = publishedProfile(*w.profiler.last)
		status.Profile = profileStatus(*w.profiler.last)
	}
	m.tell(w, p, status)
}

// publishedProfile returns what others may read of a profile.
func publishedProfile(p profile.Profile) *publish.Profile {
	out := &publish.Profile{
		At: p.At, Pods: len(p.Pods), Anomalous: len(p.Anomalous()), Source: p.Source.Pod, Changes: p.Source.Changes,
	}
	for _, m := range p.Missing {
		out.Missing = append(out.Missing, string(m.Dimension))
	}
	return out
}

// profileStatus returns what a status says of a profile.
func profileStatus(p profile.Profile) *v1alpha1.ProfileStatus {
	anomalous := p.Anomalous()
	s := &v1alpha1.ProfileStatus{
		ComputedAt: metav1.NewTime(p.At), Pods: int32(len(p.Pods)), Compared: int32(p.Compared),
		Note: p.Source.Reason, Changes: p.Source.Changes, AnomalousCount: int32(len(anomalous)),
	}
	var source *profile.Pod
	if p.Source.Pod != "" {
		source = p.Pod(p.Source.Pod)
		s.Source = &v1alpha1.SourcePod{Pod: p.Source.Pod, Since: timeOf(p.Source.Since), Distance: v1alpha1.DecimalOf(p.Source.Distance)}
	}
	for _, pod := range anomalous[:min(len(anomalous), maxAnomalous)] {
		s.Anomalous = append(s.Anomalous, v1alpha1.AnomalousPod{Pod: pod.Name, Reason: p.Says(pod)})
	}
	for _, d := range profile.Dimensions() {
		middle, ok := p.Middle[d]
		if !ok {
			continue
		}
		one := v1alpha1.ProfileDimension{Name: string(d), Median: v1alpha1.DecimalOf(middle.Median), Deviation: v1alpha1.DecimalOf(middle.MAD)}
		if source != nil {
			if own, ok := source.Stats[d]; ok {
				one.Source = v1alpha1.DecimalOf(own.Median)
			}
		}
		if usual, ok := p.Usual[d]; ok {
			one.Usual = v1alpha1.DecimalOf(usual.Median)
		}
		s.Dimensions = append(s.Dimensions, one)
	}
	for _, m := range p.Missing {
		s.Missing = append(s.Missing, v1alpha1.MissingMetric{Name: string(m.Dimension), Since: timeOf(m.Since), Reason: m.Reason})
	}
	return s
}

func timeOf(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	out := metav1.NewTime(t)
	return &out
}

// profileSaid reads what a pool's status says of the last profile.
func profileSaid(p *v1alpha1.ShadowPool) profile.Before {
	s := p.Status.Profile
	if s == nil {
		return profile.Before{}
	}
	b := profile.Before{At: s.ComputedAt.UTC(), Source: profile.Choice{Changes: s.Changes, Reason: s.Note}}
	if s.Source != nil {
		b.Source.Pod = s.Source.Pod
		b.Source.Distance, _ = s.Source.Distance.Parse()
		if s.Source.Since != nil {
			b.Source.Since = s.Source.Since.UTC()
		}
	}
	for _, m := range s.Missing {
		one := profile.Missing{Dimension: profile.Dimension(m.Name), Reason: m.Reason}
		if m.Since != nil {
			one.Since = m.Since.UTC()
		}
		b.Missing = append(b.Missing, one)
	}
	return b
}
