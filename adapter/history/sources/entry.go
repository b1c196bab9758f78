package sources

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/config"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

const (
	// Default is the source that flags configure.
	Default = "default"
	// everybody stands for all namespaces.
	everybody = "*"
	// maxSources bounds the clients that one file makes.
	maxSources = 100
)

var (
	names      = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
)

// list is the whole file.
type list struct {
	Sources []entry `json:"sources"`
}

// entry is one source as the file says it.
type entry struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	// HTTPConfig is Prometheus' http_config.
	HTTPConfig json.RawMessage `json:"http_config,omitempty"`
	// Headers go with each request: the tenant.
	Headers              map[string]string `json:"headers,omitempty"`
	ConfineLabel         string            `json:"confine_label,omitempty"`
	ConfineLabelByPrefix map[string]string `json:"confine_label_by_prefix,omitempty"`
	// Namespaces are those whose pools may read it; "*" is all of them.
	Namespaces     []string `json:"namespaces"`
	Timeout        string   `json:"timeout,omitempty"`
	MaxConcurrency int      `json:"max_concurrency,omitempty"`
}

// decode reads the file's text. Errors name the field.
func decode(raw []byte) ([]entry, error) {
	text, err := yaml.YAMLToJSONStrict(raw)
	if err != nil {
		return nil, errors.New(history.MaskValues(err))
	}
	var l list
	unknown, err := kjson.UnmarshalStrict(text, &l)
	if err != nil {
		return nil, errors.New(history.MaskValues(err))
	}
	if len(unknown) > 0 {
		return nil, errors.New(history.MaskValues(unknown[0]))
	}
	if l.Sources == nil {
		// A file that somebody is at may be empty for a moment: that is no list of none.
		return nil, errors.New("sources: is missing: write the list, [] for none")
	}
	if len(l.Sources) > maxSources {
		return nil, fmt.Errorf("sources: there are %d: write at most %d", len(l.Sources), maxSources)
	}
	seen := map[string]bool{Default: true}
	for i, e := range l.Sources {
		at := fmt.Sprintf("sources[%d]", i)
		if err := e.check(); err != nil {
			return nil, fmt.Errorf("%s.%w", at, err)
		}
		if seen[e.Name] {
			return nil, fmt.Errorf("%s.name: %s is taken: write another name (%s is what --prometheus.url configures)", at, e.Name, Default)
		}
		seen[e.Name] = true
	}
	return l.Sources, nil
}

// check reports what can be seen without making a client. Errors begin with the
// field.
func (e entry) check() error {
	if len(e.Name) > 63 || !names.MatchString(e.Name) {
		return fmt.Errorf("name: %q: write small letters, digits and - such as long-term", e.Name)
	}
	if strings.Contains(e.URL, "@") {
		return errors.New("url: has a user name or password: write http_config.basic_auth with username and password_file")
	}
	if len(e.Namespaces) == 0 {
		return errors.New(`namespaces: is empty: write the namespaces whose pools may read it, or "*" for all`)
	}
	for i, ns := range e.Namespaces {
		if ns != everybody && (len(ns) > 63 || !names.MatchString(ns)) {
			return fmt.Errorf("namespaces[%d]: %q: write the name of a namespace, or \"*\" for all", i, ns)
		}
	}
	if err := e.checkHeaders(); err != nil {
		return err
	}
	if e.MaxConcurrency < 0 {
		return fmt.Errorf("max_concurrency: %d: write at least 1", e.MaxConcurrency)
	}
	if err := e.confinement().Validate(); err != nil {
		return fmt.Errorf("confine_label: %w", err)
	}
	return nil
}

func (e entry) checkHeaders() error {
	for name, value := range e.Headers {
		switch {
		case !headerName.MatchString(name):
			return fmt.Errorf("headers: %q: write the name of an HTTP header such as X-Scope-OrgID", name)
		case isReserved(name):
			return fmt.Errorf("headers: %q: is not for here: write credentials into http_config", name)
		case value == "" || strings.ContainsAny(value, "\r\n"):
			return fmt.Errorf("headers.%s: write one line of text, such as the name of the tenant", name)
		}
	}
	return nil
}

func isReserved(name string) bool {
	for reserved := range config.ReservedHeaders {
		if strings.EqualFold(name, reserved) {
			return true
		}
	}
	return false
}

func (e entry) confinement() history.Confinement {
	c := history.Confinement{Label: e.ConfineLabel, ByPrefix: e.ConfineLabelByPrefix}
	if c.Label == "" {
		c.Label = "namespace"
	}
	return c
}

// httpConfig reads http_config, with the headers added. Files in it are relative to
// dir.
func (e entry) httpConfig(dir string) (*config.HTTPClientConfig, error) {
	c := config.DefaultHTTPClientConfig
	if len(e.HTTPConfig) > 0 {
		if err := withoutSecrets(e.HTTPConfig); err != nil {
			return nil, err
		}
		read, err := config.LoadHTTPConfig(string(e.HTTPConfig)) // JSON is YAML
		if err != nil {
			return nil, fmt.Errorf("http_config: %s", history.MaskValues(err))
		}
		c = *read
	}
	c.SetDirectory(dir)
	if len(e.Headers) == 0 {
		return &c, nil
	}
	headers := config.Headers{Headers: map[string]config.Header{}}
	if c.HTTPHeaders != nil {
		headers = *c.HTTPHeaders
	}
	for name, value := range e.Headers {
		if _, twice := headers.Headers[name]; twice {
			return nil, fmt.Errorf("headers.%s: is in http_config.http_headers, too: write it once", name)
		}
		headers.Headers[name] = config.Header{Values: []string{value}}
	}
	c.HTTPHeaders = &headers
	return &c, nil
}

// secrets are the fields of http_config that hold a credential, and what to
// write in their place.
var secrets = map[string]string{
	"password": "password_file", "bearer_token": "bearer_token_file", "credentials": "credentials_file",
	"client_secret": "client_secret_file", "client_certificate_key": "client_certificate_key_file", "key": "key_file", "secrets": "files",
}

// withoutSecrets refuses credentials in http_config itself: the file may be one
// of a ConfigMap, which many may read.
func withoutSecrets(raw json.RawMessage) error {
	var c any
	if err := json.Unmarshal(raw, &c); err != nil {
		return fmt.Errorf("http_config: %s", history.MaskValues(err))
	}
	return eachField("http_config", c)
}

func eachField(at string, v any) error {
	fields, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	keys := make([]string, 0, len(fields))
	for k := range fields {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		here := at + "." + k
		text, _ := fields[k].(string)
		switch instead, secret := secrets[k]; {
		case secret:
			return fmt.Errorf("%s: holds a credential: write it into a file, and the file's path as %s", here, instead)
		case strings.HasSuffix(k, "_ref"), k == "proxy_connect_header":
			return fmt.Errorf("%s: is not done here: leave it out", here)
		case k == "proxy_url" && strings.Contains(text, "@"):
			return fmt.Errorf("%s: has a user name or password: use a proxy that asks for none", here)
		case k == "token_url" && strings.Contains(text, "@"):
			return fmt.Errorf("%s: has a user name or password: write client_id and client_secret_file", here)
		}
		if err := eachField(here, fields[k]); err != nil {
			return err
		}
	}
	return nil
}

// text says all that the entry says: equal text, equal source.
func (e entry) text() string {
	raw, _ := json.Marshal(e) // strings, numbers and JSON that was read: it cannot fail
	return string(raw)
}

// data tells what holds other data apart: servers and tenants, whether these go
// by a header or by a user. Names, too: behind the same URL, tokens of two sources
// may show two tenants.
func (e entry) data() string {
	var c struct {
		Headers json.RawMessage `json:"http_headers"`
		User    struct {
			Name string `json:"username"`
			File string `json:"username_file"`
		} `json:"basic_auth"`
	}
	if len(e.HTTPConfig) > 0 {
		_ = json.Unmarshal(e.HTTPConfig, &c) // httpConfig has read it
	}
	raw, _ := json.Marshal([]any{e.Name, strings.TrimRight(e.URL, "/"), e.Headers, c.Headers, c.User}) // as in text
	return string(raw)
}
