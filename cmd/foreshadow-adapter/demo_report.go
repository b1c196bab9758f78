package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/foreshadow-dev/foreshadow/adapter/simulate"
)

// reportTarget is where the report is left. The last one stays until the next
// is whole: it is written beside it and takes its place.
type reportTarget struct {
	flag  string // as the user wrote it; empty for no report
	path  string // with symbolic links resolved
	mode  fs.FileMode
	plain bool // a file, or nothing yet; else a device or a pipe
}

// newReportTarget finds out at the start whether the report can be written, so
// that nobody waits a minute to be told that it cannot.
func newReportTarget(file string) (*reportTarget, error) {
	t := &reportTarget{flag: file, path: filepath.Clean(file), mode: 0o600, plain: true}
	if file == "" {
		return t, nil
	}
	if err := t.check(); err != nil {
		return nil, t.explain(err)
	}
	return t, nil
}

func (t *reportTarget) check() error {
	if err := os.MkdirAll(filepath.Dir(t.path), 0o750); err != nil {
		return err
	}
	if path, err := filepath.EvalSymlinks(t.path); err == nil {
		t.path = path
	}
	info, err := os.Stat(t.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case info.Mode().IsRegular() || info.IsDir():
		// A file that its owner protects is not replaced either.
		f, err := os.OpenFile(t.path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
		t.mode = info.Mode().Perm()
	default:
		// Opening a pipe to see whether it can be written would end its reader.
		t.plain = false
		return nil
	}
	f, err := t.create()
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// create makes the file that is to become the report, beside it: only within a
// directory is a rename sure to be whole.
func (t *reportTarget) create() (*os.File, error) {
	return os.CreateTemp(filepath.Dir(t.path), "."+filepath.Base(t.path)+".*")
}

// write leaves the report.
func (t *reportTarget) write(report simulate.Report) error {
	if t.flag == "" {
		return nil
	}
	if !t.plain {
		f, err := os.OpenFile(t.path, os.O_WRONLY, 0)
		if err != nil {
			return t.explain(err)
		}
		return t.explain(errors.Join(report.WriteJSON(f), f.Close()))
	}
	f, err := t.create()
	if err != nil {
		return t.explain(err)
	}
	err = errors.Join(report.WriteJSON(f), f.Chmod(t.mode), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), t.path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return t.explain(err)
}

// explain says what to do about an error; nil stays nil.
func (t *reportTarget) explain(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("--report.file %q: %w: name another file, or write --report.file= for none", t.flag, writing(err))
}
