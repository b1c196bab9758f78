package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"sigs.k8s.io/yaml"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// scrapeFlag is the flag that answers about the file of scrape_configs name.
const scrapeFlag = "--scrape.config-file"

// loadScrapeConfig reads what a Scraper can do from a file in Prometheus'
// format; anything else in it is refused by its name.
func loadScrapeConfig(path string, logger *slog.Logger) (*config.Config, map[string][]*targetgroup.Group, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator's own file, named by a flag
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, fmt.Errorf("%s: %s: no such file: write the path of a file with scrape_configs", scrapeFlag, path)
	case err != nil:
		return nil, nil, fmt.Errorf("%s: %w", scrapeFlag, err)
	}
	if err := checkScrapeConfig(text); err != nil {
		return nil, nil, fmt.Errorf("%s: %s: %s", scrapeFlag, path, history.MaskValues(err))
	}
	cfg, err := config.Load(string(text), logger)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %s: %s", scrapeFlag, path, history.MaskValues(err))
	}
	cfg.SetDirectory(filepath.Dir(path))
	targets, err := staticTargets(cfg)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %s: %s", scrapeFlag, path, history.MaskValues(err))
	}
	return cfg, targets, nil
}

// checkScrapeConfig looks for sections that would be read and then ignored,
// and for ways of discovery that are not built in.
func checkScrapeConfig(text []byte) error {
	var sections map[string]any
	if err := yaml.Unmarshal(text, &sections); err != nil {
		return err
	}
	for _, name := range sortedKeys(sections) {
		if name != "global" && name != "scrape_configs" {
			return fmt.Errorf("%s: is not done here: remove it, or run Prometheus and write its address with --prometheus.url", name)
		}
	}
	jobs, _ := sections["scrape_configs"].([]any)
	if len(jobs) == 0 {
		return errors.New("scrape_configs: is missing: write at least one job with static_configs")
	}
	for i, job := range jobs {
		job, _ := job.(map[string]any)
		for _, name := range sortedKeys(job) {
			if strings.HasSuffix(name, "_sd_configs") {
				return fmt.Errorf("scrape_configs[%d].%s: targets are not discovered here: write static_configs with their addresses, or run Prometheus and write its address with --prometheus.url", i, name)
			}
		}
	}
	return nil
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return slices.Compact(keys)
}

// staticTargets lists the targets by job.
func staticTargets(cfg *config.Config) (map[string][]*targetgroup.Group, error) {
	jobs, err := cfg.GetScrapeConfigs()
	if err != nil {
		return nil, err
	}
	targets := map[string][]*targetgroup.Group{}
	for _, job := range jobs {
		for _, sd := range job.ServiceDiscoveryConfigs {
			groups, ok := sd.(discovery.StaticConfig)
			if !ok {
				return nil, fmt.Errorf("job %s: %s discovery is not done here: write static_configs", job.JobName, sd.Name())
			}
			if err := checkTargets(groups); err != nil {
				return nil, fmt.Errorf("job %s: %w", job.JobName, err)
			}
			targets[job.JobName] = append(targets[job.JobName], groups...)
		}
	}
	return targets, nil
}

// checkTargets refuses credentials in an address: it becomes the label
// instance of what is stored.
func checkTargets(groups []*targetgroup.Group) error {
	for _, group := range groups {
		for _, target := range group.Targets {
			address := string(target[model.AddressLabel])
			if at := strings.LastIndexByte(address, '@'); at >= 0 {
				return fmt.Errorf("target %q has a user name or password: write %q and the credentials as basic_auth of the job", "...@"+address[at+1:], address[at+1:])
			}
		}
	}
	return nil
}
