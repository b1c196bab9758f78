// Package shadowtest builds the objects of tests about shadows: a pool, its
// workload and their pods, each with defaults that a test need not mention.
//
// All of them are of the workload Name in Namespace, and fit together:
//
//	d := shadowtest.Deployment(3)
//	rs := shadowtest.ReplicaSet(d)
//	live := shadowtest.Pod(rs, "a")
//	warm := shadowtest.Shadow(shadowtest.Pool(), rs, "s1", v1alpha1.ShadowReady)
//
// Each takes functions that alter what matters to the test.
package shadowtest
