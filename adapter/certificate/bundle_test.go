package certificate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const host = "foreshadow-adapter.foreshadow.svc"

var start = time.Date(2026, time.November, 26, 12, 0, 0, 0, time.UTC)

func made(t *testing.T, host, instance string, at time.Time) *pair {
	t.Helper()
	p, err := newPair(host, instance, at, DefaultLifetime)
	require.NoError(t, err)
	return p
}

func leaves(pairs ...*pair) (out []*x509.Certificate) {
	for _, p := range pairs {
		out = append(out, p.leaf)
	}
	return out
}

func bundleOf(pairs ...*pair) (out []byte) {
	for _, p := range pairs {
		out = append(out, p.cert...)
	}
	return out
}

// authority is a CA for the host itself: whoever trusted it would trust all that it signs.
func authority(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host, SerialNumber: "other"}, DNSNames: []string{host},
		NotBefore: start.Add(-time.Hour), NotAfter: start.AddDate(10, 0, 0), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der})
}

func TestMerge(t *testing.T) {
	us := holder{host, "a"}
	own, other := made(t, host, "a", start), made(t, host, "b", start)
	before := made(t, host, "a", start.Add(-time.Hour))
	now := start.Add(time.Minute)
	for name, tc := range map[string]struct {
		bundle []byte
		want   []*pair
		missed bool
		at     time.Time
	}{
		"an empty bundle":                            {nil, []*pair{own}, true, now},
		"another replica's stays":                    {bundleOf(other), []*pair{other, own}, true, now},
		"nothing is missing":                         {bundleOf(other, own), []*pair{other, own}, false, now},
		"what this replica had before it was killed": {bundleOf(before, other, own), []*pair{other, own}, false, now},
		"twice the same":                             {bundleOf(other, other, own, own), []*pair{other, own}, false, now},
		"text that is no PEM":                        {append([]byte("caBundle here\n"), bundleOf(own)...), []*pair{own}, false, now},
		"a block that is no certificate":             {append([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), bundleOf(own)...), []*pair{own}, false, now},
		"a key":                                      {slices.Concat(own.key, own.cert), []*pair{own}, false, now},
		"the certificate of another host":            {bundleOf(made(t, "kube-dns.kube-system.svc", "b", start), own), []*pair{own}, false, now},
		"one without an instance":                    {bundleOf(made(t, host, "", start), own), []*pair{own}, false, now},
		"an authority":                               {append(authority(t), own.cert...), []*pair{own}, false, now},
		"expired, by a clock that may be ahead":      {bundleOf(other), []*pair{other, own}, true, start.Add(DefaultLifetime + skew - time.Second)},
		"expired, by any clock":                      {bundleOf(other), []*pair{own}, true, start.Add(DefaultLifetime + skew)},
	} {
		t.Run(name, func(t *testing.T) {
			merged, missed := us.merge(tc.bundle, leaves(own), tc.at)
			require.Equal(t, tc.missed, missed)
			require.ElementsMatch(t, leaves(tc.want...), parse(merged))
			again, missed := us.merge(merged, leaves(own), tc.at)
			require.False(t, missed)
			require.Equal(t, merged, again, "whoever agrees writes nothing")
		})
	}
}

// A signature that is not the key's own is nobody's: the subject alone says nothing.
func TestMergeChecksTheSignature(t *testing.T) {
	own, other := made(t, host, "a", start), made(t, host, "b", start)
	forged := bytes.Clone(other.leaf.Raw)
	forged[len(forged)-1] ^= 1
	bundle := pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: forged})
	merged, _ := holder{host, "a"}.merge(bundle, leaves(own), start)
	require.Equal(t, leaves(own), parse(merged))
}

// Replicas that see the same bundle make the same of it.
func TestMergeDoesNotDependOnWhoMerges(t *testing.T) {
	a, b := made(t, host, "a", start), made(t, host, "b", start)
	byA, _ := holder{host, "a"}.merge(bundleOf(b, a), leaves(a), start)
	byB, _ := holder{host, "b"}.merge(bundleOf(a, b), leaves(b), start)
	require.Equal(t, byA, byB)
}

// Pods that crash as new ones, again and again, do not push out those that serve.
func TestMergeIsBounded(t *testing.T) {
	own := made(t, host, "us", start)
	var pods []*pair
	for i := range most + 10 {
		pods = append(pods, made(t, host, fmt.Sprint("pod-", i), start.Add(time.Duration(i-100)*time.Minute)))
	}
	merged, missed := holder{host, "us"}.merge(bundleOf(pods...), leaves(own), start)
	require.True(t, missed)
	require.ElementsMatch(t, leaves(append(pods[11:], own)...), parse(merged), "those that end first have gone")
}

func FuzzMerge(f *testing.F) {
	own, err := newPair(host, "a", start, DefaultLifetime)
	require.NoError(f, err)
	other, err := newPair(host, "b", start, DefaultLifetime)
	require.NoError(f, err)
	f.Add([]byte{})
	f.Add(bundleOf(other, own))
	f.Add(other.key)
	f.Fuzz(func(t *testing.T, bundle []byte) {
		merged, _ := holder{host, "a"}.merge(bundle, leaves(own), start)
		have := parse(merged)
		require.True(t, contains(have, own.leaf))
		require.LessOrEqual(t, len(have), most)
		again, missed := holder{host, "a"}.merge(merged, leaves(own), start)
		require.False(t, missed)
		require.Equal(t, merged, again)
	})
}
