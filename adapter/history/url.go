package history

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/prometheus/common/config"
)

// urlFlag is the flag that answers about a server's URL name.
const urlFlag = "--prometheus.url"

// parseURL checks the URL of a Prometheus server and takes the credentials out
// of it, so that no message can show them.
func parseURL(field, raw string) (*url.URL, *config.BasicAuth, error) {
	bare := withoutCredentials(raw)
	u, err := url.Parse(raw)
	if err != nil {
		// Its text would repeat the URL, credentials included.
		if !strings.Contains(raw, "://") {
			return nil, nil, schemeError(field, bare)
		}
		return nil, nil, fmt.Errorf("%s: %q: is no URL: write one such as http://127.0.0.1:9090", field, bare)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, nil, schemeError(field, bare)
	case u.Hostname() == "":
		return nil, nil, fmt.Errorf("%s: %q: has no host: write one such as http://127.0.0.1:9090", field, bare)
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return nil, nil, fmt.Errorf("%s: %s://%s: has text after ? or #: write the URL without it", field, u.Scheme, u.Host)
	}
	var auth *config.BasicAuth
	if u.User != nil {
		password, _ := u.User.Password()
		auth = &config.BasicAuth{Username: u.User.Username(), Password: config.Secret(password)}
		u.User = nil
	}
	return u, auth, nil
}

func schemeError(field, bare string) error {
	host := strings.TrimLeft(bare, "/")
	if _, rest, ok := strings.Cut(host, "://"); ok {
		host = rest
	}
	if host == "" {
		host = "127.0.0.1:9090"
	}
	return fmt.Errorf("%s: %q: has no scheme http or https: write http://%s or https://%s", field, bare, host, host)
}

// withoutCredentials cuts everything that could be user, password or token,
// also from text that is no URL.
func withoutCredentials(raw string) string {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		scheme, rest = "", raw
	}
	tail, at := strings.IndexAny(rest, "?#"), strings.LastIndexByte(rest, '@')
	switch {
	case tail >= 0 && at >= 0:
		rest = "..." // which part is a password cannot be told
	case tail >= 0:
		rest = rest[:tail]
	case at >= 0:
		rest = rest[at+1:]
	}
	if ok {
		return oneLine(scheme+"://"+rest, maxWarningText)
	}
	return oneLine(rest, maxWarningText)
}

// withAuth adds the credentials of the URL to the client's configuration.
func (c RemoteConfig) withAuth(auth *config.BasicAuth) (config.HTTPClientConfig, error) {
	h := *c.HTTP
	if auth == nil {
		return h, nil
	}
	if h.BasicAuth != nil || h.Authorization != nil || h.OAuth2 != nil || h.BearerToken != "" || h.BearerTokenFile != "" {
		return h, fmt.Errorf("%s: has a user name, and %s has credentials: write them in one place", c.URLField, c.HTTPField)
	}
	h.BasicAuth = auth
	return h, nil
}
