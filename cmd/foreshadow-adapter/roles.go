package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/oklog/run"
	"github.com/spf13/pflag"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/cluster"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/scrape"
)

// The roles of an adapter.
const (
	roleMetrics = "metrics"
	roleShadows = "shadows"
)

// shadowsFlags are the flags of the role that makes and activates shadows.
type shadowsFlags struct {
	pause             bool
	max, perNamespace int
	keepLabels        []string
	allowDrift        []string
	sidecarImage      string
}

func (f *shadowsFlags) install(fs *pflag.FlagSet) {
	fs.BoolVar(&f.pause, "shadows.pause", false, "Pause the shadows of the whole installation. Without a restart: the key "+cluster.PauseKey+" of ConfigMap "+cluster.PauseConfigMap+" in --leader-election.namespace, with the value shadows.")
	fs.IntVar(&f.max, "shadows.max", 0, "Shadows that all pools together may have. 0: no bound.")
	fs.IntVar(&f.perNamespace, "shadows.max-per-namespace", 0, "Shadows that the pools of a namespace together may have. 0: no bound.")
	fs.StringSliceVar(&f.keepLabels, "labels.keep", nil, "Label keys of pods that shadows keep if they can: others are taken away first to hide a shadow from a selector.")
	fs.StringSliceVar(&f.allowDrift, "shadows.allow-drift", nil, "Where admission may make shadows other than live pods: names of containers or volumes, or fields as the condition AdmissionDrift names them, such as spec.containers[istio-proxy].env.")
	fs.StringVar(&f.sidecarImage, "shadows.sidecar-image", "", "The image of foreshadow-sidecar, which warms up the shadows of pools with warmUp.appPort. Empty: none has it, and a shadow is warm when it has been Ready for warmUp.minReady.")
}

// has says that the adapter has a role.
func (o *serveOptions) has(role string) bool { return slices.Contains(o.roles, role) }

// checkRoles checks what the roles mean together.
func (o *serveOptions) checkRoles(fs *pflag.FlagSet) (errs []error) {
	if len(o.roles) == 0 {
		errs = append(errs, errors.New("--roles: write metrics, shadows or metrics,shadows"))
	}
	for _, r := range o.roles {
		if r != roleMetrics && r != roleShadows {
			errs = append(errs, fmt.Errorf("--roles: unknown role %q: write metrics, shadows or metrics,shadows", r))
		}
	}
	if o.has(roleShadows) && o.poolsFile != "" {
		errs = append(errs, errors.New("--roles: shadows live in a cluster: leave --pools.file out, or the role shadows"))
	}
	return append(errs, o.checkRolesOfFlags(fs)...)
}

// flagsOf begin the names of the flags that one role alone reads.
var flagsOf = map[string][]string{
	roleMetrics: {"prometheus.", "storage.", "scrape.", "history.", "web.api-address", "keda.", "certificate."},
	roleShadows: {"shadows.", "labels.keep"},
}

// checkRolesOfFlags finds the flags of roles that this adapter does not have.
func (o *serveOptions) checkRolesOfFlags(fs *pflag.FlagSet) (errs []error) {
	fs.Visit(func(f *pflag.Flag) {
		for _, role := range []string{roleMetrics, roleShadows} {
			of := func(prefix string) bool { return strings.HasPrefix(f.Name, prefix) }
			if !o.has(role) && slices.ContainsFunc(flagsOf[role], of) {
				errs = append(errs, fmt.Errorf("--%s: has no meaning without --roles=%s: leave one of them out", f.Name, role))
			}
		}
	})
	return errs
}

// addShadows runs the role that makes and activates shadows.
func (s *server) addShadows(ctx context.Context, g *run.Group) error {
	cfg, err := s.restConfig()
	if err != nil {
		return err
	}
	progress := scrape.New(s.clock, s.loggers.kit)
	s.shadows, err = cluster.New(cluster.Options{
		SidecarImage: s.o.shadows.sidecarImage, Progress: progress,
		Config: cfg, Namespaces: s.o.namespaces, LeaderElectionNamespace: s.o.leaderNamespace,
		Paused: s.o.shadows.pause, Max: s.o.shadows.max, MaxPerNamespace: s.o.shadows.perNamespace, KeepLabels: s.o.shadows.keepLabels, AllowDrift: s.o.shadows.allowDrift,
		Refresh: s.o.interval, Logger: s.loggers.kit, Logr: logr.FromSlogHandler(s.loggers.slog.Handler()),
		Registerer: s.registry, Clock: s.clock,
	})
	if err != nil {
		return err
	}
	addActor(ctx, g, func(ctx context.Context) error {
		defer progress.Close()
		return s.shadows.Run(ctx)
	})
	if s.o.has(roleMetrics) && s.o.leaderNamespace == "" {
		addActor(ctx, g, s.vouch) // there is no lease to tell by
	}
	return nil
}

// vouch tells the metrics role that this process keeps the shadows too.
func (s *server) vouch(ctx context.Context) error {
	ticker := s.clock.NewTicker(10 * time.Second)
	defer ticker.Stop()
	for {
		s.board.SawShadowsRole(s.clock.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C():
		}
	}
}

// shadowsReady says whether the role, if the adapter has it, could take over.
func (s *server) shadowsReady() error {
	if !s.o.has(roleShadows) {
		return nil
	}
	if s.shadows == nil {
		return errors.New("starting")
	}
	select {
	case <-s.shadows.Synced():
		return nil
	default:
		return errors.New("the cluster has not been read yet")
	}
}
