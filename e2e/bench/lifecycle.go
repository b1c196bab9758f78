package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// lifecycle runs the tests of the modelled control plane at the size that is
// promised: virtual time needs a test. What they measure they leave in a file.
func lifecycle() (_ []measurement, err error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "measured.json")
	cmd := exec.Command("go", "test", "./adapter/shadow/model", "-count=1", "-run=^(TestBurst|TestBurstWithConflicts|TestAtRest)$",
		"-burst=300", "-rest=1000", "-measured="+file)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("run the tests: %w\n%s", err, out)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []measurement
	for dec := json.NewDecoder(f); ; {
		var m measurement
		err := dec.Decode(&m)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read what they measured: %w", err)
		}
		all = append(all, m)
	}
}
