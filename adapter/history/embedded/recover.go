package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// asideFolder holds what could not be read, of the last time alone.
const asideFolder = "unreadable"

// Recover opens the store as Open does, and where its directory cannot be read
// or has no room left, with less: of a full volume the oldest blocks go until
// there is room, and what is corrupt is set aside into the folder unreadable,
// which takes the place of the last one. Both are said in the log. A directory
// that another process holds, or that cannot be one, stays an error.
func Recover(cfg Config, logger log.Logger, metrics *history.Metrics, clk clock.PassiveClock) (*Store, error) {
	said := log.With(logger, "component", "storage")
	for aside := false; ; {
		s, err := Open(cfg, logger, metrics, clk)
		switch {
		case err == nil || IsOperators(err):
			return s, err
		case errors.Is(err, syscall.ENOSPC):
			gone, dropErr := makeRoom(cfg.Dir)
			if gone == "" || dropErr != nil {
				return nil, errors.Join(err, dropErr)
			}
			level.Error(said).Log("msg", "the volume is full: the oldest is removed", "removed", gone, "err", err)
		case aside:
			return nil, err
		default:
			aside = true
			if asideErr := setAside(cfg.Dir); asideErr != nil {
				return nil, errors.Join(err, asideErr)
			}
			level.Error(said).Log("msg", "the store cannot be read: it begins anew, and what was there is set aside", "aside", filepath.Join(cfg.Dir, asideFolder), "err", err)
		}
	}
}

// makeRoom removes what was set aside, or else the oldest block, and names it.
func makeRoom(dir string) (string, error) {
	aside := filepath.Join(dir, asideFolder)
	if _, err := os.Stat(aside); err == nil {
		return aside, os.RemoveAll(aside)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	for _, e := range entries { // sorted: a block's name begins with the time of its making
		block := filepath.Join(dir, e.Name())
		if _, err := os.Stat(filepath.Join(block, "meta.json")); err == nil {
			return block, os.RemoveAll(block)
		}
	}
	return "", nil
}

// setAside moves what is in the directory into a folder of it.
func setAside(dir string) error {
	aside := filepath.Join(dir, asideFolder)
	if err := os.RemoveAll(aside); err != nil {
		return fmt.Errorf("set aside: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("set aside: %w", err)
	}
	if err := os.Mkdir(aside, 0o750); err != nil {
		return fmt.Errorf("set aside: %w", err)
	}
	for _, e := range entries {
		// lost+found is the volume's own.
		if slices.Contains([]string{"lock", "lost+found", asideFolder}, e.Name()) || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if err := os.Rename(filepath.Join(dir, e.Name()), filepath.Join(aside, e.Name())); err != nil {
			return fmt.Errorf("set aside: %w", err)
		}
	}
	return nil
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
