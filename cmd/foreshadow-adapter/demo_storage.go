package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

var errMayNotWrite = errors.New("this user may not write there")

// writing says in the same words on every system that writing is not allowed.
func writing(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return errMayNotWrite
	}
	return err
}

// storage returns the store's directory and what to do with it at the end. One
// that holds anything is refused: a trace's history does not belong beside it.
func (o demoOptions) storage() (dir string, cleanUp func() error, err error) {
	if o.dataDir == "" {
		dir, err = os.MkdirTemp("", "foreshadow-demo-")
		if err != nil {
			return "", nil, fmt.Errorf("make a directory for the embedded store in %s: %w: name another one with --storage.path", os.TempDir(), writing(err))
		}
		return dir, func() error { return os.RemoveAll(dir) }, nil
	}
	held, err := os.ReadDir(o.dataDir)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", nil, fmt.Errorf("--storage.path %q: %w: name an empty directory that this user may write, or leave the flag out", o.dataDir, err)
	case len(held) > 0:
		return "", nil, fmt.Errorf("--storage.path %q: the directory is not empty: name a new or an empty one, or leave the flag out", o.dataDir)
	}
	return o.dataDir, func() error { return nil }, nil
}
