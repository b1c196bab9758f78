package cluster

// auditPolicy has the API server note each write of the programs under test, and
// nothing else.
var auditPolicy = []byte(`apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Metadata, users: ["system:serviceaccount:foreshadow:foreshadow-shadows", "system:serviceaccount:foreshadow:foreshadow-adapter"], verbs: [create, update, patch, delete]}
- {level: None}
`)

// AuditLog is the file of the API server's audit log, one event in JSON a line.
func (c *Cluster) AuditLog() string { return c.file("audit.log") }
