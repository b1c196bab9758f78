package cluster

import (
	"fmt"
	"os"
	"path/filepath"
)

// CreateUser makes a user with a client certificate and returns the path of its
// kubeconfig, which lasts until Stop. What the user may do is up to RBAC.
func (c *Cluster) CreateUser(name string, groups ...string) (string, error) {
	if path, ok := c.kubeconfig[name]; ok {
		return path, nil
	}
	path, err := c.id.writeKubeconfig(c.dir, c.server, name, groups...)
	if err != nil {
		return "", err
	}
	c.kubeconfig[name] = path
	return path, nil
}

// ServingCertificate issues a certificate for a Service and writes it to dir as
// apiserver.crt and apiserver.key, the names under which a Kubernetes API server
// looks for its own.
func (c *Cluster) ServingCertificate(dir, namespace, service string) error {
	pair, err := c.id.ca.server(serviceHost(namespace, service), "localhost", "127.0.0.1")
	if err != nil {
		return err
	}
	return writeFiles(dir, map[string][]byte{"apiserver.crt": pair.cert, "apiserver.key": pair.key})
}

// ClientCA returns the file of the authority that the cluster's users have their
// certificates from.
func (c *Cluster) ClientCA() string { return c.file("ca.crt") }

// FrontProxyCA returns the file of the authority that vouches for the API server
// when it calls an extension.
func (c *Cluster) FrontProxyCA() string { return c.file("front-proxy-ca.crt") }

// TempDir returns a new folder that lasts until Stop.
func (c *Cluster) TempDir(name string) (string, error) {
	dir := filepath.Join(c.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make folder %s: %w", name, err)
	}
	return dir, nil
}

func serviceHost(namespace, service string) string { return service + "." + namespace + ".svc" }
