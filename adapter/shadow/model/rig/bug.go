package rig

import (
	"math/rand/v2"
	"strings"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/invariant"
)

// Bug is a way in which a controller could be wrong. A checker that does not
// find it is worth nothing.
type Bug struct {
	// Name says what it does wrong.
	Name string
	// Breaks is the promise that it breaks, Says a part of the sentence where the
	// promise alone does not say enough.
	Breaks, Says string
	// Plant makes the product wrong. What it keeps is of one run.
	Plant func() Tamper
	// Scene is the story in which it shows; without one it shows in random runs.
	Scene Scene
}

// Caught is the run in which a bug showed.
type Caught struct {
	Seed uint64
	// First is what was found of the promise that the bug breaks.
	First invariant.Violation
	// Clean says that the same runs without the bug, up to this one, broke
	// nothing; if not, Without is what the first of them did.
	Clean   bool
	Without Report
	// Others are what else was found in the last run.
	Others []invariant.Violation
}

// maxSeeds bounds how many runs a bug has to show itself.
const maxSeeds = 20

// Catch looks for a run in which a bug breaks its promise. Each run is done by
// bubble, which must call what it is given in a bubble of its own, with the Wait
// of that. It says whether there was such a run.
func (b Bug) Catch(bubble func(do func(wait func()))) (Caught, bool) {
	out := Caught{Clean: true}
	for seed := uint64(1); seed <= maxSeeds; seed++ {
		var with, without Report
		bubble(func(wait func()) { without = b.run(wait, seed, Tamper{}) })
		if !without.OK() {
			return Caught{Seed: seed, Without: without}, false
		}
		bubble(func(wait func()) { with = b.run(wait, seed, b.Plant()) })
		for _, v := range with.Violations {
			if v.Invariant == b.Breaks && strings.Contains(v.Message, b.Says) {
				return Caught{Seed: seed, First: v, Clean: true, Without: without}, true
			}
		}
		out.Others = with.Violations
	}
	return out, false
}

// run lets one run happen.
func (b Bug) run(wait func(), seed uint64, tamper Tamper) Report {
	choice := rand.New(rand.NewPCG(seed, 42))
	if b.Scene.Happens == nil {
		return Random(wait, choice, tamper)
	}
	out, _ := b.Scene.Tell(wait, choice, tamper, nil)
	return out
}
