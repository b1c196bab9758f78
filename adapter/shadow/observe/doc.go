// Package observe turns the Kubernetes objects around a pool into what the
// planner sees. It reads objects that were handed to it and asks nobody.
package observe
