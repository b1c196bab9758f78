package v1alpha1

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

func (p *Profile) setDefaults() {
	setDefault(&p.Window, "1h")
	setDefault(&p.MinAge, "10m")
}

func (p *Profile) validate(r *refusals, path *field.Path) {
	r.duration(path.Child("window"), p.Window, within(10*time.Minute, 6*time.Hour), "write a duration from 10m to 6h, such as 1h")
	r.duration(path.Child("minAge"), p.MinAge, within(time.Minute, day), "write a duration from 1m to 1d, such as 10m")
	for name, query := range p.Queries.ByName() {
		r.atMost(path.Child("queries", name), query, 8192)
	}
}

// ByName returns the queries by the names of their fields; those that are not
// written are empty.
func (q *ProfileQueries) ByName() map[string]string {
	return map[string]string{
		"cpu": q.CPU, "memory": q.Memory, "networkReceive": q.NetworkReceive, "networkTransmit": q.NetworkTransmit,
		"diskRead": q.DiskRead, "diskWrite": q.DiskWrite, "requests": q.Requests,
		"latencyP50": q.LatencyP50, "latencyP99": q.LatencyP99, "errorRatio": q.ErrorRatio, "started": q.Started,
	}
}

const maxDimensions = 6

func validateDimensions(r *refusals, path *field.Path, dimensions []Dimension) {
	if len(dimensions) > maxDimensions {
		r.add(field.TooMany(path, len(dimensions), maxDimensions))
		return
	}
	names := make([]string, 0, maxDimensions)
	for _, name := range LoadDimensions() {
		names = append(names, string(name))
	}
	seen := map[LoadDimension]bool{}
	proper := true
	for i, d := range dimensions {
		at := path.Index(i)
		if d.Name == "" {
			r.require(at.Child("name"), "")
		} else {
			r.oneOf(at.Child("name"), string(d.Name), names...)
		}
		seen[d.Name] = true
		// The API server leaves rules over what is refused itself out.
		proper = proper && slices.Contains(LoadDimensions(), d.Name)
		if d.CapacityPerReplica != nil {
			r.decimal(at.Child("capacityPerReplica"), *d.CapacityPerReplica, func(v float64) bool { return v > 0 },
				`write a number above 0 in cores, bytes or bytes a second, such as "0.5", or leave it out`)
		}
	}
	r.unlessStruct(!proper || len(seen) == len(dimensions), path, "write each resource once")
}
