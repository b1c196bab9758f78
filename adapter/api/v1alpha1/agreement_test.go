package v1alpha1_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

var (
	tryDurations = []any{"1s", "0s", "14s", "15s", "59s", "60s", "61s", "1m", "119s", "2m", "7m", "59m59s", "60m", "1h", "1h1s", "6h", "361m", "1d", "25h", "1w", "2w3d4h5m6s", "90d", "12w6d", "13w", "999999999s", "1000000000s", "1m1h", "1.5h", "500ms", "1y", " 1m", "1m ", "m", "60", "Auto", "auto", strings.Repeat("9", 33)}
	tryDecimals  = []any{"0", "0.0", "0.000000001", "0.5", "0.89", "0.9", "0.95", "0.99", "0.999", "1", "1.0", "1.5", "120", "999999999999999", "1000000000000000", "95%", ".9", "1.", "-1", "+1", "1e3", "0,9", "NaN", "Inf", " 1"}
	tryInts      = []any{-1, 0, 1, 4, 90, 91, 100, 101, 2147483647}
	tryNames     = []any{"a", "A", "default", "web-2", "-web", "web-", "web.eu", "web/eu", "web eu", "ähre", strings.Repeat("a", 63), strings.Repeat("a", 64), strings.Repeat("a", 253), strings.Repeat("a", 254)}
	tryKinds     = []any{"Deployment", "ReplicaSet", "Rollout", "StatefulSet", "deployment", "apps/v1", "argoproj.io/v1alpha1", "Auto", "SeasonalNaive", "auto", "Observe", "Predict", "Active", "None", "Gated", "All", "Proportional", "Adopt", "Bridge", "Terminate", "Recycle"}
	tryNothing   = []any{nil, map[string]any{}}
	tryZones     = []any{"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Local", "local", "Europe/", "/etc", "../x", "Europe/Berlin ", "1/2", "Europe//Berlin", strings.Repeat("z", 65)}
	tryDates     = []any{"2026-12-25", "2026-2-3", "2026-02-28", "2026-02-29", "2024-02-29", "2100-02-29", "2000-02-29", "0000-02-29", "2026-02-30", "2024-02-30", "2026-04-31", "2026-12-31", "2026-13-01", "2026-00-10", "2026-01-00", "2026-01-32", "20260101", "2026/01/01", " 2026-1-1", "today", "12026-01-01", "+026-01-01", "2026-01-01T"}
	// A dimension with a bad capacity and a bad name at once, and one too many.
	tryDimensions = []any{
		[]any{},
		[]any{dimension("CPU", "0.5"), dimension("Memory", "")},
		[]any{dimension("CPU", "0")},
		[]any{dimension("CPU", "1e3")},
		[]any{dimension("cpu", "1")},
		[]any{dimension("CPU", "1"), dimension("CPU", "2")},
		[]any{dimension("CPU", "1"), dimension("Memory", "")},
	}
	tryQueries = []any{"up", " ", "\t\n", " up ", strings.Repeat("é", 8192), strings.Repeat("é", 8193)}
)

func dimension(name, capacity string) map[string]any {
	if capacity == "" {
		return map[string]any{"name": name}
	}
	return map[string]any{"name": name, "capacityPerReplica": capacity}
}

// TestBothValidatorsAgree puts each value into each field, alone, and wants the
// same sentences from the API server and from Validate.
func TestBothValidatorsAgree(t *testing.T) {
	server := newAPIServer(t)
	for path, values := range map[string][]any{
		"metadata.name":                {"a", "web", "w2", "2w", "Web", "web.shop", "web-", strings.Repeat("a", 56), strings.Repeat("a", 57)},
		"spec.scaleTargetRef.name":     tryNames,
		"spec.load.source":             tryNames,
		"spec.load.query":              tryQueries,
		"spec.load.replicasQuery":      tryQueries,
		"spec.algorithm.type":          slices.Concat(tryKinds, tryNames),
		"spec.load.capacityPerReplica": tryDecimals, "spec.prediction.quantile": tryDecimals,
		"spec.prediction.shadowQuantile": tryDecimals, "spec.prediction.cap": tryDecimals,
		"spec.calendar.timeZone": tryZones,
		"spec.history.window":    tryDurations, "spec.history.step": tryDurations,
		"spec.profile.window": tryDurations, "spec.profile.minAge": tryDurations,
		"spec.profile.queries.cpu": tryQueries, "spec.profile.queries.started": tryQueries,
		"spec.load.dimensions":          tryDimensions,
		"spec.prediction.coldStartLead": tryDurations, "spec.prediction.activationLead": tryDurations,
		"spec.prediction.maxAge": tryDurations, "spec.warmUp.minReady": tryDurations,
		"spec.warmUp.timeout": tryDurations, "spec.scaleIn.drain": tryDurations,
		"spec.replicas": tryInts, "spec.shadowPercentage": tryInts, "spec.minShadows": tryInts,
		"spec.maxShadows": tryInts, "spec.load.headroomPercent": tryInts, "spec.idle.cpuPercent": tryInts,
		"spec.warmUp.appPort":               {-1, 0, 1, 8080, 65535, 65536},
		"spec.warmUp.cpuBoost.limitPercent": {nil, -1, 0, 99, 100, 101, 400, 1000, 1001, 2147483647},
		"spec.mode":                         tryKinds, "spec.backgroundWork": tryKinds, "spec.activation.policy": tryKinds,
		"spec.activation.mode": tryKinds, "spec.scaleIn.policy": tryKinds,
		"spec.scaleTargetRef.kind": tryKinds, "spec.scaleTargetRef.apiVersion": tryKinds,
	} {
		for _, value := range values {
			raw := poolWith(t, map[string]any{path: value})
			object := decodeObject(t, raw)
			want := server.admit(t.Context(), object)
			pool, _ := decodePool(t, raw)
			pool.Default()
			got := pool.Validate()
			if blocked(want) {
				want, got = onlyOf(want, path), onlyOf(got, path)
			}
			if diff := cmp.Diff(sentences(want), sentences(got)); diff != "" {
				t.Errorf("%s: %q (-API server +Validate):\n%s", path, value, diff)
			}
		}
	}
}

// TestBothValidatorsAgreeOnWhatIsEmpty holds what the comment of Default says:
// they agree on every null that empties no required object, and on a {} in place
// of settings.
func TestBothValidatorsAgreeOnWhatIsEmpty(t *testing.T) {
	server := newAPIServer(t)
	for path, values := range map[string][]any{
		"spec": {nil}, "spec.scaleTargetRef": {nil}, "spec.load": {nil},
		"spec.history": tryNothing, "spec.profile": tryNothing, "spec.profile.queries": tryNothing, "spec.load.dimensions": {nil}, "spec.algorithm": tryNothing, "spec.algorithm.parameters": tryNothing,
		"spec.prediction": tryNothing, "spec.idle": tryNothing, "spec.warmUp": tryNothing, "spec.warmUp.cpuBoost": tryNothing,
		"spec.activation": tryNothing, "spec.scaleIn": tryNothing,
		"spec.calendar": tryNothing, "spec.calendar.timeZone": {nil}, "spec.calendar.days": {nil, []any{}}, "spec.calendar.incidents": {nil, []any{}},
		"spec.mode": {nil}, "spec.replicas": {nil}, "spec.backgroundWork": {nil}, "spec.shadowPercentage": {nil},
		"spec.scaleTargetRef.kind": {nil},
		"spec.load.source":         {nil}, "spec.load.replicasQuery": {nil, ""}, "spec.load.capacityPerReplica": {nil, ""},
		"spec.history.step": {nil}, "spec.prediction.maxAge": {nil}, "spec.prediction.quantile": {nil}, "spec.activation.policy": {nil},
	} {
		for _, value := range values {
			raw := poolWith(t, map[string]any{path: value})
			want := server.admit(t.Context(), decodeObject(t, raw))
			pool, _ := decodePool(t, raw)
			pool.Default()
			if diff := cmp.Diff(sentences(want), sentences(pool.Validate())); diff != "" {
				t.Errorf("%s: %v (-API server +Validate):\n%s", path, value, diff)
			}
		}
	}
}

// TestBothValidatorsAgreeOnStepAndAge tries each step with each maxAge.
func TestBothValidatorsAgreeOnStepAndAge(t *testing.T) {
	server := newAPIServer(t)
	refused := 0
	for _, step := range tryDurations {
		for _, age := range tryDurations {
			raw := poolWith(t, map[string]any{"spec.history.step": step, "spec.prediction.maxAge": age})
			want := server.admit(t.Context(), decodeObject(t, raw))
			pool, _ := decodePool(t, raw)
			pool.Default()
			got := pool.Validate()
			if blocked(want) {
				continue // the API server leaves the rules out
			}
			if diff := cmp.Diff(sentences(want), sentences(got)); diff != "" {
				t.Errorf("step %q, maxAge %q (-API server +Validate):\n%s", step, age, diff)
			}
			if slices.ContainsFunc(got, func(e *field.Error) bool { return strings.Contains(e.Detail, "three times") }) {
				refused++
			}
		}
	}
	require.Positive(t, refused, "no pair met the rule")
}

// TestBothValidatorsAgreeOnDays tries each date in each of its fields.
func TestBothValidatorsAgreeOnDays(t *testing.T) {
	server := newAPIServer(t)
	var days []map[string]any
	for _, a := range tryDates {
		days = append(days, map[string]any{"date": a}, map[string]any{"from": a}, map[string]any{"to": a},
			map[string]any{"date": a, "to": "2026-12-25"}, map[string]any{"from": a, "to": "2026-02-28"}, map[string]any{"from": "2026-02-28", "to": a},
			map[string]any{"date": a, "from": a, "to": a}, map[string]any{"date": a, "class": a, "name": a})
	}
	for _, name := range tryNames {
		days = append(days, map[string]any{"name": name, "date": "2026-12-25"}, map[string]any{"class": name})
	}
	for _, day := range append(days, map[string]any{}) {
		raw := poolWith(t, map[string]any{"spec.calendar.days": []any{map[string]any{"name": "A", "date": "2026-05-01"}, day}})
		want := server.admit(t.Context(), decodeObject(t, raw))
		pool, _ := decodePool(t, raw)
		pool.Default()
		got := pool.Validate()
		if blocked(want) {
			continue // the API server leaves the rules out
		}
		if diff := cmp.Diff(sentences(want), sentences(got)); diff != "" {
			t.Errorf("%v (-API server +Validate):\n%s", day, diff)
		}
	}
}

// TestBothValidatorsAgreeOnIncidents tries each instant in each of its fields.
func TestBothValidatorsAgreeOnIncidents(t *testing.T) {
	server := newAPIServer(t)
	incidents := []map[string]any{{}}
	for _, a := range []any{
		nil, "2026-11-02T14:05:00Z", "2026-11-02T14:05Z", "2026-11-02 14:05:00Z", "2026-11-02T14:05:00.5Z", "2026-02-29T00:00:00Z",
		"2024-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-11-02T24:00:00Z", "2026-11-02T14:60:00Z", "2026-11-02T14:05:60Z",
		"2026-11-02T14:05:00+00:00", "yesterday", "0000-01-01T00:00:00Z",
	} {
		incidents = append(incidents, map[string]any{"from": a}, map[string]any{"to": a}, map[string]any{"from": a, "to": a},
			map[string]any{"from": "2026-11-02T14:05:00Z", "to": a}, map[string]any{"from": a, "to": "2026-11-02T14:05:00Z"})
	}
	for _, incident := range incidents {
		raw := poolWith(t, map[string]any{"spec.calendar.incidents": []any{incident}})
		want := server.admit(t.Context(), decodeObject(t, raw))
		pool, _ := decodePool(t, raw)
		pool.Default()
		got := pool.Validate()
		if blocked(want) {
			continue // the API server leaves the rules out
		}
		if diff := cmp.Diff(sentences(want), sentences(got)); diff != "" {
			t.Errorf("%v (-API server +Validate):\n%s", incident, diff)
		}
	}
}

// onlyOf keeps the errors of one field: the API server leaves rules over
// several fields out where one of them is blocked.
func onlyOf(errs field.ErrorList, path string) field.ErrorList {
	return slices.DeleteFunc(errs, func(e *field.Error) bool { return e.Field != path })
}

// poolWith makes a pool with these fields, by path.
func poolWith(t *testing.T, fields map[string]any) []byte {
	t.Helper()
	object := map[string]any{
		"apiVersion": "foreshadow.dev/v1alpha1", "kind": "ShadowPool",
		"metadata": map[string]any{"name": "web"},
		"spec":     map[string]any{"scaleTargetRef": map[string]any{"name": "web"}, "load": map[string]any{"query": "up"}},
	}
	for path, value := range fields {
		put(object, strings.Split(path, "."), value)
	}
	raw, err := json.Marshal(object)
	require.NoError(t, err)
	return raw
}

func put(at map[string]any, keys []string, value any) {
	last := len(keys) - 1
	for _, key := range keys[:last] {
		next, found := at[key].(map[string]any)
		if !found {
			next = map[string]any{}
			at[key] = next
		}
		at = next
	}
	at[keys[last]] = value
}
