// Package loadcsv reads a load as a CSV file holds it: stamps and values as they
// came, by series. What to make of them, a grid or a refusal, is up to its
// readers.
package loadcsv
