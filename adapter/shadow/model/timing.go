package model

import "time"

// Range is a duration that is drawn anew each time.
type Range struct{ Low, High time.Duration }

// Timing says how long things take.
type Timing struct {
	// ControllerLag bounds the lag of the controllers' caches, Queue the wait of
	// a key in their queues, Write one of their requests.
	ControllerLag, Queue, Write time.Duration
	// ControllerQPS and ControllerBurst limit the ReplicaSet controller's
	// client; 0: no limit.
	ControllerQPS   float64
	ControllerBurst int
	// Schedule, Pull and Start are the parts of a cold start: until a pod has a
	// node, runs, is Ready. Stop is how long one takes to end.
	Schedule, Pull, Start, Stop Range
	// EndpointLag bounds the time from a change of a pod to the EndpointSlice.
	EndpointLag time.Duration
	// Collect bounds how long the garbage collector takes to see something.
	Collect time.Duration
	// NodeGone is how long a lost node takes to be noticed, Tolerate how long
	// its pods stay then.
	NodeGone, Tolerate time.Duration
}

// Usual is the timing of a small cluster with an app that takes some seconds.
func Usual() Timing {
	const ms = time.Millisecond
	return Timing{
		ControllerLag: 40 * ms, Queue: 5 * ms, Write: 12 * ms, ControllerQPS: 20, ControllerBurst: 30,
		Schedule: Range{5 * ms, 80 * ms}, Pull: Range{time.Second, 2 * time.Second}, Start: Range{2 * time.Second, 8 * time.Second},
		Stop: Range{100 * ms, 3 * time.Second}, EndpointLag: 60 * ms, Collect: 500 * ms,
		NodeGone: 40 * time.Second, Tolerate: 5 * time.Minute,
	}
}
