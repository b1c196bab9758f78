// Package adapter is the map of the house: it holds no code, only the words that say where things are and the test that keeps the
// walls up (imports_test.go).
//
// What is known of the load flows one way:
//
//		Prometheus -> history -> forecast -> capacity -> publish -> HPA, KEDA, Prometheus
//		                           \______ refresh ______/
//
//	  - api/v1alpha1 is the ShadowPool as users write it: its types, its defaults, the rules that refuse a bad one.
//	  - pools says which ShadowPools there are, from an API server or from a file.
//	  - history reads a query's past as a series on a regular grid, from a Prometheus (history) or from a storage and engine in this process
//	    (history/embedded); history/sources are the servers that the operator names. history/historytest is what every such source
//	    must do.
//	  - forecast, a folder above, turns a series into a point and quantiles for each step ahead. It knows numbers only.
//	  - calendar says in the forecast's words what a pool says of time zones and holidays.
//	  - capacity turns a forecast into replicas, by pure functions.
//	  - profile measures how the pods of a workload behave, and chooses the one that shadows mirror.
//	  - refresh joins these for one pool, again and again, and puts the outcome on publish's board.
//	  - publish keeps one immutable snapshot and answers the metrics APIs and Prometheus from it; no request that comes in causes one that
//	    goes out. publish/keda answers KEDA. certificate makes what they show, and has API servers trust it.
//	  - shadow decides what becomes of a pool's shadows, from one look at the cluster: shadow/observe looks, shadow/actuate does what was
//	    decided, shadow/cluster watches and leads. shadow/model is a control plane in memory and shadow/invariant judges histories.
//	  - warmup is the sidecar: it sends a shadow its warm-up, and says how far it is.
//	  - client is the three functions over the ShadowPool, cli the verbs of kubectl foreshadow.
//	  - simulate replays a workload, its HPA and its shadows on a clock of its own, for the demo, for backtest and for tests.
//	  - duration and terminal are what the command lines share: the notation of a duration, and the width of a terminal. loadcsv reads
//	    loads from files, filewatch tells of files that change, lease whether a role is alive. docstest reads the pages for tests.
//	  - backtest forecasts a load from a file or a Prometheus without a cluster, and scores such forecasts on the load's own past.
//
// Programs are in cmd, which alone knows all of these; e2e runs them against real servers.
//
// What holds for the whole: imports follow the arrows and never turn back; whoever waits takes a clock; whoever logs takes a logger; a
// package states its own job and invariants in its doc.go.
package adapter
