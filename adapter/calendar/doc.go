// Package calendar says in the forecast's words what a pool's calendar says.
//
// In goes a v1alpha1.Calendar, out come the location in which days begin, nil
// for UTC, and the days that are unlike others.
package calendar
