package profile

import (
	"fmt"
	"regexp"
	"strconv"
)

// Query is one question about all pods of a workload.
type Query struct {
	Dimension Dimension
	// Expr returns one series for each pod, with its name in the label pod.
	Expr string
	// Given says that the pool wrote it.
	Given bool
}

// hash are the letters of which Kubernetes makes the suffixes of names: no
// vowels, so that web-api is no pod of web.
const hash = "[bcdfghjklmnpqrstvwxz2456789]"

// PodPattern returns the regular expression of the names of a workload's pods,
// for the label pod: those of a ReplicaSet end in one suffix, those of what owns
// ReplicaSets in two.
func PodPattern(kind, name string) string {
	pattern := regexp.QuoteMeta(name)
	if kind != "ReplicaSet" {
		pattern += "-" + hash + "{1,10}"
	}
	return pattern + "-" + hash + "{5}"
}

// rateWindow is the range of rates: three scrapes of 60s, the slowest that are
// common for cAdvisor.
const rateWindow = "3m"

// Queries returns what is asked of a workload: the queries that the pool gives
// by dimension, and those of cAdvisor's metrics for what it leaves out. What has
// no common name is left out where it is not given.
func Queries(kind, name string, given map[string]string) []Query {
	pods := "pod=~" + strconv.Quote(PodPattern(kind, name))
	containers := `container!="",container!="POD",` + pods
	rate := func(metric, matchers string) string {
		return fmt.Sprintf("sum by (pod) (rate(%s{%s}[%s]))", metric, matchers, rateWindow)
	}
	ours := map[Dimension]string{
		CPU:             rate("container_cpu_usage_seconds_total", containers),
		Memory:          fmt.Sprintf("sum by (pod) (container_memory_working_set_bytes{%s})", containers),
		NetworkReceive:  rate("container_network_receive_bytes_total", pods),
		NetworkTransmit: rate("container_network_transmit_bytes_total", pods),
		DiskRead:        rate("container_fs_reads_bytes_total", containers),
		DiskWrite:       rate("container_fs_writes_bytes_total", containers),
		Started:         fmt.Sprintf("max by (pod) (container_start_time_seconds{%s})", containers),
	}
	var queries []Query
	for _, d := range append(Dimensions(), Started) {
		switch {
		case given[string(d)] != "":
			queries = append(queries, Query{Dimension: d, Expr: given[string(d)], Given: true})
		case ours[d] != "":
			queries = append(queries, Query{Dimension: d, Expr: ours[d]})
		}
	}
	return queries
}

// middle returns the query of the pod in the middle.
func middle(expr string) string { return "quantile(0.5, " + expr + ")" }
