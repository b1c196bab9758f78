package certificate

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"time"
)

const (
	pemType = "CERTIFICATE"
	// most is how many certificates a bundle may hold: three of each replica, and those of pods that are gone until they expire.
	most = 64
)

// holder is whose certificates a bundle holds: those for a host, from several instances.
type holder struct{ host, instance string }

// merge returns the bundle as it should be: what belongs to other instances, and own. What nobody can serve with any more goes, and so
// does all that is not ours. missed says that one of own was not there. The order is the same whoever merges: replicas that agree do
// not write.
func (h holder) merge(bundle []byte, own []*x509.Certificate, now time.Time) (merged []byte, missed bool) {
	have := parse(bundle)
	missed = slices.ContainsFunc(own, func(c *x509.Certificate) bool { return !contains(have, c) })
	var others []*x509.Certificate
	for _, c := range have {
		if h.keeps(c, now) && !contains(own, c) && !contains(others, c) {
			others = append(others, c)
		}
	}
	if room := most - len(own); len(others) > room {
		slices.SortFunc(others, func(a, b *x509.Certificate) int { return b.NotAfter.Compare(a.NotAfter) })
		others = others[:room] // those that last longest: of the others most pods are gone
	}
	all := slices.Concat(others, own)
	slices.SortFunc(all, func(a, b *x509.Certificate) int {
		return cmp.Or(a.NotAfter.Compare(b.NotAfter), bytes.Compare(a.Raw, b.Raw))
	})
	for _, c := range all {
		merged = append(merged, encode(c)...)
	}
	return merged, missed
}

// keeps says whether a certificate is that of another instance, which may still serve with it. An instance that has started anew has
// lost the key of what it had before.
func (h holder) keeps(c *x509.Certificate, now time.Time) bool {
	return slices.Equal(c.DNSNames, []string{h.host}) && c.Subject.SerialNumber != h.instance && c.Subject.SerialNumber != "" &&
		!c.IsCA && bytes.Equal(c.RawIssuer, c.RawSubject) &&
		c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil &&
		now.Before(c.NotAfter.Add(skew))
}

// parse returns the certificates of a bundle, and leaves out what is none.
func parse(bundle []byte) (out []*x509.Certificate) {
	for {
		var block *pem.Block
		if block, bundle = pem.Decode(bundle); block == nil {
			return out
		}
		if block.Type != pemType {
			continue
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			out = append(out, c)
		}
	}
}

func contains(list []*x509.Certificate, c *x509.Certificate) bool {
	return slices.ContainsFunc(list, c.Equal)
}
