package rig

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model"
)

// Chaos does at random to a shop what can happen to one. It ends in a state in
// which everything can come to rest.
type Chaos struct {
	shop *Shop
	// choice draws what happens; how long that takes the run draws.
	choice drawn
	// faulty is one write in so many that fails; 0: none.
	faulty int
	// calm is set once the faults are to stop.
	calm bool
	// next are the faults of the next writes.
	next  []Fault
	image int
	log   []string
}

// drawn is a Choice that can choose durations, too.
type drawn struct{ model.Choice }

func (d drawn) chance(n int) bool { return n > 0 && d.IntN(n) == 0 }

// between chooses a duration, in steps of a 64th of the difference.
func (d drawn) between(low, high time.Duration) time.Duration {
	return low + (high-low)*time.Duration(d.IntN(65))/64
}

// NewChaos returns a source of trouble for a shop.
func NewChaos(s *Shop, choice model.Choice, faulty int) *Chaos {
	return &Chaos{shop: s, choice: drawn{choice}, faulty: faulty}
}

// Log says what was done.
func (c *Chaos) Log() []string { return c.log }

func (c *Chaos) say(format string, args ...any) {
	c.log = append(c.log, fmt.Sprintf("%s %s", c.shop.Now().UTC().Format("15:04:05.000"), fmt.Sprintf(format, args...)))
}

// Fault is for Options.Fault.
func (c *Chaos) Fault(n int, w actuate.Write) Fault {
	f := c.fault()
	if f == None {
		return None
	}
	c.say("write %d (%s %s %s/%s) meets %s", n, w.Verb, kindName(w.Object), w.Object.GetName(), w.Subresource, f)
	return f
}

func (c *Chaos) fault() Fault {
	switch {
	case c.calm:
		return None
	case len(c.next) > 0:
		f := c.next[0]
		c.next = c.next[1:]
		return f
	case c.choice.chance(c.faulty):
		return Fault(1 + c.choice.IntN(int(Lost)))
	}
	return None
}

// arm lets one of the next writes fail.
func (c *Chaos) arm() {
	c.next = append(make([]Fault, c.choice.IntN(4)), Fault(1+c.choice.IntN(int(Lost))))
}

// Do does one thing.
func (c *Chaos) Do() { c.do(c.ops()) }

func (c *Chaos) do(ops []func()) { ops[c.choice.IntN(len(ops))]() }

// ops lists what can be done; what happens often stands there more than once.
func (c *Chaos) ops() []func() {
	return []func(){
		c.raise, c.raise, c.raise, c.raise, c.lower, c.flap, c.flap,
		c.probe, c.probe, c.crash, c.evict, c.roll, c.rollBack,
		c.expose, c.quota, c.lagOurs, c.lagTheirs, c.kill, c.two, c.remake, c.loseNode,
	}
}

func (c *Chaos) replicas() int32 {
	if d := c.shop.Deployment(); d != nil {
		return *d.Spec.Replicas
	}
	return 0
}

func (c *Chaos) scale(n int32) {
	c.say("scale to %d", n)
	c.shop.Scale(n)
}

func (c *Chaos) raise() { c.scale(min(12, c.replicas()+1+int32(c.choice.IntN(4)))) }

func (c *Chaos) lower() { c.scale(max(1, c.replicas()-1-int32(c.choice.IntN(3)))) }

// flap raises and takes it back while writes are under way.
func (c *Chaos) flap() {
	before := c.replicas()
	c.raise()
	c.shop.loop.After(c.choice.between(10*time.Millisecond, 800*time.Millisecond), "user", func() { c.scale(before) })
}

// some returns one of the pods.
func (c *Chaos) some() *corev1.Pod {
	pods := c.shop.Pods()
	if len(pods) == 0 {
		return nil
	}
	return pods[c.choice.IntN(len(pods))]
}

func (c *Chaos) probe() {
	if p := c.some(); p != nil {
		c.say("the probes of %s fail", p.Name)
		c.shop.Flap(p, c.choice.between(100*time.Millisecond, 5*time.Second))
	}
}

func (c *Chaos) crash() {
	if p := c.some(); p != nil {
		c.say("%s crashes", p.Name)
		c.shop.Crash(p)
	}
}

func (c *Chaos) evict() {
	if p := c.some(); p != nil {
		c.say("%s is evicted: %v", p.Name, c.shop.Evict(p))
	}
}

func (c *Chaos) roll() {
	c.image++
	c.say("roll to image %d", c.image)
	c.shop.Roll(fmt.Sprintf("example.org/web:%d", c.image+1))
}

func (c *Chaos) rollBack() {
	c.say("roll back to image 1")
	c.shop.Roll("example.org/web:1")
}

// expose makes a Service or a budget that selects shadows by a label they kept.
func (c *Chaos) expose() {
	key := model.Key(c.shop.Namespace, "late")
	if _, err := c.shop.Get(model.Service, key); err == nil {
		return
	}
	c.say("a Service selects tier=front")
	c.shop.Make(model.NewService(key.Namespace, key.Name, map[string]string{"tier": "front"}))
}

// quota leaves little room for a while.
func (c *Chaos) quota() {
	if _, err := c.shop.Get(model.Quota, model.Key(c.shop.Namespace, "team")); err == nil {
		return
	}
	room := len(c.shop.Pods()) + c.choice.IntN(4)
	c.say("a quota of %d pods", room)
	c.shop.Make(model.NewQuota(c.shop.Namespace, int64(room)))
	c.shop.loop.After(c.choice.between(2*time.Second, 30*time.Second), "user", c.noQuota)
}

func (c *Chaos) noQuota() {
	if c.shop.Delete("user", model.Quota, model.Key(c.shop.Namespace, "team"), model.DeleteOptions{}) == nil {
		c.say("no quota any more")
	}
}

// lagOurs holds back what a leader sees.
func (c *Chaos) lagOurs() {
	for _, l := range c.shop.Leaders() {
		c.say("the watch of %s hangs", l.name)
		l.Watch(false)
		c.shop.loop.After(c.choice.between(100*time.Millisecond, MaxHang), "network", func() { l.Watch(true) })
	}
}

// lagTheirs holds back what the ReplicaSet controller sees of pods.
func (c *Chaos) lagTheirs() {
	c.say("the watch of the ReplicaSet controller hangs")
	c.shop.Lag(true)
	c.shop.loop.After(c.choice.between(20*time.Millisecond, time.Second), "network", func() { c.shop.Lag(false) })
}

func (c *Chaos) kill() {
	for _, l := range c.shop.Leaders() {
		c.say("%s is killed", l.name)
		l.Kill()
	}
}

// two stops a leader, lets another one take over, and lets the first go on.
func (c *Chaos) two() {
	leaders := c.shop.Leaders()
	if len(leaders) != 1 {
		return
	}
	old := leaders[0]
	c.say("%s stops", old.name)
	old.Pause()
	takeOver := c.choice.between(0, 2*time.Second)
	c.shop.loop.After(takeOver, "lease", func() { c.say("%s takes over", c.shop.Lead().name) })
	c.shop.loop.After(takeOver+c.choice.between(0, MaxHang), "kernel", func() {
		c.say("%s goes on", old.name)
		old.Resume()
		c.shop.loop.After(c.choice.between(0, 2*time.Second), "lease", old.Kill)
	})
}

// remake deletes the pool, the Deployment or both, and makes them anew.
func (c *Chaos) remake() {
	what := []model.Kind{model.Pool, model.Deployment}[c.choice.IntN(2)]
	how := []metav1.DeletionPropagation{metav1.DeletePropagationBackground, metav1.DeletePropagationForeground}[c.choice.IntN(2)]
	o, err := c.shop.Get(what, model.Key(c.shop.Namespace, name))
	if err != nil || o.GetDeletionTimestamp() != nil {
		return
	}
	c.say("%s is deleted (%s)", what, how)
	if c.shop.Delete("user", what, model.Key(c.shop.Namespace, name), model.DeleteOptions{Propagation: how}) != nil {
		return
	}
	c.shop.loop.After(c.choice.between(500*time.Millisecond, 10*time.Second), "user", func() { c.make(what) })
}

// make makes what is missing.
func (c *Chaos) make(what model.Kind) {
	if _, err := c.shop.Get(what, model.Key(c.shop.Namespace, name)); err == nil {
		c.shop.loop.After(time.Second, "user", func() { c.make(what) })
		return
	}
	c.say("%s is made anew", what)
	if what == model.Deployment {
		c.shop.Make(model.NewDeployment(c.shop.Namespace, name, 4))
		return
	}
	p := model.NewPool(c.shop.Namespace, name, name, 100, 5)
	p.Spec.MinShadows = new(int32(3))
	p.Spec.WarmUp.MinReady = "2s"
	c.shop.Make(p)
}

func (c *Chaos) loseNode() {
	node := fmt.Sprintf("node-%d", c.choice.IntN(4))
	c.say("%s is lost", node)
	c.shop.LoseNode(node)
	c.shop.loop.After(c.choice.between(time.Second, time.Minute), "node", func() {
		c.say("%s is back", node)
		c.shop.RestoreNode(node)
	})
}

// Calm ends the faults; what was begun ends by itself.
func (c *Chaos) Calm() {
	c.say("calm")
	c.calm = true
}

// MaxHang bounds how long a watch of ours hangs.
const MaxHang = 4 * time.Second
