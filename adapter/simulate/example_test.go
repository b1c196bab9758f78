package simulate_test

import (
	"fmt"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/simulate"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// A load that doubles meets pods that take a minute to start: a reactive HPA is
// late by that minute, and by the time in which the new pods serve cold.
func Example() {
	start := time.Date(2024, 5, 6, 8, 0, 0, 0, time.UTC)
	load, err := simulate.NewLoad(forecast.Series{Start: start, Step: time.Minute, Values: []float64{70, 140, 140, 140, 140, 140}})
	if err != nil {
		fmt.Println(err)
		return
	}
	reactive := simulate.Reactive{
		Workload: simulate.DefaultWorkload(10, time.Minute),
		HPA:      simulate.DefaultHPA(1, 100),
		Target:   0.7,
		Read:     load.Read,
	}
	arm, err := reactive.Arm("reactive", load, start, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := arm.Advance(load.End()); err != nil {
		fmt.Println(err)
		return
	}
	s := arm.State()
	fmt.Printf("%d replicas, %v of overload, %.0f requests above capacity, %d pods joined cold\n",
		s.Replicas, s.Totals.Overload(), s.Totals.Lost, s.Totals.ColdJoins)
	// Output: 20 replicas, 1m0s of overload, 2400 requests above capacity, 10 pods joined cold
}
