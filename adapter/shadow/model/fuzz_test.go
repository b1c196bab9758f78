package model_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model/rig"
)

// FuzzSchedule lets the fuzzer choose what happens to a shop and when: raises,
// rollouts, crashes, failing writes, watches that hang, two leaders.
func FuzzSchedule(f *testing.F) {
	for n := range uint64(32) {
		r := rand.New(rand.NewPCG(n, 7))
		schedule := make([]byte, 6+r.IntN(50))
		for i := range schedule {
			schedule[i] = byte(r.Uint32())
		}
		f.Add(n, schedule)
	}
	f.Fuzz(func(t *testing.T, seed uint64, schedule []byte) {
		var out rig.Report
		synctest.Test(t, func(*testing.T) {
			out = rig.NewSchedule(schedule).Run(synctest.Wait, rand.New(rand.NewPCG(seed, 43)), rig.Tamper{})
		})
		if !out.OK() {
			t.Error(describe(fmt.Sprintf("seed %d, schedule %v", seed, schedule), out))
		}
	})
}
