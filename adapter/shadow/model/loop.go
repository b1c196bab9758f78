package model

import (
	"container/heap"
	"time"

	"k8s.io/utils/clock"
)

// Choice answers every question of chance.
type Choice interface {
	// IntN returns a number from 0 to n-1; n is above 0.
	IntN(n int) int
}

// Loop does one task after the other, each at its time.
type Loop struct {
	clock   clock.PassiveClock
	advance func(time.Duration)
	choice  Choice
	tasks   taskHeap
	seq     int
	// Each is called after each task, with its name.
	Each func(name string)
}

// NewLoop returns a loop on a clock that advance moves.
func NewLoop(c clock.PassiveClock, advance func(time.Duration), choice Choice) *Loop {
	return &Loop{clock: c, advance: advance, choice: choice}
}

type task struct {
	at   time.Time
	seq  int
	name string
	do   func()
}

// Now is the instant of the virtual clock.
func (l *Loop) Now() time.Time { return l.clock.Now() }

// After does something later.
func (l *Loop) After(d time.Duration, name string, do func()) { l.At(l.Now().Add(d), name, do) }

// At does something at an instant.
func (l *Loop) At(at time.Time, name string, do func()) {
	l.seq++
	heap.Push(&l.tasks, &task{at: at, seq: l.seq, name: name, do: do})
}

// Between chooses a duration, in steps of a 64th of the difference.
func (l *Loop) Between(low, high time.Duration) time.Duration {
	if high <= low {
		return low
	}
	return low + (high-low)*time.Duration(l.choice.IntN(65))/64
}

// Chance is true once in n times.
func (l *Loop) Chance(n int) bool { return n > 0 && l.choice.IntN(n) == 0 }

// IntN chooses a number from 0 to n-1.
func (l *Loop) IntN(n int) int { return l.choice.IntN(n) }

// Step does the next task, if there is one not later than the limit.
func (l *Loop) Step(limit time.Time) bool {
	if len(l.tasks) == 0 || l.tasks[0].at.After(limit) {
		return false
	}
	t, ok := heap.Pop(&l.tasks).(*task)
	if !ok {
		return false
	}
	if d := t.at.Sub(l.Now()); d > 0 {
		l.advance(d)
	}
	t.do()
	if l.Each != nil {
		l.Each(t.name)
	}
	return true
}

// RunFor does everything that is to happen within a duration, and ends at its
// end.
func (l *Loop) RunFor(d time.Duration) {
	end := l.Now().Add(d)
	for l.Step(end) {
	}
	if rest := end.Sub(l.Now()); rest > 0 {
		l.advance(rest)
	}
}

// RunUntil does tasks until a condition holds, and says whether it did within a
// duration.
func (l *Loop) RunUntil(within time.Duration, holds func() bool) bool {
	end := l.Now().Add(within)
	for !holds() {
		if !l.Step(end) {
			return false
		}
	}
	return true
}

type taskHeap []*task

func (h *taskHeap) Len() int { return len(*h) }
func (h *taskHeap) Less(i, j int) bool {
	a, b := (*h)[i], (*h)[j]
	if !a.at.Equal(b.at) {
		return a.at.Before(b.at)
	}
	return a.seq < b.seq
}
func (h *taskHeap) Swap(i, j int) { (*h)[i], (*h)[j] = (*h)[j], (*h)[i] }
func (h *taskHeap) Push(x any) {
	if t, ok := x.(*task); ok {
		*h = append(*h, t)
	}
}

func (h *taskHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return t
}
