//go:build e2e && linux

package node

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/profile"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
	"github.com/foreshadow-dev/foreshadow/e2e/prom"
)

const (
	profiledPods = 20
	// profileWindow is what a profile looks at here, and profileEvery how often:
	// the product looks at an hour, each ten minutes, which a test cannot wait for.
	profileWindow, profileStep, profileEvery = time.Minute, 5 * time.Second, 10 * time.Second
	// profileRate is the range of rates: three of the kubelet's own looks.
	profileRate = "30s"
	// eachSecond is how many requests the pods get in the mean; the odd one gets
	// thirty times as many.
	eachSecond, oddFactor = 2.0, 30.0
)

// cadvisorScrape is a Prometheus that asks the kubelet for what its containers
// use.
const cadvisorScrape = `global: {scrape_interval: 5s, scrape_timeout: 5s}
scrape_configs:
- job_name: cadvisor
  scheme: https
  metrics_path: /metrics/cadvisor
  tls_config: {insecure_skip_verify: true, cert_file: %[1]s/client.crt, key_file: %[1]s/client.key}
  static_configs: [{targets: ["%[2]s:10250"]}]
`

// The source pod is chosen among twenty real containers under uneven load, from
// what the kubelet's cAdvisor and a real Prometheus say of them. It stays while
// they do; when it becomes unlike the others, another one takes its place, and it
// is never chosen again.
func TestSourceOfRealContainers(t *testing.T) {
	shared.startStock(t)
	w := shared.deploy(t, shopKind(), "profile", profiledPods, tableCPU)
	t.Cleanup(func() { w.remove(t) })
	src := shared.scrapeKubelet(t)
	w.awaitReady(t, profiledPods)
	load := w.unevenLoad(t)
	r := recorder{src: src, queries: profileQueries()}
	// As many profiles before a pod becomes unlike the others, and afterwards.
	profiles := 9
	if testing.Short() {
		profiles = 4
	}
	w.awaitSeries(t, &r)

	for range profiles {
		p := r.next(t, w)
		require.NotEmpty(t, p.Source.Pod, p.Source.Reason)
		require.Nil(t, farOff(p, p.Source.Pod))
	}
	quiet := r.before.Source
	t.Logf("%d profiles of %d containers: source %s, %d changes: %s", profiles, r.compared, quiet.Pod, quiet.Changes, quiet.Reason)
	shared.report.Add("profile_containers", float64(r.compared), "containers")
	shared.report.Add("profile_source_changes_quiet", float64(quiet.Changes), "changes")
	require.GreaterOrEqual(t, r.compared, profiledPods)
	require.LessOrEqual(t, quiet.Changes, int64(profiles/3), "the source does not stay")

	odd := quiet.Pod
	load.makeOdd(odd)
	r.await(t, w, odd)
	after := r.before.Source
	for range profiles {
		p := r.next(t, w)
		require.NotEqual(t, odd, p.Source.Pod, "the odd pod is the source")
		require.NotEmpty(t, p.Source.Pod, p.Source.Reason)
	}
	t.Logf("the odd pod: %s; source %s, %d changes since: %s", r.last.Says(r.last.Pod(odd)), r.before.Source.Pod, r.before.Source.Changes-after.Changes, r.before.Source.Reason)
	shared.report.Add("profile_source_changes_beside_odd_pod", float64(r.before.Source.Changes-after.Changes), "changes")
	require.LessOrEqual(t, r.before.Source.Changes-after.Changes, int64(profiles/3), "the source does not stay")
}

// profileQueries are the product's, over shorter ranges.
func profileQueries() []profile.Query {
	queries := profile.Queries("Deployment", "web", nil)
	for i := range queries {
		queries[i].Expr = strings.ReplaceAll(queries[i].Expr, "[3m]", "["+profileRate+"]")
	}
	return queries
}

// scrapeKubelet starts a Prometheus beside the kubelet and returns it as a
// source.
func (r *rig) scrapeKubelet(t *testing.T) history.Source {
	t.Helper()
	kubeconfig, err := r.CreateUser("prometheus", "system:masters")
	require.NoError(t, err)
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	require.NoError(t, err)
	require.NoError(t, clientcmdData(&cfg.CertData, cfg.CertFile))
	require.NoError(t, clientcmdData(&cfg.KeyData, cfg.KeyFile))
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"client.crt": cfg.CertData, "client.key": cfg.KeyData, "prometheus.yml": fmt.Appendf(nil, cadvisorScrape, dir, nodeIP),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	binary, err := prom.Binary()
	require.NoError(t, err)
	ports, err := process.FreePorts(1)
	require.NoError(t, err)
	address := fmt.Sprintf("%s:%d", process.Loopback, ports[0])
	child, err := process.Start(process.Config{Name: "prometheus", Path: binary, LogDir: r.logs, Args: []string{
		"--config.file=" + filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path=" + filepath.Join(dir, "data"), "--web.listen-address=" + address,
	}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, child.Stop(stopGrace)) })
	src, err := history.NewRemote(history.RemoteConfig{URL: "http://" + address}, log.NewNopLogger(), history.NewMetrics(prometheus.NewRegistry()), r.clock)
	require.NoError(t, err)
	return src
}

// clientcmdData reads what a kubeconfig names by a file.
func clientcmdData(data *[]byte, file string) (err error) {
	if len(*data) == 0 {
		*data, err = os.ReadFile(file)
	}
	return err
}

// recorder makes profiles of what Prometheus has recorded.
type recorder struct {
	src      history.Source
	queries  []profile.Query
	before   profile.Before
	last     profile.Profile
	end      time.Time
	compared int
}

var profiled = profile.Config{Window: profileWindow, MinAge: profileWindow}

// read reads the window that ends at end.
func (r *recorder) read(ctx context.Context, end time.Time) (profile.Raw, error) {
	rng := history.Range{End: end, Step: profileStep, MaxSeries: 100}.Aligned()
	rng.Start = rng.End.Add(rng.Step - profileWindow)
	raw := profile.Raw{End: rng.End, Step: rng.Step}
	for _, q := range r.queries {
		s := profile.Samples{Dimension: q.Dimension, ByPod: map[string][]float64{}}
		res, err := r.src.QueryRange(ctx, q.Expr, rng)
		if err != nil {
			return raw, fmt.Errorf("%s: %w", q.Dimension, err)
		}
		for _, series := range res.Series {
			values := make([]float64, rng.Points())
			for i := range values {
				values[i] = math.NaN()
			}
			for _, p := range series.Points {
				values[(p.TimeMillis-rng.Start.UnixMilli())/rng.Step.Milliseconds()] = p.Value
			}
			s.ByPod[series.Labels["pod"]] = values
		}
		raw.Samples = append(raw.Samples, s)
	}
	return raw, nil
}

// next makes the profile that follows the last one, once its window is over.
func (r *recorder) next(t *testing.T, w *workload) profile.Profile {
	t.Helper()
	if r.end.IsZero() {
		r.end = w.clock.Now().Truncate(profileStep)
	}
	r.end = r.end.Add(profileEvery)
	ticker := w.clock.NewTicker(time.Second)
	defer ticker.Stop()
	for w.clock.Now().Before(r.end.Add(profileStep)) { // its last samples may come late
		<-ticker.C()
	}
	raw, err := r.read(t.Context(), r.end)
	require.NoError(t, err)
	r.last = profile.Build(raw, profiled, r.before)
	r.before = profile.Before{At: r.last.At, Source: r.last.Source, Missing: r.last.Missing}
	r.compared = r.last.Compared
	return r.last
}

// await makes profiles until one finds a pod far from the others.
func (r *recorder) await(t *testing.T, w *workload, pod string) {
	t.Helper()
	for range 4 * int(profileWindow/profileEvery) {
		if p := r.next(t, w); farOff(p, pod) != nil {
			return
		}
	}
	require.Fail(t, "the odd pod is not found to be one", "%+v", r.last.Pod(pod))
}

// farOff returns a pod where it is far from the others.
func farOff(p profile.Profile, name string) *profile.Pod {
	for _, pod := range p.Anomalous() {
		if pod.Name == name {
			return pod
		}
	}
	return nil
}

// awaitSeries waits until a whole window is known of all pods.
func (w *workload) awaitSeries(t *testing.T, r *recorder) {
	t.Helper()
	require.NoError(t, process.Until(t.Context(), awaitPods, "a profile of all containers", func(ctx context.Context) (string, bool) {
		raw, err := r.read(ctx, w.clock.Now().Add(-profileStep))
		if err != nil {
			return err.Error(), false
		}
		p := profile.Build(raw, profiled, profile.Before{})
		return fmt.Sprintf("%d pods, %d compared, missing %v", len(p.Pods), p.Compared, p.Missing), p.Compared >= profiledPods
	}))
}

// uneven is the load of pods that each have a rate of their own.
type uneven struct {
	mu  sync.Mutex
	odd string
}

func (u *uneven) makeOdd(pod string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.odd = pod
}

func (u *uneven) is(pod string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.odd == pod
}

// unevenLoad sends each pod between six and fourteen tenths of the mean, all the
// while that the test goes on. An answer that fails is none of its business.
func (w *workload) unevenLoad(t *testing.T) *uneven {
	t.Helper()
	u := &uneven{}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for i, p := range w.owned(t, "ReplicaSet") {
		rate := eachSecond * (0.6 + 0.8*float64(i)/float64(profiledPods-1))
		running.Go(func() {
			hc := &http.Client{Timeout: requestTimeout}
			ticker := w.clock.NewTicker(time.Duration(float64(time.Second) / rate))
			defer ticker.Stop()
			for n := 0; ctx.Err() == nil; n++ {
				times := 1
				if u.is(p.Name) {
					times = oddFactor
				}
				for k := range times {
					_ = get(ctx, hc, fmt.Sprintf("http://%s:%d%s", p.Status.PodIP, webPort, w.paths[(n+k)%len(w.paths)]))
				}
				select {
				case <-ctx.Done():
				case <-ticker.C():
				}
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return u
}
