package refresh

import (
	"errors"
	"testing"
	"time"
	_ "time/tzdata" // the machine may have none

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/capacity"
	"github.com/foreshadow-dev/foreshadow/adapter/profile"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

func TestSettingsOfADefaultedPool(t *testing.T) {
	s, err := SettingsOf(pool(func(p *v1alpha1.ShadowPool) { p.Spec.History.Window = "" }), asGiven, DefaultInterval)
	require.NoError(t, err)
	want := Settings{
		Namespace: "shop", Name: "web", Mode: "Predict", Query: "load",
		Window: 28 * 24 * time.Hour, Step: time.Minute, Model: "Auto", MinReady: 10 * time.Second,
		Capacity: capacity.Config{
			CapacityPerReplica: 100, Headroom: 0.1, Quantile: 0.9, ShadowQuantile: 0.99, Cap: 1.5,
			ActivationLead: time.Minute, ColdStartLead: 5 * time.Minute, ShadowLead: 5*time.Minute + 10*time.Second, Interval: time.Minute, MaxAge: 15 * time.Minute, HoldAfter: 3 * time.Minute,
		},
	}
	looked := s.Profile
	s.Profile = profile.Config{}
	require.Equal(t, want, s)
	require.Len(t, looked.Queries, 7)
	require.Len(t, looked.Weekly, 6)
	require.Equal(t, time.Hour, looked.Window)
	require.Equal(t, 10*time.Minute, looked.MinAge)
	require.Equal(t, 28*24*time.Hour, looked.History)
}

func TestSettingsOfNamesEveryBadNumber(t *testing.T) {
	_, err := SettingsOf(pool(func(p *v1alpha1.ShadowPool) {
		p.Spec.History.Step = "soon"
		p.Spec.Prediction.Quantile = "high"
	}), asGiven, DefaultInterval)
	require.ErrorContains(t, err, `spec.history.step: Invalid value: "soon"`)
	require.ErrorContains(t, err, `spec.prediction.quantile: Invalid value: "high"`)
}

func TestSettingsOfNamesWhatOnlyTheAdapterKnows(t *testing.T) {
	refuse := func(string, string) (string, error) { return "", errors.New("does not parse") }
	_, err := SettingsOf(pool(func(p *v1alpha1.ShadowPool) {
		p.Spec.Algorithm = v1alpha1.Algorithm{Type: "Crystal", Parameters: map[string]string{"ball": "1"}}
	}), Binding{Given: refuse, Ours: refuse}, DefaultInterval)
	for _, want := range []string{
		`spec.load.query: Invalid value: "load": does not parse`,
		`spec.algorithm.type: Invalid value: "Crystal": write one of Auto, `,
		`spec.algorithm.parameters[ball]: Invalid value: "1": Crystal takes no such parameter: write historyDays, or leave it out`,
	} {
		require.ErrorContains(t, err, want)
	}
}

func TestSettingsOfReadsTheCalendar(t *testing.T) {
	with := func(zone string) *v1alpha1.ShadowPool {
		return pool(func(p *v1alpha1.ShadowPool) {
			p.Spec.Calendar = v1alpha1.Calendar{TimeZone: zone, Days: []v1alpha1.CalendarDay{{Name: "New Year", Date: "2027-01-01"}}}
		})
	}
	s, err := SettingsOf(with("Europe/Berlin"), asGiven, DefaultInterval)
	require.NoError(t, err)
	require.Equal(t, "Europe/Berlin", s.Calendar.Location.String())
	require.Equal(t, forecast.Holiday, s.Calendar.Days[0].Class)
	_, err = SettingsOf(with("Europe/Bonn"), asGiven, DefaultInterval)
	require.EqualError(t, err, `spec.calendar.timeZone: Invalid value: "Europe/Bonn": write a time zone of the IANA database, such as Europe/Berlin`)
}

func TestSettingsOfAsksForTheReplicas(t *testing.T) {
	ours := func(expr, namespace string) (string, error) { return expr + " in " + namespace, nil }
	unknown := func(kind string) *v1alpha1.ShadowPool {
		return pool(func(p *v1alpha1.ShadowPool) { p.Spec.Load.CapacityPerReplica, p.Spec.ScaleTargetRef.Kind = nil, kind })
	}
	rollout := unknown("Rollout")
	rollout.Spec.ScaleTargetRef.APIVersion = "argoproj.io/v1alpha1"
	for _, tc := range []struct {
		name string
		pool *v1alpha1.ShadowPool
		want string
	}{
		{"a given capacity needs no query", pool(nil), ""},
		{"the pool's own query wins", pool(func(p *v1alpha1.ShadowPool) { p.Spec.Load.ReplicasQuery = "replicas" }), "replicas"},
		{"a Deployment has kube-state-metrics' ready replicas", unknown("Deployment"), `max(kube_deployment_status_replicas_ready{deployment="web"}) in shop`},
		{"a ReplicaSet too", unknown("ReplicaSet"), `max(kube_replicaset_status_ready_replicas{replicaset="web"}) in shop`},
		{"a Rollout has its own controller's", rollout, `max(rollout_info_replicas_available{name="web"}) in shop`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := SettingsOf(tc.pool, Binding{Given: anyExpr, Ours: ours}, DefaultInterval)
			require.NoError(t, err)
			require.Equal(t, tc.want, s.ReplicasQuery)
		})
	}
}

func TestSettingsOfRefusesAMaxAgeThatHoldsNoThreeSteps(t *testing.T) {
	_, err := SettingsOf(pool(nil), asGiven, 14*time.Minute)
	require.EqualError(t, err, `spec.prediction.maxAge: Invalid value: "15m": write at least 17m, three times history.step and the time between two refreshes`)
}

func TestSettingsOfTakesOverWhatWasLearnt(t *testing.T) {
	s, err := SettingsOf(pool(func(p *v1alpha1.ShadowPool) {
		p.Spec.Load.CapacityPerReplica = nil
		p.Status.Capacity = &v1alpha1.CapacityStatus{PerReplica: "87.5", PerReplicaFrom: v1alpha1.CapacityLearnt}
	}), asGiven, DefaultInterval)
	require.NoError(t, err)
	require.InDelta(t, 87.5, s.Learnt, 0)
}

func TestParametersReachTheFit(t *testing.T) {
	p := pool(func(p *v1alpha1.ShadowPool) {
		every5m(p)
		p.Spec.Algorithm = v1alpha1.Algorithm{Type: "DailyMedian", Parameters: map[string]string{"historyDays": "10", "days": "3"}}
	})
	l := newTestLoop(t, p, &source{load: restless, since: monday.AddDate(0, 0, -30)})
	r := l.Tick(t.Context(), at(0, "12:00"))
	require.Equal(t, map[string]int{"historyDays": 10, "days": 3}, r.Settings.Parameters)
	require.Equal(t, 10*288, r.Forecast.Explanation.History.Values)

	p.Spec.Algorithm.Parameters = map[string]string{"weightsPower": "7", "days": "3"}
	_, err := SettingsOf(p, asGiven, DefaultInterval)
	require.EqualError(t, err, `spec.algorithm.parameters[weightsPower]: Invalid value: "7": DailyMedian takes no such parameter: write days or historyDays or deviationHalfLife, or leave it out`)
}
