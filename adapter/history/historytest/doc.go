// Package historytest holds what every history.Source must do, as a suite to
// run against an implementation:
//
//	func TestConformance(t *testing.T) {
//		historytest.Run(t, "mine", func(t *testing.T, stored []history.Samples) history.Source {
//			return openMine(t, stored)
//		})
//	}
//
// The samples, all of one day in 2021, are stored once; the cases then ask for
// ranges of them. They lie 15 seconds beside the grid that is asked for, so
// that versions of PromQL which differ in whether a bound belongs to a range
// answer alike. The source has the default limits.
package historytest
