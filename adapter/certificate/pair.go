package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// skew is how far the clocks of the adapter and of an API server may lie apart.
const skew = time.Hour

// pair is a key and the certificate that it signed for itself.
type pair struct {
	leaf *x509.Certificate
	// cert and key are PEM.
	cert, key []byte
	// made is when, by the clock here; the certificate is valid from skew before that on.
	made time.Time
	// since is when every bundle was found with it. Zero: not yet.
	since time.Time
}

// newPair makes a pair for a host name that API servers verify. The instance tells whose it is.
func newPair(host, instance string, now time.Time, lifetime time.Duration) (*pair, error) {
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("make serial number: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: host, SerialNumber: instance},
		NotBefore:    now.Add(-skew), NotAfter: now.Add(lifetime),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:              []string{host},
		BasicConstraintsValid: true, // and no authority: the key can vouch for nobody else
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, signer.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("sign certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		return nil, fmt.Errorf("encode key: %w", err)
	}
	return &pair{
		leaf: leaf, made: now, cert: encode(leaf),
		key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
	}, nil
}

// after returns when so many sixths of the life have passed.
func (p *pair) after(sixths int) time.Time {
	return p.made.Add(p.leaf.NotAfter.Sub(p.made) / 6 * time.Duration(sixths))
}

func encode(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: c.Raw})
}
