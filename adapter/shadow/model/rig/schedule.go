package rig

import (
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model"
)

// Schedule is what happens to a shop, and when, as bytes that a fuzzer can
// change: each choice takes one of them. Once there are none left, it ends.
type Schedule struct{ left []byte }

// NewSchedule returns the schedule of some bytes.
func NewSchedule(b []byte) *Schedule { return &Schedule{left: b} }

// IntN takes the next byte; without any it is 0.
func (s *Schedule) IntN(n int) int {
	if len(s.left) == 0 {
		return 0
	}
	b := s.left[0]
	s.left = s.left[1:]
	return int(b) % n
}

// maxSteps bounds how much happens in one run.
const maxSteps = 16

// wait takes a byte for how long to wait: the lower half is for what meets
// writes that are under way, the upper for what meets their consequences.
func (s *Schedule) wait() time.Duration {
	const half = 128
	b := s.IntN(2 * half)
	if b < half {
		return time.Duration(b) * 400 * time.Millisecond / half
	}
	return time.Duration(b-half) * 12 * time.Second / half
}

// Run lets the schedule happen. The choice draws how long everything takes; a
// tamper makes the product wrong.
func (s *Schedule) Run(wait func(), choice model.Choice, tamper Tamper) Report {
	r := newTrial(wait, choice, tamper)
	defer r.Close()
	r.chaos = NewChaos(r.Shop, s, 0)
	ops := append(r.chaos.ops(), r.chaos.arm, r.chaos.arm, r.chaos.arm, r.chaos.arm)
	for range maxSteps {
		if len(s.left) == 0 {
			break
		}
		r.chaos.do(ops)
		r.RunFor(s.wait())
	}
	r.chaos.Calm()
	return r.end(r.chaos)
}
