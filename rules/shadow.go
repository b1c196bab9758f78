package rules

import "fmt"

// shadowAlerts are about the pods that stand by.
func shadowAlerts() []Alert {
	return []Alert{
		{
			Name: "ForeshadowPoolExhausted", Severity: Critical, For: "2m",
			Expr:        fmt.Sprintf("%s == 0\nand on (namespace, pool)\n%s{reason=\"NoWarmShadow\"} > 0", warmReplicas, misses),
			Summary:     "A pool has no warm shadow, and pods start cold for it.",
			Description: poolOf + " can activate no shadow, and within the last quarter of an hour pods joined its workload cold.",
		},
		{
			Name: "ForeshadowWarmUpStuck", Severity: Warning, For: "10m",
			Expr: fmt.Sprintf("(%s < 1)\nand on (namespace, pod)\n(changes(%s[10m]) == 0)\nand on (namespace, pod)\n%s{state=~\"creating|warming\"}",
				warmUpProgress, warmUpProgress, shadowInfo),
			Summary:     "A shadow does not get warmer.",
			Description: "Shadow {{ $labels.namespace }}/{{ $labels.pod }} of pool {{ $labels.pool }} stands at {{ $value | humanizePercentage }}.",
		},
		{
			Name: "ForeshadowWarmUpSlow", Severity: Warning, For: "15m",
			Expr:        warmUpSeconds95 + " > 600",
			Summary:     "Shadows take long to become warm.",
			Description: "One warm-up in twenty took longer than {{ $value | printf \"%.0f\" }} seconds within the last hour: forecasts seldom see that far with use.",
		},
		{
			Name: "ForeshadowActivationsFailing", Severity: Warning, For: "10m",
			Expr: fmt.Sprintf("sum by (namespace, pool) (%s{result=~\"failed|refused\"})\n  /\nsum by (namespace, pool) (%s)\n  > 0.1",
				activations, activations),
			Summary:     "Shadows that were to go live did not.",
			Description: poolOf + ": {{ $value | humanizePercentage }} of the activations fail.",
		},
		{
			Name: "ForeshadowInvariantBroken", Severity: Critical, KeepFiring: "15m",
			Expr:        broken + " > 0",
			Summary:     "The adapter found a pool in a state that must not be, and stopped writing to it.",
			Description: "In the last 15 minutes {{ $value | humanize }} looks at pool {{ $labels.namespace }}/{{ $labels.pool }} found an invariant broken.",
		},
		{
			Name: "ForeshadowSelectorExposed", Severity: Warning, KeepFiring: "1h",
			Expr:        exposures + " > 3",
			Summary:     "Selectors keep matching shadows.",
			Description: poolOf + ": in the last hour selectors that were made later matched its shadows {{ $value | humanize }} times until these were hidden.",
		},
		{
			Name: "ForeshadowShadowPod", Severity: None,
			Expr:        shadowInfo + `{state=~"creating|warming|ready|draining"} == 1`,
			Summary:     "This pod is a shadow: it serves nobody.",
			Description: "Alertmanager keeps alerts about pod {{ $labels.namespace }}/{{ $labels.pod }} back while this one fires. Send it to nobody.",
		},
	}
}
