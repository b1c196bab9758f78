//go:build e2e && ecosystem

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/foreshadow-dev/foreshadow/e2e/process"
	"github.com/foreshadow-dev/foreshadow/e2e/prom"
	"github.com/foreshadow-dev/foreshadow/rules"
)

const (
	// quicker turns the minutes that alerts wait into seconds.
	quicker = 60
	// alertTimeout is how long an alert may take from its cause to the receiver.
	alertTimeout = 2 * time.Minute
	// longCold is longer than ForeshadowWarmUpStuck waits.
	longCold = 30 * time.Second
)

type labelSet = map[string]string

// alerting is a shop with both roles, a Prometheus with the rules of this
// repository, a real Alertmanager with the example's configuration, and whoever it
// tells.
type alerting struct {
	*shop
	metrics      *adapter
	prometheus   *prom.Server
	alertmanager string // URL
	told         *receiver
}

// TestEcosystemAlertmanager provokes three alerts in the running system. Each
// arrives at a receiver with its labels, and ends. What kube-prometheus would say
// of a shadow does not arrive.
func TestEcosystemAlertmanager(t *testing.T) {
	a := newAlerting(t)
	for _, part := range []struct {
		name string
		test func(*testing.T)
	}{
		{"alerts of others about shadows are held back", a.inhibits},
		{"nobody forecasts", a.adapterDown},
		{"no shadow is warm, and the next ones do not get warmer", a.exhausted},
	} {
		if !t.Run(part.name, part.test) {
			t.Fatal("the next parts go on from here")
		}
	}
	require.Empty(t, a.told.of("ForeshadowShadowPod"), "this one is for Alertmanager alone")
	a.rec.judge(t)
}

func newAlerting(t *testing.T) *alerting {
	t.Helper()
	a := &alerting{told: newReceiver(t)}
	groups, err := rules.Quickened(rules.All(), quicker)
	require.NoError(t, err)
	text, err := rules.File(groups)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "rules.yaml")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	address := a.startAlertmanager(t)

	a.shop = opening{namespace: "alerts", replicas: 4, shadows: 2, cold: longCold}.open(t)
	ports, err := process.FreePorts(1)
	require.NoError(t, err)
	own := fmt.Sprintf("%s:%d", process.Loopback, ports[0]) // the target of other tests; nobody is there
	cfg := prom.Config{DataDir: t.TempDir(), LogDir: shared.logs, Target: own, Rules: []string{file}, Alertmanager: address}
	never, err := prom.New(prom.Config{DataDir: t.TempDir(), LogDir: shared.logs})
	require.NoError(t, err)
	a.metrics = shared.newAdapter(t, never)
	a.metrics.run(t)
	for _, port := range []int{a.metrics.web, a.web} {
		cfg.Targets = append(cfg.Targets, fmt.Sprintf("%s:%d", process.Loopback, port))
	}
	a.prometheus, err = prom.New(cfg)
	require.NoError(t, err)
	require.NoError(t, a.prometheus.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, a.prometheus.Stop()) })
	a.awaitRules(t, groups)
	return a
}

// awaitRules waits until Prometheus has evaluated all alerts, and none fails.
func (a *alerting) awaitRules(t *testing.T, groups []rules.Group) {
	t.Helper()
	want := 0
	for _, g := range groups {
		want += len(g.Alerts)
	}
	require.NoError(t, process.Until(t.Context(), time.Minute, "all rules to be evaluated", func(ctx context.Context) (string, bool) {
		var answer struct {
			Data struct {
				Groups []struct {
					Rules []struct{ Name, Health, LastError string }
				}
			}
		}
		if err := call(ctx, http.MethodGet, a.prometheus.URL()+"/api/v1/rules?type=alert", nil, &answer); err != nil {
			return err.Error(), false
		}
		ok := 0
		for _, g := range answer.Data.Groups {
			for _, r := range g.Rules {
				if r.Health != "ok" {
					return r.Name + ": " + r.Health + " " + r.LastError, false
				}
				ok++
			}
		}
		return fmt.Sprintf("%d rules", ok), ok == want
	}))
}

// awaitQuiet waits until alerts neither fire nor are about to. A machine that is
// busy misses a scrape now and then, and what was told of that is forgotten.
func (a *alerting) awaitQuiet(t *testing.T, names ...string) {
	t.Helper()
	require.NoError(t, process.Until(t.Context(), alertTimeout, fmt.Sprintf("%v to be quiet", names), func(ctx context.Context) (string, bool) {
		var answer struct {
			Data struct {
				Alerts []struct {
					Labels labelSet
					State  string
				}
			}
		}
		err := call(ctx, http.MethodGet, a.prometheus.URL()+"/api/v1/alerts", nil, &answer)
		for _, alert := range answer.Data.Alerts {
			if slices.Contains(names, alert.Labels["alertname"]) {
				return fmt.Sprint(alert), false
			}
		}
		return fmt.Sprint(err), err == nil
	}))
	a.told.forget(names...)
}

// startAlertmanager runs it with the example of the docs, whose receiver is given
// an address and whose routes send at once.
func (a *alerting) startAlertmanager(t *testing.T) (address string) {
	t.Helper()
	binary, err := exec.LookPath("prometheus-alertmanager")
	require.NoError(t, err, "install it (Debian: apt-get install --no-install-recommends prometheus-alertmanager)")
	text, err := os.ReadFile(filepath.Join("..", "docs", "examples", "alertmanager.yaml"))
	require.NoError(t, err)
	var config map[string]any
	require.NoError(t, yaml.Unmarshal(text, &config))
	route := config["route"].(map[string]any)
	route["group_wait"], route["group_interval"], route["repeat_interval"] = "1s", "1s", "1h"
	for _, r := range config["receivers"].([]any) {
		if r := r.(map[string]any); r["name"] == route["receiver"] {
			r["webhook_configs"] = []any{map[string]any{"url": a.told.url, "send_resolved": true}}
		}
	}
	text, err = yaml.Marshal(config)
	require.NoError(t, err)
	dir := t.TempDir()
	file := filepath.Join(dir, "alertmanager.yaml")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	ports, err := process.FreePorts(1)
	require.NoError(t, err)
	address = fmt.Sprintf("%s:%d", process.Loopback, ports[0])
	a.alertmanager = "http://" + address
	child, err := process.Start(process.Config{Name: "alertmanager", Path: binary, LogDir: shared.logs, Args: []string{
		"--config.file=" + file, "--storage.path=" + dir, "--web.listen-address=" + address, "--cluster.listen-address=",
	}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, child.Stop(adapterGrace)) })
	require.NoError(t, child.Await(t.Context(), time.Minute, "Alertmanager", func(ctx context.Context) (string, bool) {
		err := call(ctx, http.MethodGet, a.alertmanager+"/-/ready", nil, nil)
		return fmt.Sprint(err), err == nil
	}))
	return address
}

// inhibits says of a shadow and of a live pod what kube-prometheus says of one
// that is not ready.
func (a *alerting) inhibits(t *testing.T) {
	shadow, live := a.shadows(t)[0].Name, a.live(t)[0].Name
	require.NoError(t, process.Until(t.Context(), alertTimeout, "Alertmanager to know the shadow", func(ctx context.Context) (string, bool) {
		known, err := a.known(ctx, "ForeshadowShadowPod", shadow)
		return fmt.Sprintf("%v %v", known, err), len(known) == 1
	}))
	var posted []map[string]labelSet
	for _, pod := range []string{shadow, live} {
		posted = append(posted, map[string]labelSet{"labels": {"alertname": "KubePodNotReady", "severity": "warning", "namespace": a.namespace, "pod": pod}})
	}
	require.NoError(t, call(t.Context(), http.MethodPost, a.alertmanager+"/api/v2/alerts", posted, nil))
	a.told.await(t, "firing", posted[1]["labels"])
	known, err := a.known(t.Context(), "KubePodNotReady", shadow)
	require.NoError(t, err)
	require.Equal(t, []string{"suppressed"}, known)
	for _, told := range a.told.of("KubePodNotReady") {
		require.Equal(t, live, told.Labels["pod"])
	}
}

// known returns the states that Alertmanager gives the alerts of a pod.
func (a *alerting) known(ctx context.Context, name, pod string) (states []string, err error) {
	var answer []struct{ Status struct{ State string } }
	query := url.Values{"filter": {"alertname=" + name, "pod=" + pod}}
	err = call(ctx, http.MethodGet, a.alertmanager+"/api/v2/alerts?"+query.Encode(), nil, &answer)
	for _, alert := range answer {
		states = append(states, alert.Status.State)
	}
	return states, err
}

// adapterDown kills the one adapter that forecasts, and starts it again.
func (a *alerting) adapterDown(t *testing.T) {
	want := labelSet{"alertname": "ForeshadowAdapterDown", "severity": "critical"}
	a.awaitQuiet(t, want["alertname"])
	from := shared.clock.Now()
	require.NoError(t, a.metrics.child.Kill())
	told := a.told.await(t, "firing", want)
	shared.report.Add("alert_adapter_down", shared.clock.Since(from).Seconds(), "seconds")
	require.Equal(t, rules.Runbooks+"ForeshadowAdapterDown.md", told.Annotations["runbook_url"])
	from = shared.clock.Now()
	a.metrics.run(t)
	a.told.await(t, "resolved", want)
	shared.report.Add("alert_adapter_down_resolved", shared.clock.Since(from).Seconds(), "seconds")
}

// exhausted raises the workload by more pods than there are shadows: the others
// start cold and join, while the next shadows do not start for as long, and then
// have a minute to get warm.
func (a *alerting) exhausted(t *testing.T) {
	exhausted := labelSet{"alertname": "ForeshadowPoolExhausted", "severity": "critical", "namespace": a.namespace, "pool": "web"}
	a.awaitQuiet(t, exhausted["alertname"], "ForeshadowWarmUpStuck")
	before := a.shadows(t)
	from := a.scaleTo(t, 8)
	arrived := func(alert string) { shared.report.Add("alert_"+alert, shared.clock.Since(from).Seconds(), "seconds") }
	require.NoError(t, process.Until(t.Context(), time.Minute, "the shadows to serve", func(context.Context) (string, bool) {
		n := len(a.rec.servedAt(before))
		return fmt.Sprintf("%d serve", n), n == len(before)
	}))
	pool, err := a.pool(t.Context())
	require.NoError(t, err)
	require.NoError(t, a.workload.Client.Patch(t.Context(), pool, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"warmUp":{"minReady":"1m"}}}`))))
	require.NoError(t, process.Until(t.Context(), time.Minute, "the next shadows", func(context.Context) (string, bool) {
		n := len(a.shadows(t))
		return fmt.Sprintf("%d shadows", n), n == len(before)
	}))
	stuck := labelSet{"alertname": "ForeshadowWarmUpStuck", "severity": "warning", "namespace": a.namespace, "pool": "web", "pod": a.shadows(t)[0].Name}
	a.told.await(t, "firing", stuck)
	arrived("warm_up_stuck")
	a.told.await(t, "firing", exhausted)
	arrived("pool_exhausted")
	a.told.await(t, "resolved", stuck)
	arrived("warm_up_stuck_resolved")
	a.told.await(t, "resolved", exhausted)
	arrived("pool_exhausted_resolved")
	a.awaitSettled(t, 8)
}

// call sends and reads JSON; neither need be there.
func call(ctx context.Context, method, address string, send, read any) error {
	body, err := json.Marshal(send)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, address, resp.Status)
	}
	if read == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(read)
}

// told is an alert as Alertmanager's webhook tells it.
type told struct {
	Status              string
	Labels, Annotations labelSet
}

// receiver keeps what it is told.
type receiver struct {
	url string

	mu  sync.Mutex // guards what follows
	all []told
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		var message struct{ Alerts []told }
		if err := json.NewDecoder(req.Body).Decode(&message); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.all = append(r.all, message.Alerts...)
	}))
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

// of returns what was told of an alert.
func (r *receiver) of(name string) (out []told) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.all {
		if a.Labels["alertname"] == name {
			out = append(out, a)
		}
	}
	return out
}

// forget drops what was told of alerts.
func (r *receiver) forget(names ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = slices.DeleteFunc(r.all, func(a told) bool { return slices.Contains(names, a.Labels["alertname"]) })
}

// await waits until an alert with exactly these labels was told last in a status.
func (r *receiver) await(t *testing.T, status string, want labelSet) (last told) {
	t.Helper()
	require.NoError(t, process.Until(t.Context(), alertTimeout, fmt.Sprintf("%v to be told as %s", want, status), func(context.Context) (string, bool) {
		all := r.of(want["alertname"])
		for _, a := range slices.Backward(all) {
			if maps.Equal(a.Labels, want) {
				last = a
				return fmt.Sprint(all), a.Status == status
			}
		}
		return fmt.Sprint(all), false
	}))
	return last
}
