package simulate

import (
	"errors"
	"fmt"
	"math"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

const (
	// activationTime is what a hand-over takes: one write and the endpoints that
	// follow it.
	activationTime = 50 * time.Millisecond
	// passes bounds how often the planner is asked within one instant: each of
	// its writes may be what the next one waits for.
	passes = 8
	// theReplicaSet is the only one of the workload: nothing rolls out here.
	theReplicaSet = types.UID("replicaset")
)

// ShadowsConfig is a workload with one HPA and shadows beside it.
type ShadowsConfig struct {
	ArmConfig
	// Pool is the defaulted pool, in mode Active.
	Pool *v1alpha1.ShadowPool
	// Published returns what the pool's status says of the load at an instant.
	Published func(now time.Time) shadow.Published
	// Covered is told what the pool's status says, whenever it changes.
	Covered func(now time.Time, pool *v1alpha1.ShadowPool)
	// Refresh is the time between two forecasts.
	Refresh time.Duration
}

// Shadows replays a workload whose shadows the product's own planner runs. A
// shadow takes a cold start to be Ready and is warm when it has been so for the
// time that a pod is cold: the warm-up is taken to be as long as that of a pod
// under load.
type Shadows struct {
	*Arm
	cfg     ShadowsConfig
	pool    *v1alpha1.ShadowPool
	standby []standby
	// made numbers the live pods that had no name.
	made int
	used ShadowTotals
}

// ShadowTotals counts what shadows did and held.
type ShadowTotals struct {
	// PodTime is the sum of their lives as shadows.
	PodTime time.Duration
	// Activations counts those that went live.
	Activations int
}

// standby is one shadow.
type standby struct {
	name           string
	created, ready time.Time
	label          v1alpha1.ShadowState
	warmed         time.Time
}

// NewShadows returns an arm at the start of its replay, without shadows.
func NewShadows(cfg ShadowsConfig, load Load, start time.Time) (*Shadows, error) {
	if cfg.Pool == nil || cfg.Published == nil {
		return nil, fmt.Errorf("start arm %s: %w", cfg.Name, errors.New("a pool and what is published of it are needed"))
	}
	a, err := NewArm(cfg.ArmConfig, load, start)
	if err != nil {
		return nil, err
	}
	s := &Shadows{Arm: a, cfg: cfg, pool: cfg.Pool.DeepCopy()}
	s.pool.UID = "pool"
	return s, nil
}

// Advance replays until an instant, as an Arm does. The planner looks when the
// HPA has: a raise is served before the time goes on.
func (s *Shadows) Advance(to time.Time) error {
	var invalid error
	for s.next.Before(to) {
		s.pass(s.next)
		if err := s.plan(s.next); err != nil {
			return err
		}
		n, err := s.hpa.Sync(s.next, s.workload.Scale())
		if err != nil {
			s.held++
			if invalid == nil {
				invalid = fmt.Errorf("sync HPA of arm %s at %s: %w", s.name, stamp(s.next), err)
			}
		}
		s.workload.Resize(n)
		if err := s.plan(s.next); err != nil {
			return err
		}
		s.next = s.next.Add(SyncPeriod)
	}
	s.pass(to)
	if to.After(s.now) {
		s.now = to
	}
	return invalid
}

// pass lets time pass until an instant.
func (s *Shadows) pass(to time.Time) {
	if d := to.Sub(s.workload.now); d > 0 {
		s.used.PodTime += time.Duration(len(s.standby)) * d
	}
	s.workload.Advance(to)
}

// Used returns what the shadows did so far.
func (s *Shadows) Used() ShadowTotals { return s.used }

// PricedHours returns the pod-hours of live pods and of shadows, those of shadows
// at a share of a live pod's price, 0 to 1.
func (s *Shadows) PricedHours(share float64) float64 {
	return s.workload.totals.PodHours() + share*s.used.PodTime.Hours()
}

// plan asks the planner until it is content, and does what it says.
func (s *Shadows) plan(now time.Time) error {
	for range passes {
		d := shadow.Plan(now, s.observe(now))
		if d.Broken != "" || d.Fenced {
			return fmt.Errorf("plan shadows of arm %s at %s: %s", s.name, stamp(now), d.Broken)
		}
		for i := range d.Actions {
			if err := s.do(now, &d.Actions[i]); err != nil {
				return err
			}
		}
		was := s.pool.Status
		s.pool.Status = d.Status
		s.pool.Status.Leads = was.Leads
		if s.cfg.Covered != nil && (was.Cover == nil || d.Status.Cover == nil || was.Cover.Replicas != d.Status.Cover.Replicas) {
			s.cfg.Covered(now, s.pool)
		}
		if len(d.Actions) == 0 && sameIntent(was.Intent, d.Status.Intent) {
			return nil
		}
	}
	return nil
}

func sameIntent(a, b *v1alpha1.Intent) bool {
	return a == b || a != nil && b != nil && a.Epoch == b.Epoch
}

// do does an action as the API server and its controllers would.
func (s *Shadows) do(now time.Time, a *shadow.Action) error {
	i := s.index(a.Pod)
	if a.Kind != shadow.KindCreate && a.Kind != shadow.KindSettle && i < 0 {
		return fmt.Errorf("do %s at %s: shadow %s is not there", a.Kind, stamp(now), a.Pod)
	}
	switch a.Kind {
	case shadow.KindCreate:
		s.standby = append(s.standby, standby{name: a.Pod, created: now, ready: now.Add(s.workload.cfg.ColdStart), label: v1alpha1.ShadowCreating})
	case shadow.KindMarkWarming:
		s.standby[i].label = v1alpha1.ShadowWarming
	case shadow.KindMarkReady:
		s.standby[i].label, s.standby[i].warmed = v1alpha1.ShadowReady, now
	case shadow.KindActivate:
		s.workload.take(s.standby[i], now)
		s.remove(i)
		s.used.Activations++
	case shadow.KindSettle:
		s.workload.settle(a.Pod)
	case shadow.KindDelete:
		s.remove(i)
	case shadow.KindBridge, shadow.KindScale, shadow.KindDetach, shadow.KindWithdraw, shadow.KindHide, shadow.KindResize, shadow.KindUnboost, shadow.KindRewarm:
		return fmt.Errorf("do %s at %s: nothing here asks for it", a.Kind, stamp(now))
	}
	return nil
}

func (s *Shadows) index(name string) int {
	for i := range s.standby {
		if s.standby[i].name == name {
			return i
		}
	}
	return -1
}

func (s *Shadows) remove(i int) { s.standby = append(s.standby[:i], s.standby[i+1:]...) }

// observe shows the planner the workload and the shadows.
func (s *Shadows) observe(now time.Time) shadow.Observed {
	replicas := int32(len(s.workload.pods))
	in := shadow.Observed{
		Pool: s.pool, Epoch: 1,
		Workload: shadow.Workload{
			Kind: "Deployment", Name: s.pool.Spec.ScaleTargetRef.Name, UID: "deployment", Exists: true, Replicas: replicas,
			Stable: true, CurrentUID: theReplicaSet, OursAsked: true,
		},
		ReplicaSets: []shadow.ReplicaSet{{Name: "web-1", UID: theReplicaSet, Replicas: replicas, Generation: 1, ObservedGeneration: 1}},
		Published:   s.cfg.Published(now),
		Leads: shadow.Leads{
			ColdStart: s.workload.cfg.ColdStart, ColdStartMin: s.workload.cfg.ColdStart, WarmUp: s.workload.cfg.ColdFor, Refresh: s.cfg.Refresh,
		},
		Room: shadow.Room{Pods: -1},
	}
	in.Pods = make([]shadow.Pod, 0, len(s.workload.pods)+len(s.standby))
	for i := range s.workload.pods {
		in.Pods = append(in.Pods, s.seeLive(&s.workload.pods[i], now))
	}
	for i := range s.standby {
		in.Pods = append(in.Pods, s.seeShadow(&s.standby[i], now))
	}
	return in
}

func (s *Shadows) seeLive(p *pod, now time.Time) shadow.Pod {
	if p.name == "" {
		s.made++
		p.name = fmt.Sprintf("web-1-cold-%d", s.made)
	}
	out := shadow.Pod{
		Name: p.name, UID: types.UID(p.name), Owner: shadow.OwnerReplicaSet, ReplicaSetUID: theReplicaSet, Live: true,
		Phase: shadow.PhaseRunning, Node: "node", Label: p.label, CreatedAt: p.created, ActivatedAt: p.activated, Costed: p.costed, Epoch: 1,
	}
	if p.running.After(now) {
		out.Phase = shadow.PhasePending
	}
	if !p.ready.After(now) {
		out.ReadyAt = p.ready
	}
	return out
}

func (s *Shadows) seeShadow(p *standby, now time.Time) shadow.Pod {
	out := shadow.Pod{
		Name: p.name, UID: types.UID(p.name), Owner: shadow.OwnerPool, ReplicaSetUID: theReplicaSet, Label: p.label,
		Phase: shadow.PhaseRunning, Node: "node", CreatedAt: p.created, WarmedAt: p.warmed, Epoch: 1,
	}
	if p.created.Add(s.workload.cfg.Pending).After(now) {
		out.Phase = shadow.PhasePending
	}
	if p.ready.After(now) {
		return out
	}
	out.ReadyAt = p.ready
	if done := p.ready.Add(s.workload.cfg.ColdFor); !done.After(now) {
		out.WarmUp = shadow.Progress{Ratio: 1, Done: true}
	} else {
		out.WarmUp = shadow.Progress{Ratio: math.Max(0, 1-done.Sub(now).Seconds()/s.workload.cfg.ColdFor.Seconds()), Stage: "Warming"}
	}
	return out
}
