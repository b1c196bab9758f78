package inhibit

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/inhibit"
	"github.com/prometheus/alertmanager/provider"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
)

const example = "../../../docs/examples/alertmanager.yaml"

// fixed is a provider whose alerts are all there from the start.
type fixed struct {
	provider.Alerts
	alerts []*alert.Alert
}

func (f fixed) SlurpAndSubscribe(string) ([]*alert.Alert, provider.AlertIterator) {
	return f.alerts, provider.NewAlertIterator(make(chan *provider.Alert), make(chan struct{}), nil)
}

// shadowPod is what the rule of this name fires with.
func shadowPod(pod string) *alert.Alert {
	now := time.Now()
	return &alert.Alert{
		Alert: model.Alert{
			Labels: model.LabelSet{
				"alertname": "ForeshadowShadowPod", "severity": "none", "namespace": "shop", "pool": "web", "pod": model.LabelValue(pod), "state": "ready",
			},
			StartsAt: now.Add(-time.Minute), EndsAt: now.Add(time.Hour),
		},
		UpdatedAt: now,
	}
}

// TestPodAlertsOfShadowsAreQuiet fires the alerts with the labels that kube-prometheus' rules give them.
func TestPodAlertsOfShadowsAreQuiet(t *testing.T) {
	cfg, err := config.LoadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	ih := inhibit.NewInhibitor(fixed{alerts: []*alert.Alert{shadowPod("web-shadow")}}, cfg.InhibitRules, promslog.NewNopLogger(), eventrecorder.NopRecorder())
	go ih.Run()
	defer ih.Stop()
	ih.WaitForLoading()

	tests := []struct {
		name   string
		labels model.LabelSet
		want   bool
	}{
		{"a shadow that is not ready", model.LabelSet{"alertname": "KubePodNotReady", "severity": "warning", "namespace": "shop", "pod": "web-shadow", "job": "kube-state-metrics"}, true},
		{"a shadow that crashes", model.LabelSet{
			"alertname": "KubePodCrashLooping", "severity": "warning", "namespace": "shop", "pod": "web-shadow", "container": "app",
			"reason": "CrashLoopBackOff", "job": "kube-state-metrics", "instance": "10.0.0.9:8080", "uid": "0c2d",
		}, true},
		{"a live pod that is not ready", model.LabelSet{"alertname": "KubePodNotReady", "severity": "warning", "namespace": "shop", "pod": "web-live"}, false},
		{"the same name elsewhere", model.LabelSet{"alertname": "KubePodNotReady", "severity": "warning", "namespace": "other", "pod": "web-shadow"}, false},
		{"what we say of the shadow ourselves", model.LabelSet{"alertname": "ForeshadowWarmUpStuck", "severity": "warning", "namespace": "shop", "pod": "web-shadow"}, false},
		{"another alert about the pod", model.LabelSet{"alertname": "KubePersistentVolumeFillingUp", "namespace": "shop", "pod": "web-shadow"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := ih.Mutes(context.Background(), test.labels); got != test.want {
				t.Errorf("muted: %t, want %t", got, test.want)
			}
		})
	}
}

func TestShadowPodIsSentToNobody(t *testing.T) {
	cfg, err := config.LoadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	route := dispatch.NewRoute(cfg.Route, nil)
	for labels, want := range map[string]string{"ForeshadowShadowPod": "nobody", "ForeshadowAdapterDown": "team"} {
		got := route.Match(model.LabelSet{"alertname": model.LabelValue(labels)})
		if len(got) != 1 || got[0].RouteOpts.Receiver != want {
			t.Errorf("%s goes to %v, want %s", labels, got, want)
		}
	}
}
