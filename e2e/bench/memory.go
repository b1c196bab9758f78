package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/publish"
	"github.com/foreshadow-dev/foreshadow/adapter/refresh"
)

// caughtUp is after how many rounds the forecasts of the last days are judged.
const caughtUp = 12

// memory weighs what one pool with the default history (28 days, a minute each)
// keeps on the heap between two rounds, its capacity given.
func memory() ([]measurement, error) {
	const pools = 20
	source, board := &counting{}, &publish.Board{}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	before := liveHeap()
	loops := make([]*refresh.Loop, pools)
	for i := range loops {
		settings, err := refresh.SettingsOf(newPool("shop", fmt.Sprintf("web-%d", i)), refresh.Binding{Given: asIs, Ours: asIs}, refresh.DefaultInterval)
		if err != nil {
			return nil, err
		}
		if loops[i], err = refresh.NewLoop(settings, source, nil); err != nil {
			return nil, err
		}
		for round := range caughtUp {
			board.Publish(loops[i].Tick(context.Background(), now.Add(time.Duration(round)*time.Minute)).Published())
		}
	}
	perPool := (liveHeap() - before) / pools
	runtime.KeepAlive(loops)
	return []measurement{{"heap_per_pool", perPool / 1024, "KiB"}}, nil
}

// liveHeap returns the bytes that are still reachable.
func liveHeap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what is lent for a fit outlives one
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
