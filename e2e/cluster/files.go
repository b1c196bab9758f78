package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// apiServerNames are the names under which clients in and out of the cluster
// know the API server; 10.96.0.1 is the first address of serviceRange.
var apiServerNames = []string{
	"127.0.0.1", "localhost", "10.96.0.1",
	"kubernetes", "kubernetes.default", "kubernetes.default.svc",
}

// identity is what the cluster's certificates hang on.
type identity struct {
	ca, frontProxy *authority
}

// writePKI writes what the servers read into dir.
func writePKI(dir string, now time.Time) (identity, error) {
	var id identity
	var err error
	if id.ca, err = newAuthority("foreshadow-e2e", now); err != nil {
		return id, err
	}
	if id.frontProxy, err = newAuthority("foreshadow-e2e-front-proxy", now); err != nil {
		return id, err
	}
	server, err := id.ca.server(apiServerNames...)
	if err != nil {
		return id, err
	}
	proxy, err := id.frontProxy.client(frontProxyUser)
	if err != nil {
		return id, err
	}
	tokenKey, tokenPublic, err := newTokenKey()
	if err != nil {
		return id, err
	}
	return id, writeFiles(dir, map[string][]byte{
		"ca.crt": id.ca.cert, "ca.key": id.ca.key,
		"front-proxy-ca.crt": id.frontProxy.cert,
		"front-proxy.crt":    proxy.cert, "front-proxy.key": proxy.key,
		"apiserver.crt": server.cert, "apiserver.key": server.key,
		"tokens.key": tokenKey, "tokens.pub": tokenPublic,
	})
}

func writeFiles(dir string, files map[string][]byte) error {
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// writeKubeconfig writes the kubeconfig of a new user and returns its path.
func (id identity) writeKubeconfig(dir, server, user string, groups ...string) (string, error) {
	pair, err := id.ca.client(user, groups...)
	if err != nil {
		return "", err
	}
	config := clientcmdapi.NewConfig()
	config.Clusters["e2e"] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: id.ca.cert}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{ClientCertificateData: pair.cert, ClientKeyData: pair.key}
	config.Contexts["e2e"] = &clientcmdapi.Context{Cluster: "e2e", AuthInfo: user}
	config.CurrentContext = "e2e"
	path := filepath.Join(dir, filepath.Base(user)+".kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return "", fmt.Errorf("write kubeconfig of %s: %w", user, err)
	}
	return path, nil
}
