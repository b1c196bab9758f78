package history_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/go-kit/log"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
)

// A pool's query is confined to its namespace and read from a store of past
// samples.
func Example() {
	dir, err := os.MkdirTemp("", "history")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	start := time.Date(2021, time.March, 1, 0, 0, 0, 0, time.UTC)
	load := history.Samples{Labels: map[string]string{"__name__": "requests", "namespace": "shop"}}
	for i := range 60 {
		at := start.Add(time.Duration(i) * time.Minute)
		load.Points = append(load.Points, history.Point{TimeMillis: at.UnixMilli(), Value: float64(100 + i)})
	}
	if err := embedded.WriteBlocks(dir, load); err != nil {
		fmt.Println(err)
		return
	}
	store, err := embedded.Open(embedded.Config{Dir: dir}, log.NewNopLogger(), history.NewMetrics(nil), clock.RealClock{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()

	expr, err := history.Confine("sum(requests)", "shop", history.Confinement{Label: "namespace"})
	if err != nil {
		fmt.Println(err)
		return
	}
	reader, err := history.NewReader(store, history.ReaderConfig{Expr: expr, Window: 24 * time.Hour, Step: time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := reader.Read(context.Background(), start.Add(59*time.Minute+30*time.Second))
	if err != nil {
		fmt.Println(err)
		return
	}
	v, at, _ := got.Series.Last()
	fmt.Println(expr)
	fmt.Println(len(got.Series.Values), "steps, last", v, "at", at.Format("15:04"))
	// Output:
	// sum(requests{namespace="shop"})
	// 60 steps, last 159 at 00:59
}
