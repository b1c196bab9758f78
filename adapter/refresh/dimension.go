package refresh

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/capacity"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/profile"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// DimensionSettings are what a loop needs of one entry of spec.load.dimensions.
type DimensionSettings struct {
	Name v1alpha1.LoadDimension
	// Query gives what all pods use together, Carried what one of them may use;
	// both are confined. Carried is empty where nothing says it.
	Query, Carried string
	// Given is the capacity of a replica in the spec, 0 where it is left out;
	// Learnt is what was learnt before.
	Given, Learnt float64
}

// profiledAs names the query of a profile that a dimension is the sum of.
var profiledAs = map[v1alpha1.LoadDimension]profile.Dimension{
	v1alpha1.DimensionCPU: profile.CPU, v1alpha1.DimensionMemory: profile.Memory,
	v1alpha1.DimensionNetworkReceive: profile.NetworkReceive, v1alpha1.DimensionNetworkTransmit: profile.NetworkTransmit,
	v1alpha1.DimensionDiskRead: profile.DiskRead, v1alpha1.DimensionDiskWrite: profile.DiskWrite,
}

// dimensionSettings reads spec.load.dimensions.
func dimensionSettings(p *v1alpha1.ShadowPool, bind Binding) ([]DimensionSettings, field.ErrorList) {
	var errs field.ErrorList
	target := p.Spec.ScaleTargetRef
	queries := profile.Queries(target.Kind, target.Name, p.Spec.Profile.Queries.ByName())
	var out []DimensionSettings
	for i, d := range p.Spec.Load.Dimensions {
		s := DimensionSettings{Name: d.Name, Learnt: learntOf(p, d.Name)}
		if d.CapacityPerReplica != nil {
			s.Given, _ = d.CapacityPerReplica.Parse() // Validate has read it
		}
		bound := func(confine Confine, expr string) string {
			b, err := confine(expr, p.Namespace)
			if err != nil {
				errs = append(errs, field.Invalid(field.NewPath("spec", "load", "dimensions").Index(i), string(d.Name), err.Error()))
			}
			return b
		}
		at := slices.IndexFunc(queries, func(q profile.Query) bool { return q.Dimension == profiledAs[d.Name] })
		confine := bind.ours(p)
		if queries[at].Given {
			confine = bind.load(p)
		}
		s.Query = bound(confine, profile.Total(queries[at].Expr))
		if carried := profile.Carried(target.Kind, target.Name, profiledAs[d.Name]); carried != "" && s.Given == 0 {
			s.Carried = bound(bind.ours(p), carried)
		}
		out = append(out, s)
	}
	return out, errs
}

// learntOf returns the capacity of a dimension that the status says was learnt.
func learntOf(p *v1alpha1.ShadowPool, name v1alpha1.LoadDimension) float64 {
	if p.Status.Capacity == nil {
		return 0
	}
	for _, d := range p.Status.Capacity.Dimensions {
		if d.Name == name && d.PerReplicaFrom == v1alpha1.CapacityLearnt {
			v, _ := d.PerReplica.Parse() // a status that cannot be read taught nothing
			return v
		}
	}
	return 0
}

// dimension is a resource of one pool: its history, its forecast, and what a
// replica carries of it. It is for the pool's loop.
type dimension struct {
	settings DimensionSettings
	src      history.Source
	reader   *history.Reader
	fits     forecast.Fits
	horizon  int

	known    known
	forecast *forecast.Forecast
	// carried is what the pods' limits or requests say, read at carriedAt.
	carried   float64
	carriedAt time.Time
	learnt    float64
	rest      float64 // NaN where it is not known
	taughtAt  time.Time
	note      string // why it has no say
	// partial says that the history may be half of the use; degraded says so too,
	// and of a newest read that failed.
	partial, degraded bool
}

func newDimension(s DimensionSettings, all Settings, src history.Source, window time.Duration) (*dimension, error) {
	reader, err := history.NewReader(src, history.ReaderConfig{Expr: s.Query, Window: window, Step: all.Step})
	if err != nil {
		return nil, fmt.Errorf("read %s of spec.load.dimensions: %w", s.Name, err)
	}
	return &dimension{
		settings: s, src: src, reader: reader, fits: all.newFits(),
		learnt: s.Learnt, rest: math.NaN(), known: known{observed: math.NaN(), highest: math.NaN()},
	}, nil
}

// fetchedDimension is what one round read of a dimension.
type fetchedDimension struct {
	use history.Load
	err error
	// carried is what the pods may use, read for the hour carriedAt; a zero time
	// says that it was not read.
	carried   float64
	carriedAt time.Time
}

// fetch reads what is new, and once an hour what a pod may use.
func (d *dimension) fetch(ctx context.Context, now time.Time) fetchedDimension {
	var f fetchedDimension
	if f.use, f.err = d.reader.Read(ctx, now); f.err != nil {
		return f
	}
	hour := now.UTC().Truncate(time.Hour)
	if d.settings.Carried == "" || d.carriedAt.Equal(hour) {
		return f
	}
	res, err := d.src.QueryRange(ctx, d.settings.Carried, history.Range{Start: hour, End: hour, Step: time.Minute})
	if err != nil {
		return f // the next round asks again
	}
	f.carriedAt = hour
	if len(res.Series) == 1 && len(res.Series[0].Points) == 1 {
		f.carried = res.Series[0].Points[0].Value
	}
	return f
}

// take takes in what was read. replicas has no values where they were not read.
func (d *dimension) take(f fetchedDimension, replicas forecast.Series, all Settings) {
	if !f.carriedAt.IsZero() {
		if d.carriedAt = f.carriedAt; f.carried > 0 {
			d.carried = f.carried
		}
	}
	if d.degraded = f.err != nil || f.use.Degraded; f.err != nil {
		d.note = f.err.Error()
		return
	}
	if d.partial && !f.use.Degraded {
		d.forget() // what was fitted and learnt may be of half the use
	}
	d.partial = f.use.Degraded
	use := f.use.Series
	d.note = ""
	d.teach(use, replicas, all)
	if d.settings.Name == v1alpha1.DimensionMemory {
		if math.IsNaN(d.rest) {
			d.note = "what a replica holds at rest is not known yet: it is learnt beside the ready replicas of spec.load.replicasQuery"
			return
		}
		use = capacity.AboveRest(use, replicas, d.rest)
	}
	v, at, ok := use.Last()
	if !ok {
		return
	}
	if kept, last, _ := f.use.Series.Last(); last.Equal(at) && at.Equal(use.Origin()) {
		v = max(0, v+f.use.Newest-kept) // the series keeps values rounded
	}
	window := use.Between(at.Add(-all.Window), at)
	d.known = known{observed: v, at: at, highest: window.Max(), span: use.Span()}
	if d.forecast != nil && !at.After(d.forecast.Origin) && d.horizon == all.horizon() && slices.Equal(d.forecast.Levels, all.levels()) {
		return
	}
	fc, err := d.fits.Forecast(use.Between(use.Start, at), all.horizon(), all.levels())
	if err != nil {
		d.note = err.Error()
		return
	}
	d.forecast, d.horizon = &fc, all.horizon()
}

// forget drops what was made of the history; it is fitted and learnt from anew.
func (d *dimension) forget() {
	d.fits.Forget()
	d.forecast, d.taughtAt = nil, time.Time{}
}

// teach learns from what replicas carried, once a day of the history.
func (d *dimension) teach(use, replicas forecast.Series, all Settings) {
	origin := forecast.FitOrigin(use)
	if len(replicas.Values) == 0 || d.degraded || origin.Equal(d.taughtAt) {
		return
	}
	from := origin.Add(-all.Window)
	use, replicas = use.Between(from, origin), replicas.Between(from, origin)
	if d.settings.Name == v1alpha1.DimensionMemory {
		rest, ok := capacity.Rest(use, replicas)
		if !ok {
			return
		}
		if d.rest != rest {
			d.fits.Forget()
			d.rest, d.forecast = rest, nil
		}
		use = capacity.AboveRest(use, replicas, rest)
	}
	d.taughtAt = origin
	if per, ok := capacity.Learn(use, replicas, all.Capacity.Headroom); ok {
		d.learnt = max(d.learnt, per)
	}
}

// perReplica returns what a replica carries and where that is known from; 0 with
// the reason in note.
func (d *dimension) perReplica() (per float64, from v1alpha1.CapacitySource, note string) {
	switch {
	case d.settings.Given > 0:
		per, from = d.settings.Given, v1alpha1.CapacityGiven
	case d.carried > 0:
		per, from = d.carried, v1alpha1.CapacityTemplate
	case d.learnt > 0:
		return d.learnt, v1alpha1.CapacityLearnt, "" // above the use at rest already
	default:
		return 0, "", "what a replica carries is not known: write capacityPerReplica"
	}
	if d.settings.Name != v1alpha1.DimensionMemory || math.IsNaN(d.rest) {
		return per, from, ""
	}
	room, ok := capacity.Room(per, d.rest)
	if !ok {
		return 0, from, fmt.Sprintf("at rest a replica holds %.4g of the %.4g bytes that it may: more replicas would not help", d.rest, per)
	}
	return room, from, ""
}

// DimensionReport is what one round found of a dimension.
type DimensionReport struct {
	Name       v1alpha1.LoadDimension
	PerReplica float64
	From       v1alpha1.CapacitySource
	Note       string
}

// asks returns what the dimension has to say, for the decision and for the
// report.
func (d *dimension) asks(now time.Time, maxAge time.Duration) (capacity.Dimension, DimensionReport) {
	per, from, note := d.perReplica()
	r := DimensionReport{Name: d.settings.Name, PerReplica: per, From: from, Note: note}
	if d.note != "" {
		r.Note = d.note
	}
	if r.Note == "" && now.Sub(d.known.at) > maxAge {
		r.Note = "its newest sample is too old: it asks for what it asked for last"
	}
	return capacity.Dimension{
		Name: string(d.settings.Name), Observed: d.known.observed, ObservedAt: d.known.at, Highest: d.known.highest,
		Forecast: d.forecast, CapacityPerReplica: per, Degraded: d.degraded,
	}, r
}

// statusDimensions returns what a status says of the dimensions.
func (r Report) statusDimensions() []v1alpha1.DimensionStatus {
	var out []v1alpha1.DimensionStatus
	for _, d := range r.Dimensions {
		s := v1alpha1.DimensionStatus{Name: d.Name, PerReplicaFrom: d.From, Note: d.Note}
		if d.PerReplica > 0 {
			s.PerReplica = v1alpha1.DecimalOf(d.PerReplica)
		}
		for _, share := range r.Decision.Shares {
			if share.Name == string(d.Name) {
				s.Replicas = int32Of(share.Replicas)
			}
		}
		out = append(out, s)
	}
	return out
}

// deciding names what decides: a dimension, or the load.
func (r Report) deciding() string {
	switch {
	case r.Refused != nil || len(r.Dimensions) == 0:
		return ""
	case r.Decision.Dimension != "":
		return r.Decision.Dimension
	}
	return decidingLoad
}

// decidingLoad stands for the load query where dimensions decide beside it.
const decidingLoad = "Load"
