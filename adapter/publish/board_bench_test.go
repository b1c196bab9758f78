package publish

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
)

// crowd returns a board of n pools, perNamespace in each namespace.
func crowd(n, perNamespace int) *Board {
	b := &Board{}
	for i := range n {
		b.Publish(testPool(fmt.Sprintf("namespace-%05d", i/perNamespace), fmt.Sprintf("pool-%05d", i)))
	}
	return b
}

// BenchmarkPublish publishes one pool of many anew.
func BenchmarkPublish(b *testing.B) {
	for _, size := range []struct{ pools, perNamespace int }{{1, 1}, {1000, 10}, {10_000, 1}, {10_000, 10}, {10_000, 10_000}} {
		b.Run(fmt.Sprintf("pools=%d/namespace=%d", size.pools, size.perNamespace), func(b *testing.B) {
			b.ReportAllocs()
			board := crowd(size.pools, size.perNamespace)
			i := size.pools / 2
			p := testPool(fmt.Sprintf("namespace-%05d", i/size.perNamespace), fmt.Sprintf("pool-%05d", i))
			for b.Loop() {
				board.Publish(p)
			}
			if got := board.Snapshot().Len(); got != size.pools {
				b.Fatalf("%d pools, want %d", got, size.pools)
			}
		})
	}
}

// BenchmarkLookup finds one pool of many; bytes_per_pool is what the board holds.
func BenchmarkLookup(b *testing.B) {
	for _, pools := range []int{1, 1000, 10_000} {
		b.Run(fmt.Sprintf("pools=%d", pools), func(b *testing.B) {
			b.ReportAllocs()
			before := heap()
			board := crowd(pools, 10)
			perPool := float64(heap()-before) / float64(pools)
			selector, s := parseSelector(b, fmt.Sprintf("pool=pool-%05d", pools/2)), board.Snapshot()
			namespace := fmt.Sprintf("namespace-%05d", pools/2/10)
			for b.Loop() {
				if e, _ := s.selectOne(namespace, selector); e == nil {
					b.Fatal("the pool was not found")
				}
			}
			b.ReportMetric(perPool, "bytes_per_pool")
		})
	}
}

// heap is what is in use after a collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkScrape writes the whole page of metrics.
func BenchmarkScrape(b *testing.B) {
	for _, pools := range []int{1000, 10_000} {
		b.Run(fmt.Sprintf("pools=%d", pools), func(b *testing.B) {
			b.ReportAllocs()
			all := make([]Pool, pools)
			for i := range all {
				all[i] = testPool(fmt.Sprintf("namespace-%05d", i/10), fmt.Sprintf("pool-%05d", i))
			}
			reg := prometheus.NewRegistry() // the pedantic one checks each metric twice
			reg.MustRegister(NewExporter(testBoard(all...), clockAtNoon()))
			handler := NewHandler(reg, nil, log.NewNopLogger())
			request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
			for b.Loop() {
				recorder := httptest.NewRecorder()
				handler.ServeHTTP(recorder, request)
				if n, _ := io.Copy(io.Discard, recorder.Body); n == 0 {
					b.Fatal("the page is empty")
				}
			}
		})
	}
}
