// Package lease tells whether a role of the adapter is alive: whether somebody renews its lease. The roles meet in the status of the
// pools, which says nothing of whether its writer still runs.
package lease
