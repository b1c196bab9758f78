package profile

import (
	"errors"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const shift = 3 * time.Hour

func TestAProfileMeasuresEachPod(t *testing.T) {
	actors := crowd(24, noon.Add(-2*time.Hour), noon.Add(time.Minute))
	p := follow(t, play(t, actors), config(t, nil), noon, noon)[0]
	require.Len(t, p.Pods, 24)
	require.Equal(t, 24, p.Compared)
	require.Empty(t, p.Missing)
	require.Empty(t, p.Anomalous())
	require.NotEmpty(t, p.Source.Pod)
	for _, a := range actors {
		pod := p.Pod(a.name)
		require.NotNil(t, pod, a.name)
		require.Len(t, pod.Stats, 7) // the six of cAdvisor, and requests
		require.InEpsilon(t, 0.4*a.share, pod.Stats[CPU].Median, 0.35)
		require.InEpsilon(t, 100*a.share, pod.Stats[Requests].Median, 0.35)
		require.Greater(t, pod.Stats[Memory].Median, 200.0*(1<<20))
		require.LessOrEqual(t, pod.Stats[CPU].P10, pod.Stats[CPU].P90)
	}
	require.InEpsilon(t, 0.4, p.Middle[CPU].Median, 0.25)
}

func TestTheNumberOfQueriesDoesNotDependOnThePods(t *testing.T) {
	asked := func(pods int) int64 {
		src := play(t, crowd(pods, noon.Add(-2*time.Hour), noon.Add(2*time.Hour)))
		follow(t, src, config(t, nil), noon, noon.Add(time.Hour))
		return src.queries.Load()
	}
	// Seven windows of eight queries, and the hours of the week once.
	require.EqualValues(t, 7*8+7, asked(3))
	require.EqualValues(t, 7*8+7, asked(60))
}

func TestAnOutlierIsNeverTheSource(t *testing.T) {
	for _, odd := range []string{
		"container_cpu_usage_seconds_total", "container_network_transmit_bytes_total", "container_fs_writes_bytes_total", "http_requests_total",
	} {
		t.Run(odd, func(t *testing.T) {
			actors := crowd(22, noon.Add(-2*time.Hour), noon.Add(shift))
			// In all else it is the middle itself.
			strange := actor{name: podName(999), share: 1, from: noon.Add(-2 * time.Hour), to: noon.Add(shift), odd: odd, oddFactor: 9}
			for _, p := range follow(t, play(t, append(actors, strange)), config(t, nil), noon, noon.Add(shift-Interval)) {
				require.NotEqual(t, strange.name, p.Source.Pod)
				require.Len(t, p.Anomalous(), 1)
				require.Equal(t, strange.name, p.Anomalous()[0].Name)
				require.Contains(t, p.Says(p.Anomalous()[0]), "deviations")
			}
		})
	}
}

func TestTheSourceStaysWhileThePodsDo(t *testing.T) {
	profiles := follow(t, play(t, crowd(24, noon.Add(-2*time.Hour), noon.Add(2*shift))), config(t, nil), noon, noon.Add(2*shift-Interval))
	nearest := map[string]bool{}
	for _, p := range profiles {
		best := choose(p.Pods, p.Compared, Choice{}, p.At, Config{})
		nearest[best.Pod] = true
	}
	last := profiles[len(profiles)-1]
	require.Len(t, profiles, 36)
	require.Greater(t, len(nearest), 1, "the nearest pod never changed, so this proves nothing")
	require.Zero(t, last.Source.Changes)
	require.Equal(t, noon, last.Source.Since)
}

func TestTheSourceChangesWhenItMust(t *testing.T) {
	first := follow(t, play(t, crowd(20, noon.Add(-2*time.Hour), noon.Add(2*time.Hour))), config(t, nil), noon, noon)[0].Source.Pod
	for _, tc := range []struct {
		name   string
		change func(*actor)
		says   string
	}{
		{"it restarts", func(a *actor) { a.restart = noon.Add(25 * time.Minute) }, "has restarted"},
		{"it is gone", func(a *actor) { a.to = noon.Add(25 * time.Minute) }, "is gone"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			actors := crowd(20, noon.Add(-2*time.Hour), noon.Add(2*time.Hour))
			for i := range actors {
				if actors[i].name == first {
					tc.change(&actors[i])
				}
			}
			profiles := follow(t, play(t, actors), config(t, nil), noon, noon.Add(110*time.Minute))
			require.Equal(t, first, profiles[2].Source.Pod)
			require.NotEqual(t, first, profiles[4].Source.Pod)
			require.Contains(t, profiles[3].Source.Reason+profiles[4].Source.Reason, first+", which "+tc.says)
			last := profiles[len(profiles)-1]
			require.EqualValues(t, 1, last.Source.Changes, "back in the middle it is no reason to change again")
		})
	}
}

func TestAYoungPodIsNoSource(t *testing.T) {
	actors := crowd(6, noon.Add(-2*time.Hour), noon.Add(2*time.Hour))
	for i := range actors {
		actors[i].share = 0.5 + 0.2*float64(i)
	}
	young := actor{name: podName(500), share: 1, from: noon.Add(-8 * time.Minute), to: noon.Add(2 * time.Hour)}
	src := play(t, append(actors, young))
	profiles := follow(t, src, config(t, nil), noon, noon.Add(70*time.Minute))
	require.Equal(t, Young, profiles[0].Pod(young.name).Standing)
	require.NotEqual(t, young.name, profiles[0].Source.Pod)
	last := profiles[len(profiles)-1]
	require.Equal(t, Compared, last.Pod(young.name).Standing)

	// A new choice would be this pod now: where nobody says when containers
	// started, the age of its values counts.
	fresh := follow(t, src, config(t, func(c *Config) {
		c.Queries[len(c.Queries)-1].Expr = `missing`
	}), noon, noon)[0]
	require.Equal(t, Young, fresh.Pod(young.name).Standing)
	require.Equal(t, Started, fresh.Missing[0].Dimension)
}

func TestWithoutAnyPodToMirrorTheReasonIsSaid(t *testing.T) {
	actors := crowd(3, noon.Add(-5*time.Minute), noon.Add(time.Hour))
	p := follow(t, play(t, actors), config(t, nil), noon, noon)[0]
	require.Empty(t, p.Source.Pod)
	require.Equal(t, "no pod may be the source: 3 younger than 10m0s", p.Source.Reason)
	p = follow(t, play(t, actors), config(t, nil), noon.Add(shift), noon.Add(shift))[0]
	require.Equal(t, "no pod may be the source: none has been seen: scrape container_cpu_usage_seconds_total and container_memory_working_set_bytes of cAdvisor, by pod", p.Source.Reason)
}

// Shadows have the names of pods and far more requests: they are in no profile
// and move none.
func TestShadowsAreNoPods(t *testing.T) {
	actors := crowd(20, noon.Add(-2*time.Hour), noon.Add(time.Minute))
	want := follow(t, play(t, actors), config(t, nil), noon, noon)[0]
	for i := range 6 {
		actors = append(actors, actor{name: podName(700 + i), share: 20, from: noon.Add(-2 * time.Hour), to: noon.Add(time.Minute), shadow: true})
	}
	got := follow(t, play(t, actors), config(t, nil), noon, noon)[0]
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("(-without shadows +with):\n%s", diff)
	}
}

func TestTwoReplicasAnswerAlike(t *testing.T) {
	src := play(t, crowd(24, noon.Add(-2*time.Hour), noon.Add(shift)))
	long := follow(t, src, config(t, nil), noon, noon.Add(2*time.Hour))
	before, want := long[len(long)-2], long[len(long)-1]
	// The other one starts late, and knows the source from the pool's status.
	cfg := config(t, nil)
	r, err := NewReader(src, cfg)
	require.NoError(t, err)
	raw, err := r.Read(t.Context(), noon.Add(2*time.Hour+9*time.Minute))
	require.NoError(t, err)
	got := Build(raw, cfg, Before{At: before.At, Source: before.Source, Missing: before.Missing})
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	actors := crowd(6, noon.Add(-2*time.Hour), noon.Add(2*time.Hour))
	actors[0].lacks = "container_fs_reads_bytes_total"
	src := play(t, actors)
	cfg := config(t, func(c *Config) {
		for i, q := range c.Queries {
			if other, ok := map[Dimension]string{
				DiskWrite:       `sum by (pod) (nothing)`,
				NetworkReceive:  `sum(container_memory_working_set_bytes)`,
				NetworkTransmit: q.Expr + ` and on () vector(time()) < 1772453400`, // 12:10
				Requests:        `label_replace(container_memory_working_set_bytes, "x", "1", "", "") or container_memory_working_set_bytes`,
			}[q.Dimension]; ok {
				c.Queries[i].Expr = other
			}
		}
	})
	profiles := follow(t, src, cfg, noon, noon.Add(time.Hour))
	by := func(p Profile, d Dimension) Missing {
		for _, m := range p.Missing {
			if m.Dimension == d {
				return m
			}
		}
		return Missing{}
	}
	first, last := profiles[0], profiles[6]
	require.Contains(t, by(first, DiskWrite).Reason, "no series")
	require.True(t, by(first, DiskWrite).Since.IsZero(), "nobody looked before")
	require.Contains(t, by(first, NetworkReceive).Reason, "a series has no label pod")
	require.Contains(t, by(first, Requests).Reason, "several series")
	require.Contains(t, by(first, DiskRead).Reason, "1 of 6 pods have none, such as "+actors[0].name)
	require.Empty(t, by(first, CPU).Reason)
	require.Empty(t, by(first, NetworkTransmit).Reason)
	for _, p := range profiles[3:] {
		require.WithinDuration(t, noon.Add(10*time.Minute), by(p, NetworkTransmit).Since, 2*time.Minute, p.At.String())
	}
	require.NotEmpty(t, last.Source.Pod, "the rest is enough")
	require.Less(t, len(by(last, Requests).Reason), 400)
}

func TestAnOutageGivesNoProfile(t *testing.T) {
	src := play(t, crowd(6, noon.Add(-2*time.Hour), noon.Add(2*time.Hour)))
	src.fail = func(expr string) error {
		if strings.Contains(expr, "network") {
			return &history.QueryError{Where: "test", Kind: history.ErrUnavailable, Cause: errors.New("503"), Remedy: "wait"}
		}
		return nil
	}
	r, err := NewReader(src, config(t, nil))
	require.NoError(t, err)
	_, err = r.Read(t.Context(), noon.Add(settle))
	require.ErrorIs(t, err, history.ErrUnavailable)
	require.False(t, r.Due(noon.Add(2*time.Minute)), "an outage is no reason to ask more often")
	require.True(t, r.Due(noon.Add(Interval+settle)))
}

func TestHoursOfTheWeek(t *testing.T) {
	require.Equal(t, 0, HourOfWeek(time.Date(2026, 3, 2, 0, 59, 0, 0, time.UTC)))
	require.Equal(t, 167, HourOfWeek(time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC)))
	var points []history.Point
	for at := noon.Add(-14 * 24 * time.Hour); at.Before(noon); at = at.Add(weekStep) {
		points = append(points, history.Point{TimeMillis: at.UnixMilli(), Value: float64(at.Hour())})
	}
	w := WeekOf(points)
	for h := range w {
		require.Equal(t, 8, w[h].N)
		require.Equal(t, float64(h%24), w[h].Median)
		require.Zero(t, w[h].MAD)
	}
}

func TestThePodInTheMiddleIsKnownByTheHour(t *testing.T) {
	actors := crowd(3, noon.Add(-8*24*time.Hour), noon.Add(time.Minute))
	p := follow(t, play(t, actors), config(t, nil), noon, noon)[0]
	require.InEpsilon(t, p.Middle[Requests].Median, p.Usual[Requests].Median, 0.1)
	require.Equal(t, 4, p.Usual[Requests].N)
}

func TestPodPattern(t *testing.T) {
	deployment, replicaSet := regexp.MustCompile("^(?:"+PodPattern("Deployment", "web")+")$"), regexp.MustCompile("^(?:"+PodPattern("ReplicaSet", "web.eu")+")$")
	for name, want := range map[string]bool{
		"web-6d4f8b7c9-bcx2z": true, "web-5c9-bcx2z": true, "web-api-6d4f8b7c9-bcx2z": false, "web-api-bcx2z": false, "webs-6d4f8b7c9-bcx2z": false,
	} {
		require.Equal(t, want, deployment.MatchString(name), name)
	}
	require.True(t, replicaSet.MatchString("web.eu-bcx2z"))
	require.False(t, replicaSet.MatchString("webxeu-bcx2z"))
}

func TestStatsOf(t *testing.T) {
	got := StatsOf([]float64{1, math.NaN(), 3, 2, math.Inf(1), 100})
	require.Equal(t, Stats{N: 4, Median: 2.5, P10: 1.3, P90: 70.9, MAD: 1}, Stats{N: got.N, Median: got.Median, P10: math.Round(got.P10*10) / 10, P90: math.Round(got.P90*10) / 10, MAD: got.MAD})
	require.True(t, math.IsNaN(StatsOf(nil).Median))
	require.True(t, math.IsNaN(StatsOf([]float64{math.NaN()}).MAD))
}
