package observe

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// TemplateHash names the pod template of a ReplicaSet by what it says: equal
// templates have equal names, wherever and whenever they are computed.
func TemplateHash(rs *appsv1.ReplicaSet) string {
	raw, err := json.Marshal(&rs.Spec.Template)
	if err != nil {
		panic(fmt.Sprintf("observe: encode template of ReplicaSet %s: %v", rs.Name, err)) // it came from JSON
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}

func replicaSet(rs *appsv1.ReplicaSet) shadow.ReplicaSet {
	return shadow.ReplicaSet{
		Name: rs.Name, UID: rs.UID,
		Deleting:           rs.DeletionTimestamp != nil,
		Replicas:           Replicas(rs.Spec.Replicas),
		Generation:         rs.Generation,
		ObservedGeneration: rs.Status.ObservedGeneration,
		Template:           TemplateHash(rs),
		Failing:            failing(rs),
	}
}

// failing says why a ReplicaSet cannot make pods.
func failing(rs *appsv1.ReplicaSet) string {
	for i := range rs.Status.Conditions {
		c := &rs.Status.Conditions[i]
		if c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue {
			return clip(c.Reason + ": " + c.Message)
		}
	}
	return ""
}

// Replicas is a number of replicas that is 1 where nobody wrote it.
func Replicas(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}

// sentenceMost bounds what a foreign message adds to one of ours, in bytes.
const sentenceMost = 256

// clip shortens a foreign message.
func clip(s string) string {
	if len(s) <= sentenceMost {
		return s
	}
	cut := sentenceMost
	for cut > 0 && s[cut]&0xC0 == 0x80 { // not within a character
		cut--
	}
	return s[:cut] + "..."
}
