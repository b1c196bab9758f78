package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// dirFlag is the flag that answers about the data directory name.
const dirFlag = "--storage.path"

var (
	// ErrLocked says that another process has the data directory.
	ErrLocked = errors.New("another process holds its lock")
	// ErrNoPermission says that the data directory cannot be written.
	ErrNoPermission = errors.New("no write permission")
)

// openError names the directory, the reason and the remedy.
func openError(dir string, err error) error {
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return fmt.Errorf("open data directory %s: %w: stop that process or write another directory with %s", dir, ErrLocked, dirFlag)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("open data directory %s: %w: let this user write there or write another directory with %s", dir, ErrNoPermission, dirFlag)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		return fmt.Errorf("open data directory %s: a file is in its place: write another directory with %s", dir, dirFlag)
	default:
		return fmt.Errorf("open data directory %s: %w", dir, err)
	}
}
