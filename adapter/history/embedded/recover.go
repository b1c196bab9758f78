package embedded

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/prometheus/tsdb"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// asideFolder holds what could not be read, of the last time alone.
const asideFolder = "unreadable"

// Recover opens the store as Open does, and where its directory cannot be read
// or has no room left, with less: of a full volume the oldest blocks go until
// there is room, and what is corrupt is set aside into the folder unreadable,
// which takes the place of the last one. Both are said in the log. A directory
// that another process holds, or that cannot be one, stays an error, as does what
// the machine lacks.
func Recover(cfg Config, logger log.Logger, metrics *history.Metrics, clk clock.PassiveClock) (*Store, error) {
	said := log.With(logger, "component", "storage")
	for aside := false; ; {
		s, err := Open(cfg, logger, metrics, clk)
		switch {
		case err == nil || IsOperators(err):
			return s, err
		case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
			gone, dropErr := makeRoom(cfg.Dir)
			if gone == "" || dropErr != nil {
				return nil, errors.Join(err, dropErr)
			}
			level.Error(said).Log("msg", "the volume is full: the oldest is removed", "removed", gone, "err", err)
		case aside || isOfTheMachine(err):
			return nil, err
		default:
			aside = true
			if moved, asideErr := setAside(cfg.Dir); !moved || asideErr != nil {
				return nil, errors.Join(err, asideErr)
			}
			level.Error(said).Log("msg", "the store cannot be read: it begins anew, and what was there is set aside", "aside", filepath.Join(cfg.Dir, asideFolder), "err", err)
		}
	}
}

// isOfTheMachine says that an error is one of what the process may have, or of
// the volume: what is in the directory may be well, and is left where it is.
func isOfTheMachine(err error) bool {
	for _, of := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EAGAIN, syscall.EIO, syscall.ESTALE} {
		if errors.Is(err, of) {
			return true
		}
	}
	return false
}

// makeRoom removes what was set aside, or else the oldest block, and names it.
func makeRoom(dir string) (string, error) {
	aside := filepath.Join(dir, asideFolder)
	if _, err := os.Stat(aside); err == nil {
		return aside, os.RemoveAll(aside)
	}
	in := os.DirFS(dir)
	metas, err := fs.Glob(in, "*/meta.json")
	if err != nil || len(metas) == 0 {
		return "", err
	}
	// A block's name tells when it was made, and one that is made of others is
	// younger than its samples.
	oldest := slices.MinFunc(metas, func(a, b string) int { return cmp.Compare(lastOf(in, a), lastOf(in, b)) })
	gone := filepath.Join(dir, path.Dir(oldest))
	return gone, os.RemoveAll(gone)
}

// lastOf returns when a block ends, by its meta.json; one that cannot be read is
// of no use, and ends before all others.
func lastOf(in fs.FS, name string) int64 {
	var meta tsdb.BlockMeta
	raw, err := fs.ReadFile(in, name)
	if err != nil || json.Unmarshal(raw, &meta) != nil {
		return math.MinInt64
	}
	return meta.MaxTime
}

// setAside moves what is in the directory into a folder of it, and reports
// whether there was anything: what was set aside before makes room for that
// alone.
func setAside(dir string) (moved bool, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, fmt.Errorf("set aside: %w", err)
	}
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool {
		// lost+found is the volume's own.
		return slices.Contains([]string{"lock", "lost+found", asideFolder}, e.Name()) || strings.HasPrefix(e.Name(), ".")
	})
	if len(entries) == 0 {
		return false, nil
	}
	aside := filepath.Join(dir, asideFolder)
	if err := os.RemoveAll(aside); err != nil {
		return false, fmt.Errorf("set aside: %w", err)
	}
	if err := os.Mkdir(aside, 0o750); err != nil {
		return false, fmt.Errorf("set aside: %w", err)
	}
	for _, e := range entries {
		if err := os.Rename(filepath.Join(dir, e.Name()), filepath.Join(aside, e.Name())); err != nil {
			return true, fmt.Errorf("set aside: %w", err)
		}
	}
	return true, nil
}

// None is the source of a store that could not be opened, which answers with
// the reason.
func None(reason error) history.Source { return none{reason} }

type none struct{ reason error }

// String names the store in messages.
func (none) String() string { return "the embedded store" }

// QueryRange has nothing to answer with.
func (n none) QueryRange(context.Context, string, history.Range) (history.Result, error) {
	return history.Result{}, &history.QueryError{Where: n.String(), Kind: history.ErrUnavailable, Cause: n.reason, Remedy: "repair its volume and start the adapter anew"}
}
