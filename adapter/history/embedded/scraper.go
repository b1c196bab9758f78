package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/scrape"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// Scraper fills a Store from targets that expose Prometheus metrics, for a
// machine without a Prometheus. It runs by the wall clock.
type Scraper struct {
	manager *scrape.Manager
	targets map[string][]*targetgroup.Group
}

// NewScraper reads the targets from a file with scrape_configs in Prometheus'
// format; static_configs are the only discovery it knows.
func NewScraper(path string, store *Store) (*Scraper, error) {
	cfg, targets, err := loadScrapeConfig(path, store.logger)
	if err != nil {
		return nil, err
	}
	reg := store.cfg.Registerer
	if reg == nil {
		reg = prometheus.NewRegistry()
	}
	manager, err := scrape.NewManager(&scrape.Options{DiscoveryReloadOnStartup: true}, store.logger, nil, nil, store.db, reg)
	if err != nil {
		return nil, fmt.Errorf("make scraper: %w", err)
	}
	if err := manager.ApplyConfig(cfg); err != nil {
		return nil, fmt.Errorf("%s: %s: %s", scrapeFlag, path, history.MaskValues(err))
	}
	return &Scraper{manager: manager, targets: targets}, nil
}

// CheckScrapeConfig says what NewScraper would refuse in the file.
func CheckScrapeConfig(path string) error {
	_, _, err := loadScrapeConfig(path, slog.New(slog.DiscardHandler))
	return err
}

// Run scrapes until the context ends. It may be called once, and the Store
// must stay open until it returns.
func (s *Scraper) Run(ctx context.Context) error {
	updates := make(chan map[string][]*targetgroup.Group, 1)
	updates <- s.targets
	var (
		wg  sync.WaitGroup
		err error
	)
	wg.Go(func() { err = s.manager.Run(updates) })
	<-ctx.Done()
	s.manager.Stop()
	wg.Wait()
	return err
}
