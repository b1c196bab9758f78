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

// configError is what only the operator can cure.
type configError string

func (e configError) Error() string { return string(e) }

// IsOperators says that an error of Open or Recover is one that only the
// operator can cure, so that a start with less would hide it.
func IsOperators(err error) bool {
	_, config := errors.AsType[configError](err)
	return config || errors.Is(err, ErrLocked) || errors.Is(err, ErrNoPermission)
}

// openError names the directory, the reason and the remedy; flag is the one that
// names the directory.
func openError(dir, flag string, err error) error {
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return fmt.Errorf("open data directory %s: %w: stop that process or write another directory with %s", dir, ErrLocked, flag)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("open data directory %s: %w: let this user write there or write another directory with %s", dir, ErrNoPermission, flag)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		return configError(fmt.Sprintf("open data directory %s: a file is in its place: write another directory with %s", dir, flag))
	default:
		return fmt.Errorf("open data directory %s: %w", dir, err)
	}
}
