package publish

import (
	"fmt"
	"strconv"
	"strings"

	apierr "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// What strangers wrote is cut in messages, so that no answer grows with it.
const (
	maxNamed     = 10  // pools that a message names
	maxNameBytes = 253 // the longest name of a Kubernetes object
	// maxMessageBytes is what a message of the library may have.
	maxMessageBytes = 1024
)

// unknownMetric answers a name that this API does not have.
func unknownMetric(name string) *apierr.StatusError {
	return notFound(fmt.Sprintf("there is no external metric %s: write %s, %s or %s",
		quote(name), MetricPredictedCapacity, MetricPredictedLoad, MetricWarmReplicas))
}

// noPool answers a selector that matches nothing, with the pools that could have been meant.
func noPool(namespace string, selector labels.Selector, there []*entry) *apierr.StatusError {
	if len(there) == 0 {
		return notFound(fmt.Sprintf("namespace %s has no pool with published values", quote(namespace)))
	}
	return notFound(fmt.Sprintf("no pool of namespace %s matches selector %s: there are %s",
		quote(namespace), quote(selector.String()), names(there)))
}

// severalPools answers a selector that matches more than one pool: an HPA would add up their values.
func severalPools(namespace string, selector labels.Selector, matched []*entry) *apierr.StatusError {
	return apierr.NewBadRequest(fmt.Sprintf("selector %s matches %d pools of namespace %s (%s): select one with matchLabels: {%s: NAME}",
		quote(selector.String()), len(matched), quote(namespace), names(matched), LabelPool))
}

// labelNotKnown answers a selector of pods that would have to see all their labels.
func labelNotKnown(key string) *apierr.StatusError {
	return apierr.NewBadRequest(fmt.Sprintf("whether a shadow has the label %s is not known here: select by %s or %s",
		quote(key), PodLabelPool, PodLabelState))
}

// refused answers for a pool whose reading must not be given out. It has no Retry-After, which would make client-go wait and retry
// inside the one call that an HPA makes.
func refused(metric string, p *Pool, reason string) *apierr.StatusError {
	return apierr.NewServiceUnavailable(fmt.Sprintf("%s of pool %s in namespace %s is withheld: %s",
		metric, quote(p.Name), quote(p.Namespace), reason))
}

func notFound(message string) *apierr.StatusError {
	return &apierr.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: 404, Reason: metav1.StatusReasonNotFound, Message: message,
	}}
}

// names writes the first pools of a sorted list, and how many more there are.
func names(entries []*entry) string {
	var b strings.Builder
	for i, e := range entries[:min(len(entries), maxNamed)] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quote(e.pool.Name))
	}
	if more := len(entries) - maxNamed; more > 0 {
		fmt.Fprintf(&b, " and %d more", more)
	}
	return b.String()
}

// bounded cuts a message of the library, which has in it what was asked for.
func bounded(e *apierr.StatusError) *apierr.StatusError {
	if m := e.ErrStatus.Message; len(m) > maxMessageBytes {
		e.ErrStatus.Message = strings.ToValidUTF8(m[:maxMessageBytes], "") + "..."
	}
	return e
}

// quote writes s so that nothing in it can be taken for a part of the message around it, cut to the length of a name.
func quote(s string) string {
	if len(s) > maxNameBytes {
		return strconv.Quote(s[:maxNameBytes]) + "..."
	}
	return strconv.Quote(s)
}
