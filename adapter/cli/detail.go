package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"k8s.io/client-go/rest"

	"github.com/foreshadow-dev/foreshadow/adapter/api/detail"
	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

const (
	// defaultAdapterService is what the chart and the example call it.
	defaultAdapterService = "foreshadow/foreshadow-adapter:9402"
	detailTimeout         = 5 * time.Second
)

// adapterServicePattern is namespace/name:port, where https: before the name
// says that the adapter serves TLS there.
var adapterServicePattern = regexp.MustCompile(`^([a-z0-9][-a-z0-9]{0,62})/((?:https:)?[a-z0-9][-a-z0-9]{0,62}:[a-z0-9][-a-z0-9]{0,62})$`)

// details asks the adapter for the forecasts of pools, through the API server.
type details struct {
	*factory
	service string
	// gone is why the adapter cannot be reached: it is not asked again.
	gone error
	// found and missed are by pool.
	found  map[string]*detail.Forecast
	missed map[string]error
}

// load asks for the forecasts of the pools that have one. What fails is said
// beside the decision, which needs nothing of it.
func (d *details) load(ctx context.Context, pools []*v1alpha1.ShadowPool) error {
	d.found, d.missed = map[string]*detail.Forecast{}, map[string]error{}
	if d.service == "" {
		return nil
	}
	service := adapterServicePattern.FindStringSubmatch(d.service)
	if service == nil {
		return fmt.Errorf("--adapter-service %q: write namespace/name:port, such as %s, or nothing to leave it out", d.service, defaultAdapterService)
	}
	for _, p := range pools {
		if p.Status.Forecast == nil {
			continue
		}
		key := p.Namespace + "/" + p.Name
		if d.gone != nil {
			d.missed[key] = d.gone
			continue
		}
		found, err := d.ask(ctx, service[1], service[2], p)
		if err != nil {
			d.missed[key] = err
			continue
		}
		d.found[key] = found
	}
	return nil
}

func (d *details) ask(ctx context.Context, namespace, name string, p *v1alpha1.ShadowPool) (*detail.Forecast, error) {
	ctx, cancel := context.WithTimeout(ctx, detailTimeout)
	defer cancel()
	cfg, err := d.flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	client, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", cfg.Host, err)
	}
	base, _, err := rest.DefaultServerUrlFor(cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", cfg.Host, err)
	}
	target := base.JoinPath("api", "v1", "namespaces", namespace, "services", name, "proxy").String() + detail.Path(p.Namespace, p.Name)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", d.service, err)
	}
	answer, err := client.Do(request)
	if err != nil {
		d.gone = fmt.Errorf("ask %s: %w", d.service, withoutURL(err))
		return nil, d.gone
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, detail.MaxBytes))
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", d.service, err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, d.refused(answer.StatusCode, namespace, body)
	}
	var found detail.Forecast
	if err := json.Unmarshal(body, &found); err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", d.service, err)
	}
	return &found, nil
}

// refused says what to do about an answer that is no forecast.
func (d *details) refused(code int, namespace string, body []byte) error {
	said, byServer := messageOf(body)
	switch {
	case code == http.StatusForbidden:
		d.gone = fmt.Errorf("%s may not be asked: a Role in namespace %s must allow get on services/proxy: %s", d.service, namespace, said)
		return d.gone
	case byServer:
		d.gone = fmt.Errorf("%s cannot be reached: %s: write --adapter-service=namespace/name:port of the adapter's metrics port", d.service, said)
		return d.gone
	}
	return fmt.Errorf("%s answers %d: %s", d.service, code, said)
}

// messageOf is what an answer says, and whether the API server said it rather
// than the adapter behind it.
func messageOf(body []byte) (said string, byServer bool) {
	var status struct {
		Kind, Message string
	}
	if json.Unmarshal(body, &status) == nil && status.Kind == "Status" {
		return status.Message, true
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	return line, false
}

// withoutURL drops the address, which the service names more shortly.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
