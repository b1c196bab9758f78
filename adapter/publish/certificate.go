package publish

import (
	"crypto/tls"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
)

// Certificate is a serving certificate that may change while it is in use.
type Certificate interface {
	// CurrentCertKeyContent returns the certificate and its key as they are now, both as PEM.
	CurrentCertKeyContent() (cert, key []byte)
	// OnChange has f called when they are others. f does not wait.
	OnChange(f func())
}

// content is a Certificate as the API server's library wants it.
type content struct{ Certificate }

func (content) Name() string { return "kept serving certificate" }

func (c content) AddListener(l dynamiccertificates.Listener) { c.OnChange(l.Enqueue) }

// setCertificate has the server show the certificate that was set, if one was, and exports when the one that it shows ends.
func (c *Cluster) setCertificate(serving *genericapiserver.SecureServingInfo) error {
	if c.certificate != nil {
		serving.Cert = content{c.certificate}
	}
	if err := c.reg.Register(NewCertificateExporter(serving.Cert)); err != nil {
		return fmt.Errorf("register metrics of the serving certificate: %w", err)
	}
	return nil
}

var (
	certificateStart = prometheus.NewDesc("foreshadow_serving_certificate_start_timestamp_seconds",
		"When the certificate that the metrics API shows began to be valid, in seconds since 1970.", nil, nil)
	certificateExpiry = prometheus.NewDesc("foreshadow_serving_certificate_expiry_timestamp_seconds",
		"When the certificate that the metrics API shows ends, in seconds since 1970.", nil, nil)
)

// NewCertificateExporter exports the life of the certificate that is shown at a scrape, whoever made it.
func NewCertificateExporter(shown dynamiccertificates.CertKeyContentProvider) prometheus.Collector {
	return validity{shown}
}

type validity struct {
	dynamiccertificates.CertKeyContentProvider
}

func (v validity) Describe(ch chan<- *prometheus.Desc) {
	ch <- certificateStart
	ch <- certificateExpiry
}

func (v validity) Collect(ch chan<- prometheus.Metric) {
	pair, err := tls.X509KeyPair(v.CurrentCertKeyContent())
	if err != nil {
		return // the server has refused it, too
	}
	ch <- prometheus.MustNewConstMetric(certificateStart, prometheus.GaugeValue, float64(pair.Leaf.NotBefore.Unix()))
	ch <- prometheus.MustNewConstMetric(certificateExpiry, prometheus.GaugeValue, float64(pair.Leaf.NotAfter.Unix()))
}
