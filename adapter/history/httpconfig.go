package history

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/prometheus/common/config"
)

// configFlag is the flag that answers about credentials and TLS name.
const configFlag = "--prometheus.config-file"

// LoadHTTPConfig reads how to connect (TLS, credentials, proxy) from a file in
// the format of Prometheus' http_config. Files that it names are relative to
// its folder.
func LoadHTTPConfig(path string) (*config.HTTPClientConfig, error) {
	c, _, err := config.LoadHTTPConfigFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: %s: no such file: write the path of a file in Prometheus' http_config format", configFlag, path)
	case err != nil:
		return nil, fmt.Errorf("%s: %s: %s", configFlag, path, MaskValues(err))
	}
	return c, nil
}
