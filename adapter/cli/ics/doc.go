// Package ics reads the days of a pool's calendar from iCalendar files
// (RFC 5545), as calendar programs and the publishers of public holidays write
// them.
//
// In goes a file, which is read whole and judged whole: every event that cannot
// be a day of a calendar is an error that names its line and what to write
// instead. Out come the days that lie in a span, in order. Events that repeat
// do so yearly.
package ics
