// Package backtest forecasts a load that lies in a CSV file or in a Prometheus,
// and tells how good such forecasts would have been on the user's own past.
//
// In go the series of one file (ReadCSV) or of one query (ReadPrometheus). Out
// come their forecasts (ForecastAll), the score of forecasts from rolling
// origins beside those of plain peers (Run), or what a workload would have gone
// through with and without a forecast (ReplayAll).
//
// What holds: a forecast sees nothing after its origin; a gap is never zero and
// is in no score; the same input gives the same report, however many series are
// worked on at a time; what could be read is kept, and what could not is said.
package backtest
