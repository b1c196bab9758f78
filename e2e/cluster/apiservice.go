package cluster

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// apiServiceTimeout covers the API server's back-off after a first refusal.
const apiServiceTimeout = 60 * time.Second

// APIService is an API that a process on the loopback address serves.
type APIService struct {
	// GroupVersion is what is served.
	GroupVersion schema.GroupVersion
	// Namespace and Service name the Service that leads to the process; its
	// certificate is for SERVICE.NAMESPACE.svc (ServingCertificate).
	Namespace, Service string
	// Port is the process's port.
	Port int
	// KeepsBundle says that the process writes spec.caBundle itself.
	KeepsBundle bool
}

// An ExternalName is the one kind of Service that may lead to a loopback
// address: an EndpointSlice there is refused.
const apiServiceManifest = `
apiVersion: v1
kind: Service
metadata: {name: %[1]s, namespace: %[2]s}
spec: {type: ExternalName, externalName: localhost}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: %[3]s}
spec:
  group: %[4]s
  version: %[5]s
  groupPriorityMinimum: 100
  versionPriority: 100%[6]s
  service: {name: %[1]s, namespace: %[2]s, port: %[7]d}
`

// RegisterAPIService puts a process that is serving already behind the API
// server and waits until it is found available.
func (c *Cluster) RegisterAPIService(ctx context.Context, s APIService) error {
	if err := c.DeclareAPIService(ctx, s); err != nil {
		return err
	}
	name := s.name()
	return c.apiServer.Await(ctx, apiServiceTimeout, "APIService "+name, func(ctx context.Context) (string, bool) {
		return c.available(ctx, name)
	})
}

// DeclareAPIService does not wait, for a process that is not serving yet.
func (c *Cluster) DeclareAPIService(ctx context.Context, s APIService) error {
	gv, bundle := s.GroupVersion, ""
	if !s.KeepsBundle {
		bundle = "\n  caBundle: " + base64.StdEncoding.EncodeToString(c.id.ca.cert)
	}
	return c.Apply(ctx, fmt.Sprintf(apiServiceManifest, s.Service, s.Namespace, s.name(), gv.Group, gv.Version, bundle, s.Port))
}

func (s *APIService) name() string { return s.GroupVersion.Version + "." + s.GroupVersion.Group }

// UnregisterAPIService takes an API back, so that nobody asks a process that is
// gone for it.
func (c *Cluster) UnregisterAPIService(ctx context.Context, gv schema.GroupVersion) error {
	obj := apiServiceObject(gv.Version + "." + gv.Group)
	if err := client.IgnoreNotFound(c.Client.Delete(ctx, obj)); err != nil {
		return fmt.Errorf("delete APIService %s: %w", obj.GetName(), err)
	}
	return nil
}

func apiServiceObject(name string) *unstructured.Unstructured {
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiregistration.k8s.io", Version: "v1", Kind: "APIService"})
	obj.SetName(name)
	return obj
}

// available reads the condition that the API server's aggregator writes.
func (c *Cluster) available(ctx context.Context, name string) (string, bool) {
	obj := apiServiceObject(name)
	if err := c.Client.Get(ctx, client.ObjectKey{Name: name}, obj); err != nil {
		return err.Error(), false
	}
	conditions, _, err := unstructured.NestedSlice(obj.Object, "status", "conditions")
	if err != nil {
		return err.Error(), false
	}
	for _, item := range conditions {
		cond, ok := item.(map[string]any)
		if ok && cond["type"] == "Available" {
			return fmt.Sprintf("Available=%v: %v: %v", cond["status"], cond["reason"], cond["message"]), cond["status"] == "True"
		}
	}
	return "no condition Available", false
}
