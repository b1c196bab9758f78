package rig

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

func costBugs() []Bug {
	cost := []string{"annotations", corev1.PodDeletionCost}
	return []Bug{
		{
			Name: "the deletion cost has the wrong sign", Breaks: "H1", Says: "had served and was deleted",
			Plant: wrongPatch(shadow.KindActivate, func(meta map[string]any) { part(meta, cost[0])[cost[1]] = "1000" }),
		},
		{
			Name: "there is no deletion cost", Breaks: "H1", Says: "had served and was deleted",
			Plant: wrongPatch(shadow.KindActivate, without(cost...)),
		},
		{
			Name: "the deletion cost comes in a second write", Breaks: "H1", Says: "cost", Scene: raise(),
			Plant: inTwo(without(cost...)),
		},
		{
			Name: "the deletion cost stays after the surplus", Breaks: "Rel9", Says: "deletion cost", Scene: raise(),
			Plant: never(shadow.KindSettle),
		},
		{
			Name: "the CPU request is not given back", Breaks: "Rel9", Says: "CPU", Scene: sceneOf("an idle CPU"),
			Plant: never(shadow.KindResize),
		},
	}
}
