// Package rig drives the product on the model: it lets leaders observe, plan and
// act through caches that lag and requests that take time, fail, or happen and
// fail all the same, kills and pauses them, does to the cluster what users,
// nodes and autoscalers do, and hands the whole history to the checker of the
// invariants.
//
// A leader's requests are held at a gate until its goroutines can do nothing
// else, and then let through one by one in an order and at times that the run's
// Choice draws. So a run is a function of its Choice, although the actuator is
// concurrent; it must run in a testing/synctest bubble, whose Wait the rig is
// given.
package rig
