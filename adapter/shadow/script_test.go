package shadow

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// t0 is 00:00 of each script.
var t0 = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// script is the world of one script: what stands there, and the last decision.
//
//	observe   begins anew with the objects of the lines below it
//	change    adds to them, or changes them
//	plan      decides at now=mm:ss and prints the decision; show=(status) more
//	step      lets time go on: see steps_test.go
type script struct {
	in   Observed
	last Decision
	now  time.Time
	// made counts the pods that ReplicaSets made.
	made int
}

func (s *script) run(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	var out strings.Builder
	if d.HasArg("now") {
		var at string
		d.ScanArgs(t, "now", &at)
		s.now = instant(t, at)
	}
	switch d.Cmd {
	case "observe":
		s.reset()
		s.read(t, d)
	case "change":
		s.read(t, d)
	case "plan":
		s.last = Plan(s.now, s.in)
		s.show(&out, d)
	case "step":
		for _, arg := range d.CmdArgs {
			s.step(t, arg)
		}
		s.look(&out)
	default:
		d.Fatalf(t, "unknown command %s", d.Cmd)
	}
	return out.String()
}

func (s *script) reset() {
	pool := &v1alpha1.ShadowPool{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", UID: "pool", Generation: 1}}
	pool.Spec.ScaleTargetRef.Name = "web"
	pool.Spec.Load.Query = "load"
	pool.Spec.Mode = v1alpha1.ModeActive
	pool.Default()
	*pool.Spec.ShadowPercentage = 100
	*s = script{now: s.now, in: Observed{
		Pool: pool, Epoch: 1,
		Workload: Workload{Kind: "Deployment", Name: "web", UID: "web", Exists: true, Stable: true},
		Leads:    Leads{ColdStart: time.Minute, ColdStartMin: 20 * time.Second, WarmUp: 10 * time.Second, Refresh: time.Minute},
		Room:     Room{Pods: -1},
	}}
}

// fields are the words of a line: key=value, or a word alone.
type fields struct {
	t    *testing.T
	line string
	name string
	set  map[string]string
	used map[string]bool
}

// named are the kinds of lines whose first word may be a name.
var named = map[string]bool{
	"rs": true, "pod": true, "shadow": true, "active": true, "gone": true, "published": true, "refuse": true, "refuse-gap": true, "warn": true,
	"intent": true, "deactivated": true, "condition": true,
}

func (s *script) read(t *testing.T, d *datadriven.TestData) {
	t.Helper()
	for line := range strings.Lines(d.Input) {
		words := strings.Fields(line)
		f := &fields{t: t, line: line, set: map[string]string{}, used: map[string]bool{}}
		for i, w := range words[1:] {
			key, value, _ := strings.Cut(w, "=")
			if i == 0 && named[words[0]] && !strings.Contains(w, "=") {
				f.name = w
				continue
			}
			f.set[key] = value
		}
		s.readLine(words[0], f)
		for key := range f.set {
			if !f.used[key] {
				t.Fatalf("line %q: what is %q?", strings.TrimSpace(line), key)
			}
		}
	}
}

func (f *fields) has(key string) bool {
	_, ok := f.set[key]
	f.used[key] = true
	return ok
}

func (f *fields) str(key string, to *string) {
	if f.has(key) {
		*to = f.set[key]
	}
}

func (f *fields) int32(key string, to *int32) {
	if f.has(key) {
		n, err := strconv.ParseInt(f.set[key], 10, 32)
		if err != nil {
			f.t.Fatalf("line %q: %s is no number", f.line, key)
		}
		*to = int32(n)
	}
}

func (f *fields) flag(key string, to *bool) {
	if f.has(key) {
		*to = f.set[key] != "false"
	}
}

func (f *fields) time(key string, to *time.Time) {
	if f.has(key) {
		if f.set[key] == "never" {
			*to = time.Time{}
			return
		}
		*to = instant(f.t, f.set[key])
	}
}

func (f *fields) dur(key string, to *time.Duration) {
	if f.has(key) {
		d, err := time.ParseDuration(f.set[key])
		if err != nil {
			f.t.Fatalf("line %q: %v", f.line, err)
		}
		*to = d
	}
}

// rest is what follows the word of the line and its name.
func (f *fields) rest() string {
	_, after, _ := strings.Cut(f.line, f.name)
	for key := range f.set {
		f.used[key] = true
	}
	return strings.TrimSpace(after)
}

// instant reads [-]mm:ss or [-]hh:mm:ss after t0.
func instant(t *testing.T, s string) time.Time {
	t.Helper()
	body, negative := strings.CutPrefix(s, "-")
	var total time.Duration
	for part := range strings.SplitSeq(body, ":") {
		n, err := strconv.Atoi(part)
		if err != nil {
			t.Fatalf("instant %q: write mm:ss", s)
		}
		total = total*60 + time.Duration(n)*time.Second
	}
	if negative {
		total = -total
	}
	return t0.Add(total)
}

// clock prints an instant as instant reads it.
func clock(at time.Time) string {
	d := at.Sub(t0).Round(time.Second)
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	return fmt.Sprintf("%s%02d:%02d", sign, int(d.Minutes()), int(d.Seconds())%60)
}

func (s *script) readLine(kind string, f *fields) {
	switch kind {
	case "pool":
		s.readPool(f)
	case "workload":
		s.readWorkload(f)
	case "rs":
		s.readReplicaSet(f)
	case "pod":
		s.readLive(f)
	case "shadow":
		s.readShadow(f)
	case "active":
		s.readActive(f)
	case "gone":
		s.drop(f.name)
	case "published":
		p := &s.in.Published
		p.Known = f.name != "unknown"
		f.int32("value", &p.Value)
		f.int32("now", &p.NowTerm)
		f.int32("need", &p.ShadowNeed)
	case "leads":
		l := &s.in.Leads
		f.dur("cold", &l.ColdStart)
		f.dur("min", &l.ColdStartMin)
		f.dur("warm", &l.WarmUp)
		f.dur("refresh", &l.Refresh)
	case "room":
		r := &s.in.Room
		f.int32("pods", &r.Pods)
		f.str("by", &r.By)
		f.int32("caps", &r.Caps)
		f.str("capsBy", &r.CapsBy)
	case "refuse":
		s.in.Refusals = append(s.in.Refusals, Reason{Reason: f.name, Message: f.rest()})
	case "refuse-gap":
		s.in.Refusals = append(s.in.Refusals, Reason{Condition: v1alpha1.ConditionPolicyGap, Reason: f.name, Message: f.rest()})
	case "warn":
		s.in.Warnings = append(s.in.Warnings, Reason{Condition: f.name, Reason: f.name, Message: f.rest()})
	case "intent":
		s.readIntent(f)
	case "status":
		s.readStatus(f)
	case "condition":
		s.readCondition(f)
	case "deactivated":
		var at time.Time
		f.time("at", &at)
		var reason string
		f.str("reason", &reason)
		st := &s.in.Pool.Status
		st.Deactivated = append([]v1alpha1.DeactivatedShadow{{Name: f.name, Reason: reason, Time: metav1.NewTime(at)}}, st.Deactivated...)
	default:
		f.t.Fatalf("line %q: unknown object %s", f.line, kind)
	}
}

func (s *script) readPool(f *fields) {
	p := s.in.Pool
	f.int32("percentage", p.Spec.ShadowPercentage)
	f.int32("min", p.Spec.MinShadows)
	f.int32("max", p.Spec.MaxShadows)
	f.int32("replicas", p.Spec.Replicas)
	var text string
	for key, to := range map[string]func(string){
		"mode":     func(v string) { p.Spec.Mode = v1alpha1.Mode(v) },
		"policy":   func(v string) { p.Spec.Activation.Policy = v1alpha1.ActivationPolicy(v) },
		"go":       func(v string) { p.Spec.Activation.Mode = v1alpha1.ActivationMode(v) },
		"scaleIn":  func(v string) { p.Spec.ScaleIn.Policy = v1alpha1.ScaleInPolicy(v) },
		"drain":    func(v string) { p.Spec.ScaleIn.Drain = v1alpha1.Duration(v) },
		"minReady": func(v string) { p.Spec.WarmUp.MinReady = v1alpha1.Duration(v) },
		"timeout":  func(v string) { p.Spec.WarmUp.Timeout = v1alpha1.Duration(v) },
		"pause":    func(v string) { p.Annotations = map[string]string{v1alpha1.PauseAnnotation: v} },
		"target":   func(v string) { p.Spec.ScaleTargetRef.Name = v },
	} {
		if f.has(key) {
			f.str(key, &text)
			to(text)
		}
	}
	f.flag("paused", &s.in.Paused)
	var epoch int32
	if f.has("epoch") {
		f.int32("epoch", &epoch)
		s.in.Epoch = int64(epoch)
	}
}

func (s *script) readWorkload(f *fields) {
	w := &s.in.Workload
	f.str("kind", &w.Kind)
	f.int32("replicas", &w.Replicas)
	f.int32("surge", &w.MaxSurge)
	f.flag("stable", &w.Stable)
	f.flag("ours", &w.OursAsked)
	f.flag("deleting", &w.Deleting)
	if f.has("gone") {
		w.Exists = false
	}
	current := string(w.CurrentUID)
	f.str("current", &current)
	w.CurrentUID = types.UID(current)
}

func (s *script) readReplicaSet(f *fields) {
	rs := s.set(f.name)
	if rs == nil {
		s.in.ReplicaSets = append(s.in.ReplicaSets, ReplicaSet{
			Name: f.name, UID: types.UID(f.name), Generation: 1, ObservedGeneration: 1, Template: "t-" + f.name,
		})
		rs = s.set(f.name)
	}
	before := rs.Replicas
	f.int32("replicas", &rs.Replicas)
	if s.in.Workload.Replicas == before && len(s.in.ReplicaSets) == 1 {
		s.in.Workload.Replicas = rs.Replicas
	}
	f.flag("deleting", &rs.Deleting)
	f.str("failing", &rs.Failing)
	f.str("template", &rs.Template)
	generation, observed := int32(rs.Generation), int32(rs.ObservedGeneration)
	f.int32("generation", &generation)
	f.int32("observed", &observed)
	rs.Generation, rs.ObservedGeneration = int64(generation), int64(observed)

	made, zones := t0.Add(-time.Hour), []string{"a"}
	f.time("made", &made)
	if f.has("zones") {
		zones = strings.Split(f.set["zones"], ",")
	}
	for _, phase := range []string{"live", "booting", "pending", "unscheduled"} {
		var n int32
		f.int32(phase, &n)
		for i := range n {
			s.addLive(rs, phase, made, zones[int(i)%len(zones)])
		}
	}
}

// addLive adds a pod that the ReplicaSet made.
func (s *script) addLive(rs *ReplicaSet, phase string, made time.Time, zone string) {
	s.made++
	name := fmt.Sprintf("%s-live%02d", rs.Name, s.made)
	p := Pod{
		Name: name, UID: types.UID(name), Owner: OwnerReplicaSet, ReplicaSetUID: rs.UID, Template: rs.Template, Live: true,
		Phase: PhaseRunning, Node: "node-" + zone, Zone: zone, CreatedAt: made,
	}
	switch phase {
	case "live":
		p.ReadyAt = made.Add(time.Minute)
	case "pending":
		p.Phase = PhasePending
	case "unscheduled":
		p.Phase, p.Node, p.Zone = PhasePending, "", ""
	}
	s.in.Pods = append(s.in.Pods, p)
}

func (s *script) set(name string) *ReplicaSet {
	for i := range s.in.ReplicaSets {
		if s.in.ReplicaSets[i].Name == name {
			return &s.in.ReplicaSets[i]
		}
	}
	return nil
}

func (s *script) pod(name string) *Pod {
	for i := range s.in.Pods {
		if s.in.Pods[i].Name == name {
			return &s.in.Pods[i]
		}
	}
	return nil
}

func (s *script) drop(name string) {
	for i := range s.in.Pods {
		if s.in.Pods[i].Name == name {
			s.in.Pods = append(s.in.Pods[:i:i], s.in.Pods[i+1:]...)
			return
		}
	}
}

// base returns the pod of a line, made with the defaults where it is new.
func (s *script) base(f *fields) *Pod {
	if p := s.pod(f.name); p != nil {
		return p
	}
	p := Pod{
		Name: f.name, UID: types.UID(f.name), Phase: PhaseRunning, Node: "node-a", Zone: "a",
		CreatedAt: t0.Add(-30 * time.Minute), ReadyAt: t0.Add(-29 * time.Minute),
	}
	if len(s.in.ReplicaSets) > 0 {
		p.ReplicaSetUID, p.Template = s.in.ReplicaSets[0].UID, s.in.ReplicaSets[0].Template
	}
	s.in.Pods = append(s.in.Pods, p)
	return s.pod(f.name)
}

func (s *script) readLive(f *fields) {
	p := s.base(f)
	if p.Owner == "" {
		p.Owner, p.Live = OwnerReplicaSet, true
	}
	s.readPod(p, f)
}

func (s *script) readActive(f *fields) {
	p := s.base(f)
	p.Owner, p.Live, p.Label, p.WarmUp = OwnerReplicaSet, true, v1alpha1.ShadowActive, Progress{}
	if p.ActivatedAt.IsZero() {
		p.ActivatedAt, p.WarmedAt = t0.Add(-10*time.Minute), t0.Add(-20*time.Minute)
	}
	f.time("activated", &p.ActivatedAt)
	s.readPod(p, f)
}

func (s *script) readShadow(f *fields) {
	p := s.base(f)
	p.Owner = OwnerPool
	for _, state := range []v1alpha1.ShadowState{
		v1alpha1.ShadowCreating, v1alpha1.ShadowWarming, v1alpha1.ShadowReady, v1alpha1.ShadowBridged, v1alpha1.ShadowDraining,
	} {
		if f.has(string(state)) {
			p.become(state)
		}
	}
	if p.Label == "" {
		f.t.Fatalf("line %q: in which state is it?", f.line)
	}
	f.time("bridged-at", &p.ActivatedAt)
	f.time("draining-since", &p.DrainingSince)
	s.readPod(p, f)
}

// become gives a shadow the facts of a state.
func (p *Pod) become(state v1alpha1.ShadowState) {
	p.Label, p.Live, p.WarmUp = state, state == v1alpha1.ShadowBridged, Progress{Ratio: 1, Done: true}
	p.WarmedAt = p.ReadyAt.Add(time.Minute)
	switch state {
	case v1alpha1.ShadowCreating:
		p.ReadyAt, p.WarmedAt, p.WarmUp = time.Time{}, time.Time{}, Progress{}
	case v1alpha1.ShadowWarming:
		p.WarmedAt, p.WarmUp = time.Time{}, Progress{Ratio: 0.5, Stage: "MinReady"}
	case v1alpha1.ShadowBridged, v1alpha1.ShadowDraining:
		p.ActivatedAt = t0.Add(-10 * time.Minute)
	case v1alpha1.ShadowReady, v1alpha1.ShadowActive, v1alpha1.ShadowDeactivated:
	}
}

func (s *script) readPod(p *Pod, f *fields) {
	if f.has("rs") {
		rs := s.set(f.set["rs"])
		if rs == nil {
			p.ReplicaSetUID, p.Template = types.UID(f.set["rs"]), "t-"+f.set["rs"]
		} else {
			p.ReplicaSetUID, p.Template = rs.UID, rs.Template
		}
	}
	f.str("template", &p.Template)
	f.str("node", &p.Node)
	f.str("zone", &p.Zone)
	f.time("made", &p.CreatedAt)
	f.time("ready-at", &p.ReadyAt)
	f.time("warm-at", &p.WarmedAt)
	f.time("unready-at", &p.UnreadyAt)
	f.int32("restarts", &p.Restarts)
	f.str("drift", &p.Drift)
	f.str("resize", &p.Resize)
	f.str("resize-why", &p.ResizeWhy)
	f.time("resize-at", &p.ResizeAt)
	f.flag("costed", &p.Costed)
	f.flag("shrunk", &p.Shrunk)
	boost := string(p.Boost)
	f.str("boost", &boost)
	p.Boost = Boost(boost)
	f.flag("live", &p.Live)
	f.flag("timed-out", &p.TimedOut)
	f.flag("deleting", &p.Deleting)
	f.flag("evicted", &p.Evicted)
	f.flag("node-gone", &p.NodeGone)
	f.time("node-grace", &p.NodeGrace)
	f.flag("done", &p.WarmUp.Done)
	var text string
	if f.has("exposed") {
		p.Exposed = strings.Split(f.set["exposed"], ",")
	}
	if f.has("keys") {
		p.HideKeys = strings.Split(f.set["keys"], ",")
	}
	if f.has("phase") {
		f.str("phase", &text)
		p.Phase = Phase(text)
	}
	if f.has("owner") {
		f.str("owner", &text)
		p.Owner = Owner(text)
	}
	if f.has("label") {
		f.str("label", &text)
		p.Label = v1alpha1.ShadowState(text)
	}
	var epoch int32
	f.int32("epoch", &epoch)
	p.Epoch = max(p.Epoch, int64(epoch))
}

func (s *script) readIntent(f *fields) {
	rs := s.in.ReplicaSets[0].UID
	if f.has("rs") {
		rs = types.UID(f.set["rs"])
	}
	i := &v1alpha1.Intent{ReplicaSetUID: rs, Epoch: 1}
	if f.name != "" {
		for uid := range strings.SplitSeq(f.name, ",") {
			i.PodUIDs = append(i.PodUIDs, types.UID(uid))
		}
	}
	s.in.Pool.Status.Intent = i
}

// readCondition reads one that is True.
func (s *script) readCondition(f *fields) {
	c := metav1.Condition{Type: f.name, Status: metav1.ConditionTrue, Message: "as it was"}
	var at time.Time
	var generation int32
	f.str("reason", &c.Reason)
	f.time("since", &at)
	f.int32("generation", &generation)
	c.LastTransitionTime, c.ObservedGeneration = metav1.NewTime(at), int64(generation)
	s.in.Pool.Status.Conditions = append(s.in.Pool.Status.Conditions, c)
}

func (s *script) readStatus(f *fields) {
	st := &s.in.Pool.Status
	var at time.Time
	if f.has("excess-since") {
		f.time("excess-since", &at)
		since := metav1.NewTime(at)
		st.ExcessSince = &since
	}
	f.time("resized", &s.in.Resized)
	f.time("unboosted", &s.in.Unboosted)
	var epoch int32
	if f.has("epoch") {
		f.int32("epoch", &epoch)
		st.Epoch = int64(epoch)
	}
	if f.has("cover") {
		st.Cover = &v1alpha1.CoverStatus{}
		f.int32("cover", &st.Cover.Replicas)
	}
	if f.has("lost") {
		f.int32("lost", &st.Cover.Lost)
		f.time("until", &at)
		until := metav1.NewTime(at)
		st.Cover.LostUntil = &until
	}
}
