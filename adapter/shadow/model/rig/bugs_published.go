package rig

import (
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model"
)

// published is the story of an autoscaler that follows what the metrics role
// publishes in the status that the shadows role writes, too.
func published() Scene {
	return Scene{Name: "a raise by what is published", Happens: func(s *Shop) {
		s.Publish(Need{Floor: 4, Now: 4, Value: 4, Shadow: 5})
		s.Make(model.NewAutoscaler(s.Namespace, name, 10))
		s.Autoscale(nil)
		s.RunFor(40 * time.Second)
		s.Publish(Need{Floor: 6, Now: 6, Value: 6, Shadow: 7})
		s.RunFor(2 * time.Minute)
	}}
}

// publishedBugs are those of a role that writes more of the status than is its
// own. What the metrics role publishes by itself is not of this model, nor are
// the requests of a warm-up (H11).
func publishedBugs() []Bug {
	return []Bug{
		{
			Name: "a status bears what was published before", Breaks: "Rel4", Says: "publishes 4 replicas", Scene: published(),
			Plant: func() Tamper {
				return Tamper{Write: wrongStatus(func(s *v1alpha1.ShadowPoolStatus) {
					s.Capacity = &v1alpha1.CapacityStatus{PredictedReplicas: new(int32(4))}
				})}
			},
		},
		{
			Name: "a status is written over what was published", Breaks: "H10", Says: "cannot compute", Scene: published(), Plant: forgetsPublished,
		},
	}
}

// forgetsPublished writes a status whole, so that what others have in it is
// gone.
func forgetsPublished() Tamper {
	return Tamper{Send: func(w actuate.Write, send func(actuate.Write) (client.Object, error)) (client.Object, error) {
		o, err := send(w)
		if p, ok := o.(*v1alpha1.ShadowPool); err != nil || !ok || p.Status.Capacity == nil {
			return o, err
		}
		return send(actuate.Write{
			Verb: actuate.VerbPatch, Object: o, Subresource: w.Subresource, Pool: w.Pool, Patch: []byte(`{"status":{"capacity":null}}`),
		})
	}}
}
