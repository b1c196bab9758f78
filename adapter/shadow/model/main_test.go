package model_test

import (
	"os"
	"runtime/debug"
	"testing"
)

// The runs make much garbage and keep little: a larger heap costs a quarter less.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}
