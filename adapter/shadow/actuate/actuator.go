package actuate

import (
	"context"
	"errors"
	"time"

	"github.com/go-kit/log"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

const (
	// writeTimeout bounds one request.
	writeTimeout = 10 * time.Second
	// tries bounds how often an action is judged anew after a conflict.
	tries = 4
	// parallel bounds the requests of one pool that go on at once; activations
	// know no bound.
	parallel = 16
	// lookAgain is when to look again after something was not done although
	// nothing went wrong: the cache is about to show why.
	lookAgain = time.Second
)

// FieldOwner is whom the API server knows the status of the shadows role from.
const FieldOwner = "foreshadow-shadows"

// Errors of Act that the caller tells apart.
var (
	// ErrFenced says that a later leader has written: this one must stop.
	ErrFenced = errors.New("a later leader has written")
	// ErrBroken says that the decision names a broken invariant: nothing is done.
	ErrBroken = errors.New("an invariant does not hold")
)

// Config holds what an Actuator needs. Server, Reader and Clock are required.
type Config struct {
	Server Server
	Reader Reader
	Clock  clock.PassiveClock
	Logger log.Logger
	// SidecarImage is that of the sidecar that warms shadows up. Empty: they have
	// none.
	SidecarImage string
	// Failpoint is called before and after each write with one of Points. An
	// error stops everything there, as the end of the process would. Nil: none.
	Failpoint func(point string) error
	// Urgent, if not nil, says that something has happened to a pool that
	// matters more than what is left to do: Act then ends between two writes.
	Urgent func(pool Pool) bool
}

// Actuator does the actions of decisions. It may be used for many pools at once,
// but for one pool only by one caller at a time.
type Actuator struct {
	Config
	overlay *Overlay
}

// New returns an Actuator.
func New(cfg Config) (*Actuator, error) {
	if cfg.Server == nil || cfg.Reader == nil || cfg.Clock == nil {
		return nil, errors.New("make actuator: a server, a reader and a clock are needed")
	}
	if cfg.Logger == nil {
		cfg.Logger = log.NewNopLogger()
	}
	if cfg.Failpoint == nil {
		cfg.Failpoint = func(string) error { return nil }
	}
	if cfg.Urgent == nil {
		cfg.Urgent = func(Pool) bool { return false }
	}
	cfg.Logger = log.With(cfg.Logger, "component", "shadow")
	return &Actuator{Config: cfg, overlay: newOverlay(cfg.Clock)}, nil
}

// Refresh brings what a cache knows of a pool up to what our own writes have
// returned. It reads live what a cache has not shown for long.
func (a *Actuator) Refresh(ctx context.Context, w *observe.World) error {
	if err := a.overlay.verify(ctx, a.Reader, w.Pool.Key()); err != nil {
		return err
	}
	a.overlay.apply(w)
	w.Pool = inOrder(w.Pool)
	return nil
}

// Forget drops what is known of a pool that is gone.
func (a *Actuator) Forget(pool Pool) { a.overlay.forget(pool) }

// Act does what a decision says. The World is the one that was observed; where
// Observed and the World differ from what the server has, the write that depends
// on it is refused there, and the action judged anew.
//
// The error is ErrFenced, ErrBroken, one of ctx, or the first thing that went
// wrong; what was done stands in the Report in any case.
func (a *Actuator) Act(ctx context.Context, w *observe.World, in *shadow.Observed, d *shadow.Decision) (Report, error) {
	switch {
	case d.Fenced:
		return Report{}, ErrFenced
	case d.Broken != "":
		return Report{}, errors.Join(ErrBroken, errors.New(d.Broken))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if w.Pool.DeletionTimestamp != nil {
		return Report{}, nil // its shadows go with it
	}
	c := newAct(a, w, in, d, cancel)
	c.runs(ctx)
	if err := context.Cause(ctx); err != nil {
		return c.report(), err
	}
	if c.report().settled() && w.Pool.UID != "" {
		c.writeService(ctx)
		c.writeStatus(ctx)
	}
	if err := context.Cause(ctx); err != nil {
		return c.report(), err
	}
	return c.report(), c.err()
}
