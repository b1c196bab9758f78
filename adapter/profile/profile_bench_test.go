package profile

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// rawOf is a window of pods under uneven load, without Prometheus.
func rawOf(pods int) Raw {
	raw := Raw{End: noon, Step: 2 * time.Minute}
	for i, d := range append(Dimensions(), Started) {
		s := Samples{Dimension: d, ByPod: map[string][]float64{}}
		for p := range pods {
			values := make([]float64, points)
			for j := range values {
				values[j] = float64(1+(p*7919+i*104729)%997) * 1e3
				if d != Started {
					values[j] += float64((j * 31) % 17)
				}
			}
			s.ByPod[podName(p)] = values
		}
		raw.Samples = append(raw.Samples, s)
	}
	return raw
}

func BenchmarkBuild(b *testing.B) {
	for _, pods := range []int{20, 1000} {
		raw, cfg := rawOf(pods), Config{Window: time.Hour, MinAge: 10 * time.Minute}
		b.Run(fmt.Sprintf("pods=%d", pods), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Build(raw, cfg, Before{})
			}
		})
	}
}

// BenchmarkRead asks the embedded store, which evaluates all of it in this
// process.
func BenchmarkRead(b *testing.B) {
	for _, pods := range []int{20, 1000} {
		src := play(b, crowd(pods, noon.Add(-80*time.Minute), noon.Add(time.Minute)))
		cfg := config(b, func(c *Config) { c.Weekly = nil })
		b.Run(fmt.Sprintf("pods=%d", pods), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := NewReader(src, cfg)
				require.NoError(b, err)
				raw, err := r.Read(b.Context(), noon.Add(settle))
				require.NoError(b, err)
				require.Len(b, Build(raw, cfg, Before{}).Pods, pods)
			}
		})
	}
}
