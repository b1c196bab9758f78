package client_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/client"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

func TestConfigureShadowingAlgorithm(t *testing.T) {
	strange := func(p *v1alpha1.ShadowPool) {
		p.Spec.Algorithm = v1alpha1.Algorithm{Type: "WeeklyShape", Parameters: map[string]string{"alpha": "1", "beta": "2"}}
		p.Spec.Prediction.Quantile = "0.8"
	}
	for _, tc := range []struct {
		name       string
		algorithm  string
		parameters map[string]string
		want       func(*v1alpha1.ShadowPoolSpec)
		change     client.Change
	}{
		{"nothing is no change", "", nil, func(*v1alpha1.ShadowPoolSpec) {}, client.Unchanged},
		{"what is there already is no change", "WeeklyShape", map[string]string{"quantile": "0.8"}, func(*v1alpha1.ShadowPoolSpec) {}, client.Unchanged},
		{"a parameter without a value takes its default", "", map[string]string{"quantile": ""}, func(s *v1alpha1.ShadowPoolSpec) {
			s.Prediction.Quantile = ""
		}, client.Configured},
		{"the parameters of the history", "", map[string]string{"window": "14d", "step": "5m"}, func(s *v1alpha1.ShadowPoolSpec) {
			s.History = v1alpha1.History{Window: "14d", Step: "5m"}
		}, client.Configured},
		{"one that no model takes goes", "", map[string]string{"alpha": ""}, func(s *v1alpha1.ShadowPoolSpec) {
			s.Algorithm.Parameters = map[string]string{"beta": "2"}
		}, client.Configured},
		{"another model loses those of the old one", "Auto", map[string]string{"shadowQuantile": "0.999"}, func(s *v1alpha1.ShadowPoolSpec) {
			s.Algorithm = v1alpha1.Algorithm{Type: "Auto"}
			s.Prediction.ShadowQuantile = "0.999"
		}, client.Configured},
	} {
		t.Run(tc.name, func(t *testing.T) {
			was := pool(strange)
			c, kube := cluster(t, interceptor.Funcs{}, was)
			got, err := c.ConfigureShadowingAlgorithm(t.Context(), web, tc.algorithm, tc.parameters)
			require.NoError(t, err)
			require.Equal(t, tc.change, got.Change)
			var stored v1alpha1.ShadowPool
			require.NoError(t, kube.Get(t.Context(), web, &stored))
			tc.want(&was.Spec)
			if diff := cmp.Diff(was.Spec, stored.Spec, emptyAsNil()); diff != "" {
				t.Errorf("spec (-want +got):\n%s", diff)
			}
		})
	}
}

// emptyAsNil takes a map without entries for none: a merge patch leaves it there.
func emptyAsNil() cmp.Option {
	return cmp.Transformer("emptyAsNil", func(m map[string]string) map[string]string {
		if len(m) == 0 {
			return nil
		}
		return m
	})
}

func TestEveryParameterIsWrittenAndHasARange(t *testing.T) {
	names, meanings := client.ParameterNames()
	require.NotEmpty(t, names)
	c, _ := cluster(t, noWrites(t), pool())
	for _, name := range names {
		require.NotEmpty(t, meanings[name])
		_, err := c.ConfigureShadowingAlgorithm(t.Context(), web, "", map[string]string{name: "-1"})
		var invalid *client.InvalidError
		require.ErrorAs(t, err, &invalid, "parameter %s out of its range", name)
		require.Len(t, invalid.Fields, 1)
		require.Contains(t, invalid.Fields[0].Field, name)
		require.Equal(t, "-1", invalid.Fields[0].BadValue)
		require.Contains(t, invalid.Fields[0].Detail, "write ")
	}
}

func TestOwnParametersHaveTheRangeOfEveryTypeThatTakesThem(t *testing.T) {
	names, ranges := client.OwnParameterNames()
	require.Len(t, ranges, len(names))
	for _, model := range client.AlgorithmTypes() {
		for _, p := range forecast.ParametersOf(model) {
			require.Contains(t, names, p.Name)
			require.Contains(t, ranges[p.Name], fmt.Sprintf("from %d to %d, of ", p.Least, p.Most), "%s of %s", p.Name, model)
		}
	}
	require.Equal(t, "whole number from 1 to 28, of every type", ranges[forecast.HistoryDays])
	require.Equal(t, "whole number from 1 to 28, of DailyShape, DailyMedian", ranges[forecast.ShapeDays])
}

func TestConfigureRefuses(t *testing.T) {
	c, _ := cluster(t, noWrites(t), pool())
	_, err := c.ConfigureShadowingAlgorithm(t.Context(), web, "Oracle", map[string]string{"beta": "1", "alpha": "1"})
	require.EqualError(t, err, `check pool shop/web: [spec.algorithm.type: Invalid value: "Oracle": write one of Auto, Level, HourlyShape, SeasonalNaiveDay, DailyShape, DailyMedian, Fourier, SeasonalNaiveWeek, WeeklyShape, LaggedDays, `+
		`spec.algorithm.parameters: Invalid value: "alpha": write one of quantile, shadowQuantile, coldStartLead, activationLead, maxAge, cap, window, step, historyDays, `+
		`spec.algorithm.parameters: Invalid value: "beta": write one of quantile, shadowQuantile, coldStartLead, activationLead, maxAge, cap, window, step, historyDays]`)
	_, err = c.ConfigureShadowingAlgorithm(t.Context(), web, "", map[string]string{"maxAge": "2m", "step": "1m"})
	require.EqualError(t, err, `check pool shop/web: spec.prediction.maxAge: Invalid value: write at least three times history.step: two steps may pass before the next value is there`)
	_, err = c.ConfigureShadowingAlgorithm(t.Context(), types.NamespacedName{Namespace: "shop", Name: "api"}, "Auto", nil)
	require.ErrorContains(t, err, "get pool shop/api: ")
}

func TestParametersOfTheAlgorithmAreWritten(t *testing.T) {
	c, kube := cluster(t, interceptor.Funcs{}, pool(func(p *v1alpha1.ShadowPool) {
		p.Spec.Algorithm = v1alpha1.Algorithm{Type: "DailyMedian", Parameters: map[string]string{"days": "14"}}
	}))
	stored := func() map[string]string {
		var p v1alpha1.ShadowPool
		require.NoError(t, kube.Get(t.Context(), web, &p))
		return p.Spec.Algorithm.Parameters
	}
	_, err := c.ConfigureShadowingAlgorithm(t.Context(), web, "", map[string]string{"historyDays": "21"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"days": "14", "historyDays": "21"}, stored())
	_, err = c.ConfigureShadowingAlgorithm(t.Context(), web, "Auto", map[string]string{"weightsPower": "3"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"weightsPower": "3"}, stored())

	for _, tt := range []struct{ model, name, value, want string }{
		{"", "days", "3", `spec.algorithm.parameters: Invalid value: "days": write one of quantile, shadowQuantile, coldStartLead, activationLead, maxAge, cap, window, step, historyDays, weightsPower, levelHalfLife, deviationHalfLife`},
		{"", "weightsPower", "21", `spec.algorithm.parameters[weightsPower]: Invalid value: "21": write a whole number from 1 to 20`},
		{"DailyShape", "days", "half", `spec.algorithm.parameters[days]: Invalid value: "half": write a whole number from 1 to 28`},
	} {
		_, err := c.ConfigureShadowingAlgorithm(t.Context(), web, tt.model, map[string]string{tt.name: tt.value})
		require.EqualError(t, err, "check pool shop/web: "+tt.want)
	}
}
