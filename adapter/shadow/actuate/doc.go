// Package actuate turns the planner's actions into writes, each conditional on
// what was judged, and does them. It decides nothing.
package actuate
