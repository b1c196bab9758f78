package model

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
)

// charge refuses a pod that a quota of its namespace has no room for. Pods that
// have finished do not count; those that end do, until they are gone.
func (s *Server) charge(p *corev1.Pod) error {
	for _, o := range s.List(Quota, p.Namespace) {
		q, ok := o.(*corev1.ResourceQuota)
		if !ok {
			continue
		}
		used := s.used(p.Namespace)
		for name, hard := range q.Spec.Hard {
			total := used[name]
			one, counted := charged(p)[name]
			if !counted {
				continue
			}
			total.Add(one)
			if total.Cmp(hard) > 0 {
				return apierrors.NewForbidden(Pod.resource(), p.Name, fmt.Errorf("exceeded quota: %s, requested: %s=%s, limited: %s=%s", q.Name, name, one.String(), name, hard.String()))
			}
		}
	}
	return nil
}

// used sums up what the pods of a namespace are charged for.
func (s *Server) used(namespace string) corev1.ResourceList {
	out := corev1.ResourceList{}
	for _, o := range s.List(Pod, namespace) {
		p, ok := o.(*corev1.Pod)
		if !ok || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
			continue
		}
		for name, q := range charged(p) {
			total := out[name]
			total.Add(q)
			out[name] = total
		}
	}
	return out
}

// charged returns what one pod takes of a quota.
func charged(p *corev1.Pod) corev1.ResourceList {
	out := corev1.ResourceList{corev1.ResourcePods: resource.MustParse("1")}
	for _, c := range p.Spec.Containers {
		for name, q := range c.Resources.Requests {
			for _, as := range []corev1.ResourceName{name, "requests." + name} {
				total := out[as]
				total.Add(q)
				out[as] = total
			}
		}
	}
	return out
}

// recount brings the status of the quotas of a namespace up to date.
func (s *Server) recount(namespace string) {
	for _, o := range s.List(Quota, namespace) {
		q, ok := o.(*corev1.ResourceQuota)
		if !ok {
			continue
		}
		used := s.used(namespace)
		edit(s, "resourcequota-controller", status, q, func(q *corev1.ResourceQuota) {
			q.Status.Hard, q.Status.Used = q.Spec.Hard.DeepCopy(), corev1.ResourceList{}
			for name := range q.Spec.Hard {
				q.Status.Used[name] = used[name]
			}
		})
	}
}
