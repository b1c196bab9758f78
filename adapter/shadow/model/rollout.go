package model

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// roll takes one step of a rolling update: the new ReplicaSet up, or the old
// ones down, within what the strategy allows.
func (c *deployments) roll(d *appsv1.Deployment, all []*appsv1.ReplicaSet) error {
	current := newest(d, all)
	if current == nil {
		made, err := c.create(d, all)
		if err != nil {
			return err
		}
		return c.writeStatus(d, append(all, made))
	}
	old := slices.DeleteFunc(slices.Clone(all), func(rs *appsv1.ReplicaSet) bool { return rs == current })
	if n := c.grown(d, all, current); n != *current.Spec.Replicas {
		if err := c.resize(d, current, n); err != nil {
			return err
		}
		return c.writeStatus(d, all)
	}
	if err := c.shrink(d, all, old, current); err != nil {
		return err
	}
	return c.writeStatus(d, all)
}

// grown is the next size of the new ReplicaSet.
func (c *deployments) grown(d *appsv1.Deployment, all []*appsv1.ReplicaSet, current *appsv1.ReplicaSet) int32 {
	have := *current.Spec.Replicas
	if have >= *d.Spec.Replicas {
		return *d.Spec.Replicas
	}
	room := *d.Spec.Replicas + surge(d) - sum(all)
	if room <= 0 {
		return have
	}
	return have + min(room, *d.Spec.Replicas-have)
}

// shrink lowers the old ReplicaSets: those of their pods that are not available
// first, then as many as the new one has made good for.
func (c *deployments) shrink(d *appsv1.Deployment, all, old []*appsv1.ReplicaSet, current *appsv1.ReplicaSet) error {
	if sum(old) == 0 {
		return nil
	}
	least := *d.Spec.Replicas - slack(d)
	cleanup := sum(all) - least - (*current.Spec.Replicas - current.Status.AvailableReplicas)
	if cleanup <= 0 {
		return nil
	}
	for _, rs := range old {
		if bad := min(cleanup, *rs.Spec.Replicas-rs.Status.AvailableReplicas); bad > 0 {
			if err := c.resize(d, rs, *rs.Spec.Replicas-bad); err != nil {
				return err
			}
			cleanup -= bad
		}
	}
	var available int32
	for _, rs := range all {
		available += rs.Status.AvailableReplicas
	}
	spare := available - least
	for _, rs := range old {
		if n := min(*rs.Spec.Replicas, spare); n > 0 {
			if err := c.resize(d, rs, *rs.Spec.Replicas-n); err != nil {
				return err
			}
			spare -= n
		}
	}
	return nil
}

// recreate ends all old pods before it makes new ones.
func (c *deployments) recreate(d *appsv1.Deployment, all []*appsv1.ReplicaSet) error {
	current := newest(d, all)
	old := slices.DeleteFunc(slices.Clone(all), func(rs *appsv1.ReplicaSet) bool { return rs == current })
	for _, rs := range old {
		if *rs.Spec.Replicas > 0 {
			if err := c.resize(d, rs, 0); err != nil {
				return err
			}
		}
	}
	for _, p := range listOf[*corev1.Pod](c.cache, Pod, d.Namespace) {
		if p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
			continue
		}
		if slices.ContainsFunc(old, func(rs *appsv1.ReplicaSet) bool { return controllerOf(p).UID == rs.UID }) {
			return c.writeStatus(d, all)
		}
	}
	if current == nil {
		made, err := c.create(d, nil)
		if err != nil {
			return err
		}
		return c.writeStatus(d, append(all, made))
	}
	if err := c.resize(d, current, *d.Spec.Replicas); err != nil {
		return err
	}
	return c.writeStatus(d, all)
}
