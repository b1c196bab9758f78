package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/publish"
	"github.com/foreshadow-dev/foreshadow/adapter/refresh"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// together times what a nightly refit and a forecast cost in all, next to the
// naive pass of the same run; both in processor time.
func together() ([]measurement, error) {
	var out []measurement
	for _, size := range []struct {
		points int
		step   time.Duration
	}{{2016, 5 * time.Minute}, {40320, time.Minute}} {
		s := wave(size.points, size.step)
		var failed error
		all := func() {
			fitted, err := forecast.Fit(s, forecast.Config{})
			if err == nil {
				_, err = fitted.Forecast(s, int(80*time.Minute/size.step), []float64{0.9, 0.95, 0.99})
			}
			if err != nil {
				failed = err
			}
		}
		sink := 0.0
		ns, naive := cpu(all, 9, 5), cpu(func() { sink += naivePass(s) }, 9, 200)
		allocs, _ := allocated(all)
		if failed != nil {
			return nil, failed
		}
		name := func(what string) string { return fmt.Sprintf("%s_%d_points", what, size.points) }
		out = append(out,
			measurement{name("fit_and_forecast"), ns / 1e6, "ms"},
			measurement{name("fit_and_forecast_to_naive_pass_ratio"), ns / naive, "ratio"},
			measurement{name("fit_and_forecast_allocs"), allocs, "allocs"})
	}
	return out, nil
}

// states weighs what is kept of one workload with four weeks of minutes, and
// times one value and a round of many workloads.
func states() ([]measurement, error) {
	// Two hours past a midnight, with 22 before the next fit is due.
	s := wave(29*1440+120, time.Minute)
	state, err := stateOf(s)
	if err != nil {
		return nil, err
	}
	raw, err := state.MarshalBinary()
	if err != nil {
		return nil, err
	}
	const adds = 20_000
	values := s.Values
	at := s.Origin()
	var failed error
	add := func() {
		for i := range adds {
			at = at.Add(s.Step)
			if err := state.Add(at, values[i]); err != nil {
				failed = err
			}
		}
	}
	addNs := median(add, 20) / adds
	addAllocs, _ := allocated(add)
	snapshot, err := snapshotBytes()
	if err != nil || failed != nil {
		return nil, fmt.Errorf("snapshot: %w, add: %w", err, failed)
	}
	round, err := roundOf(s)
	if err != nil {
		return nil, err
	}
	return append([]measurement{
		{"state_add", addNs, "ns"},
		{"state_add_allocs", addAllocs / adds, "allocs"},
		{"state_samples_bytes", float64(state.Samples().Size()), "bytes"},
		{"state_checkpoint_bytes", float64(len(raw)), "bytes"},
		{"snapshot_bytes", snapshot, "bytes"},
	}, round...), nil
}

func stateOf(s forecast.Series) (*forecast.State, error) {
	state, err := forecast.NewState(s.Step, forecast.Window, forecast.Config{})
	if err != nil {
		return nil, err
	}
	for i, v := range s.Values {
		if err := state.Add(s.Time(i), v); err != nil {
			return nil, err
		}
	}
	return state, nil
}

var errDue = errors.New("a fit fell into a round: begin after a midnight")

// workloads is how many a round is made of.
const workloads = 10_000

// roundOf times a minute of many workloads: each takes a value and is forecast.
// A few states take turns for them; the nightly refit is not part of it, and its
// share of a day is the fit's own figure.
func roundOf(s forecast.Series) ([]measurement, error) {
	states := make([]*forecast.State, 64)
	before := liveHeap()
	for i := range states {
		var err error
		if states[i], err = stateOf(s); err != nil {
			return nil, err
		}
		if err := states[i].Refit(); err != nil {
			return nil, err
		}
	}
	perState := (liveHeap() - before) / float64(len(states))
	at := s.Origin()
	var failed error
	round := func() {
		for range workloads / len(states) {
			at = at.Add(s.Step)
			for _, state := range states {
				if err := turn(state, at); err != nil {
					failed = err
				}
			}
		}
	}
	ns := cpu(round, 3, 1)
	runtime.KeepAlive(states)
	return []measurement{
		{"state_heap_bytes", perState, "bytes"},
		{fmt.Sprintf("refresh_%d_workloads", workloads), ns / 1e6, "ms"},
		{fmt.Sprintf("refresh_%d_workloads_core_share", workloads), ns / float64(time.Minute.Nanoseconds()), "ratio"},
	}, failed
}

// turn is what a minute brings a workload.
func turn(state *forecast.State, at time.Time) error {
	if err := state.Add(at, 1000); err != nil {
		return err
	}
	if state.Due() {
		return errDue
	}
	_, err := state.Forecast(80, []float64{0.9, 0.95, 0.99})
	return err
}

// cpu returns the median over n batches of the processor time of one call of f,
// in nanoseconds, collection of garbage included: others on the machine make it
// wait, which is nothing of its own.
func cpu(f func(), n, batch int) float64 {
	times := make([]float64, n)
	for i := range times {
		began := used()
		for range batch {
			f()
		}
		times[i] = float64(used()-began) / float64(batch)
	}
	slices.Sort(times)
	return times[n/2]
}

// used is the processor time of this process so far.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// snapshotBytes weighs what a pool publishes: the heap of a board of many.
func snapshotBytes() (float64, error) {
	const pools = 50
	settings, err := refresh.SettingsOf(newPool("shop", "web"), refresh.Binding{Given: asIs, Ours: asIs}, refresh.DefaultInterval)
	if err != nil {
		return 0, err
	}
	loop, err := refresh.NewLoop(settings, &counting{}, nil)
	if err != nil {
		return 0, err
	}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	board := &publish.Board{}
	for range caughtUp {
		loop.Tick(context.Background(), now) // the loop itself is not to grow any more
	}
	before := liveHeap()
	for i := range pools {
		p := loop.Tick(context.Background(), now.Add(time.Duration(i+1)*time.Second)).Published()
		p.Name = fmt.Sprintf("web-%d", i)
		board.Publish(p)
	}
	perPool := (liveHeap() - before) / pools
	runtime.KeepAlive(board)
	runtime.KeepAlive(loop)
	return perPool, nil
}
