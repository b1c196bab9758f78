package shadow

import (
	"k8s.io/apimachinery/pkg/types"
)

// nameLetters are those of the names that Kubernetes makes: no vowels, and
// nothing that reads like another.
const nameLetters = "bcdfghjklmnpqrstvwxz2456789"

// nameRoom is how much of the ReplicaSet's name a pod's name keeps: the whole is
// a host name, too, of at most 63 letters.
const nameRoom = 63 - 1 - 5

// slotName returns the name of the shadow in a slot: the same for the same pool,
// ReplicaSet and slot, so that two leaders, or one that cannot tell whether its
// request was heard, ask for the same pod.
func slotName(pool types.UID, rs *ReplicaSet, slot int) string {
	h := newHash().add(string(pool)).add(string(rs.UID)).addInt(slot)
	var suffix [5]byte
	for i := range suffix {
		suffix[i] = nameLetters[h%hash(len(nameLetters))]
		h /= hash(len(nameLetters))
	}
	return rs.Name[:min(len(rs.Name), nameRoom)] + "-" + string(suffix[:])
}

// hash is FNV-1a with 64 bits.
type hash uint64

func newHash() hash { return 14695981039346656037 }

func (h hash) add(s string) hash {
	for i := range len(s) {
		h = (h ^ hash(s[i])) * 1099511628211
	}
	return (h ^ 0xff) * 1099511628211 // where one string ends
}

func (h hash) addInt(n int) hash {
	for range 8 {
		h = (h ^ hash(n&0xff)) * 1099511628211
		n >>= 8
	}
	return h
}
