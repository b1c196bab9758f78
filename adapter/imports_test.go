package adapter

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// imports says, for each package of ours, which others of ours it may import. A package without a row is refused: who adds one says here
// what it may know, and why. A trailing /... means all packages below.
var imports = map[string]struct {
	may   []string
	tests []string // its tests may import these, too
	why   string
}{
	"adapter":              {why: "it is a map"},
	"adapter/api/v1alpha1": {why: "a client takes the ShadowPool without the rest of the house"},
	"adapter/api/detail":   {why: "a client takes an answer of the adapter without the rest of the house"},
	"adapter/certificate":  {why: "it looks after a key and asks nobody what is served with it"},
	"adapter/calendar":     {may: []string{"adapter/api/v1alpha1", "forecast"}, why: "it says one thing in two languages"},
	"adapter/capacity":     {may: []string{"forecast"}, why: "it is arithmetic on a forecast"},
	"adapter/backtest": {
		may:   []string{"adapter/api/v1alpha1", "adapter/calendar", "adapter/capacity", "adapter/duration", "adapter/history", "adapter/loadcsv", "adapter/shadow", "adapter/simulate", "forecast"},
		tests: []string{"adapter/history/embedded"},
		why:   "it reads a past, and asks the engine and the simulator what they would have made of it",
	},
	"adapter/cli":           {may: []string{"adapter/api/detail", "adapter/api/v1alpha1", "adapter/backtest", "adapter/calendar", "adapter/cli/accesslog", "adapter/cli/derive", "adapter/cli/ics", "adapter/client", "adapter/duration", "adapter/history", "adapter/shadow/observe", "adapter/terminal"}, tests: []string{"adapter/docstest"}, why: "it reads and writes pools as any client does"},
	"adapter/cli/derive":    {may: []string{"adapter/api/v1alpha1"}, why: "it turns one object into another"},
	"adapter/cli/accesslog": {may: []string{"adapter/warmup"}, why: "it reads a file, and writes what a sidecar reads"},
	"adapter/cli/ics":       {may: []string{"adapter/api/v1alpha1"}, why: "it reads a file"},
	"adapter/client":        {may: []string{"adapter/api/v1alpha1", "adapter/shadow", "adapter/shadow/observe", "forecast"}, why: "it is all that a program of others needs"},
	"adapter/duration":      {why: "it is a notation"},
	"adapter/filewatch":     {why: "it watches a file and asks nobody what is in it"},
	"adapter/history": {
		may: []string{"forecast"}, tests: []string{"adapter/history/embedded", "adapter/history/historytest"},
		why: "it makes a series and asks nobody what for",
	},
	"adapter/history/embedded": {
		may: []string{"adapter/history"}, tests: []string{"adapter/history/historytest"}, why: "it is one source behind history's seam",
	},
	"adapter/history/historytest": {may: []string{"adapter/history", "forecast"}, why: "it must suit every source, so it knows none"},
	"adapter/history/sources":     {may: []string{"adapter/filewatch", "adapter/history"}, why: "it makes sources of a file and asks nobody who reads them"},
	"adapter/lease":               {why: "it looks at one lease and asks nobody what it is of"},
	"adapter/loadcsv":             {why: "it reads a file and asks nobody what for"},
	"adapter/pools":               {may: []string{"adapter/api/v1alpha1", "adapter/filewatch", "adapter/pools/manifest"}, why: "it hands out pools and asks nobody what for"},
	"adapter/pools/manifest":      {may: []string{"adapter/api/v1alpha1"}, why: "it reads pools from YAML and watches nothing"},
	"adapter/profile": {
		may: []string{"adapter/history"}, tests: []string{"adapter/history/embedded"}, why: "it compares pods, and asks nobody what for",
	},
	"adapter/publish":                     {why: "values flow to it, never from it"},
	"adapter/publish/keda":                {may: []string{"adapter/publish", "adapter/publish/keda/externalscaler"}, why: "it is one more reader of what is published"},
	"adapter/publish/keda/externalscaler": {why: "it is a protocol of others"},
	"adapter/refresh": {
		may:   []string{"adapter/api/detail", "adapter/api/v1alpha1", "adapter/calendar", "adapter/capacity", "adapter/history", "adapter/profile", "adapter/publish", "adapter/refresh/quality", "forecast"},
		tests: []string{"adapter/history/embedded"},
		why:   "it joins the seams and leaves the choice of a source to cmd",
	},
	"adapter/refresh/quality": {may: []string{"forecast"}, why: "it judges forecasts and asks nobody who made them"},
	"adapter/shadow":          {may: []string{"adapter/api/v1alpha1"}, tests: []string{"adapter/shadow/shadowtest"}, why: "it decides on what it is handed and asks nobody"},
	"adapter/shadow/actuate": {
		may:   []string{"adapter/api/v1alpha1", "adapter/shadow", "adapter/shadow/observe", "adapter/warmup"},
		tests: []string{"adapter/shadow/model", "adapter/shadow/shadowtest"},
		why:   "it does what was decided and decides nothing, and tells a sidecar in the sidecar's own words",
	},
	"adapter/shadow/cluster": {
		may:   []string{"adapter/api/v1alpha1", "adapter/lease", "adapter/shadow", "adapter/shadow/actuate", "adapter/shadow/observe"},
		tests: []string{"adapter/shadow/shadowtest"},
		why:   "it joins the parts of the lifecycle on an API server",
	},
	"adapter/shadow/invariant": {may: []string{"adapter/api/v1alpha1"}, why: "it judges objects, not our view of them"},
	"adapter/shadow/model": {
		may:   []string{"adapter/api/v1alpha1", "adapter/shadow/actuate", "adapter/shadow/invariant", "adapter/shadow/observe"},
		tests: []string{"adapter/shadow/model/rig"},
		why:   "it is a control plane and knows nothing of what is planned on it",
	},
	"adapter/shadow/model/rig": {may: []string{"adapter/api/v1alpha1", "adapter/shadow/..."}, why: "it drives the whole lifecycle on the model"},
	"adapter/shadow/observe": {
		may: []string{"adapter/api/v1alpha1", "adapter/shadow"}, tests: []string{"adapter/shadow/shadowtest"},
		why: "it reads objects that it is handed and decides nothing",
	},
	"adapter/shadow/scrape":     {may: []string{"adapter/api/v1alpha1", "adapter/shadow", "adapter/shadow/observe", "adapter/warmup"}, why: "it reads what a sidecar says, in the sidecar's own words"},
	"adapter/docstest":          {tests: []string{"adapter/api/v1alpha1"}, why: "it reads the pages for tests"},
	"adapter/shadow/shadowtest": {may: []string{"adapter/api/v1alpha1", "adapter/shadow", "adapter/shadow/observe"}, why: "it builds objects and does nothing with them"},
	"adapter/simulate": {
		may: []string{"adapter/api/v1alpha1", "adapter/capacity", "adapter/loadcsv", "adapter/shadow", "adapter/terminal", "forecast"},
		why: "it sees the served number as any autoscaler does, and asks the planner as the controller does",
	},
	"adapter/warmup":         {why: "it runs beside an app that is not ours, and is small"},
	"cmd/foreshadow-adapter": {may: []string{"adapter/...", "forecast"}, tests: []string{"charts"}, why: "it wires everything; what tests need stays in tests"},
	"cmd/foreshadow-sidecar": {may: []string{"adapter/warmup"}, tests: []string{"adapter/docstest"}, why: "what a sidecar links costs every shadow"},
	"cmd/kubectl-foreshadow": {may: []string{"adapter/cli"}, why: "a verb that needs more than the process is one of adapter/cli"},
	"adapter/terminal":       {why: "it looks at a writer and writes nothing"},
	"e2e/...":                {may: []string{"adapter/...", "charts", "dashboards", "e2e/...", "forecast", "rules"}, why: "it drives the product from outside"},
	"charts":                 {why: "it is text that Helm reads"},
	"charts/generate":        {may: []string{"charts"}, why: "it writes files"},
	"forecast":               {why: "it knows numbers only"},
	"dashboards":             {why: "it is text that Grafana reads"},
	"dashboards/generate":    {may: []string{"dashboards"}, why: "it writes files"},
	"rules":                  {why: "it is text that Prometheus reads"},
	"rules/generate":         {may: []string{"rules"}, why: "it writes files"},
}

// dependencies are those of others that may not spread.
var dependencies = []struct {
	of         []string
	except     []string
	importedBy []string // in code, or in tests where tests is set
	linkedBy   []string // in code, through any number of imports
	tests      bool
	why        string
}{
	{
		of:         []string{"github.com/prometheus/prometheus/..."},
		except:     []string{"github.com/prometheus/prometheus/model/labels", "github.com/prometheus/prometheus/promql/parser/..."},
		importedBy: []string{"adapter/history/embedded", "e2e/..."},
		linkedBy:   []string{"..."}, // the parser alone links half of the model; the next row bounds what is heavy
		tests:      true,
		why:        "the server's Go API is unstable upstream",
	},
	{
		of: []string{
			"github.com/prometheus/prometheus/promql", "github.com/prometheus/prometheus/scrape",
			"github.com/prometheus/prometheus/storage/remote/...", "github.com/prometheus/prometheus/tsdb",
		},
		importedBy: []string{"adapter/history/embedded", "e2e/..."},
		linkedBy:   []string{"adapter/history/embedded", "cmd/foreshadow-adapter", "e2e/..."},
		tests:      true,
		why:        "what a sidecar or a CLI links must not carry a storage and an engine",
	},
	{
		of:         []string{"github.com/prometheus/prometheus/promql/parser/..."},
		importedBy: []string{"adapter/history", "adapter/history/embedded", "e2e/..."},
		linkedBy:   []string{"..."},
		tests:      true,
		why:        "a query is read in one place",
	},
	{
		of:         []string{"github.com/arran4/golang-ical", "github.com/teambition/rrule-go"},
		importedBy: []string{"adapter/cli/ics"},
		linkedBy:   []string{"adapter/cli", "adapter/cli/ics", "cmd/kubectl-foreshadow", "e2e/..."},
		why:        "calendars are read on a person's machine; a pool has days",
	},
	{
		of:         []string{"sigs.k8s.io/custom-metrics-apiserver/..."},
		importedBy: []string{"adapter/publish", "e2e/..."},
		linkedBy:   []string{"adapter/publish", "adapter/publish/keda", "adapter/refresh", "cmd/foreshadow-adapter", "e2e/..."},
		why:        "the metrics APIs are served in one place",
	},
	{
		of:         []string{"google.golang.org/grpc/...", "google.golang.org/protobuf/..."},
		importedBy: []string{"adapter/publish/keda", "adapter/publish/keda/externalscaler", "e2e/..."},
		linkedBy:   []string{"..."}, // the libraries of Kubernetes and Prometheus bring it along
		why:        "KEDA is spoken to in one place",
	},
	{
		of:         []string{"k8s.io/apiserver/..."},
		importedBy: []string{"adapter/pools", "adapter/publish", "e2e/..."},
		linkedBy:   []string{"adapter/pools", "adapter/publish", "adapter/publish/keda", "adapter/refresh", "cmd/foreshadow-adapter", "e2e/..."},
		tests:      true,
		why:        "what a sidecar or a CLI links must not carry an API server",
	},
}

// numbers are all that forecast may import beside the standard library.
var numbers = []string{"gonum.org/v1/gonum/..."}

func TestImportsFollowTheMap(t *testing.T) {
	g := loadGraph(t)
	for _, v := range violations(g) {
		t.Error(v)
	}
	for _, v := range staleRows(g) {
		t.Error(v)
	}
}

// The rules above are worth what they refuse: each is broken once here.
func TestViolations(t *testing.T) {
	const ours = module + "/"
	tests := []struct {
		name string
		path string
		code importing
		want []string
	}{
		{
			name: "the map's own arrows are allowed",
			path: "adapter/refresh",
			code: importing{code: []string{ours + "forecast", ours + "adapter/publish", "context"}, tests: []string{ours + "adapter/history/embedded"}},
		},
		{
			name: "a package without a row",
			path: "adapter/util",
			want: []string{"adapter/util has no row in imports: say what it may import, and why"},
		},
		{
			name: "the API knows nobody",
			path: "adapter/api/v1alpha1",
			code: importing{code: []string{ours + "adapter/pools"}},
			want: []string{"adapter/api/v1alpha1 imports adapter/pools: a client takes the ShadowPool without the rest of the house"},
		},
		{
			name: "an arrow that turns back",
			path: "adapter/publish",
			code: importing{code: []string{ours + "adapter/refresh"}},
			want: []string{"adapter/publish imports adapter/refresh: values flow to it, never from it"},
		},
		{
			name: "what its tests may is not for the code",
			path: "adapter/refresh",
			code: importing{code: []string{ours + "adapter/history/embedded"}},
			want: []string{"adapter/refresh imports adapter/history/embedded: it joins the seams and leaves the choice of a source to cmd"},
		},
		{
			name: "a test has no more rights than its row",
			path: "forecast",
			code: importing{tests: []string{ours + "adapter/history"}},
			want: []string{"forecast imports adapter/history in tests: it knows numbers only"},
		},
		{
			name: "the conformance suite stays in tests",
			path: "cmd/foreshadow-adapter",
			code: importing{code: []string{ours + "adapter/history/historytest"}},
			want: []string{"cmd/foreshadow-adapter imports adapter/history/historytest: it is for tests"},
		},
		{
			name: "nobody imports e2e",
			path: "cmd/foreshadow-adapter",
			code: importing{tests: []string{ours + "e2e/cluster"}},
			want: []string{"cmd/foreshadow-adapter imports e2e/cluster in tests: it wires everything; what tests need stays in tests"},
		},
		{
			name: "forecast has the standard library and gonum",
			path: "forecast",
			code: importing{code: []string{"math", "gonum.org/v1/gonum/stat", "k8s.io/utils/clock"}},
			want: []string{"forecast imports k8s.io/utils/clock: it knows numbers only"},
		},
		{
			name: "the engine outside its package",
			path: "adapter/refresh",
			code: importing{code: []string{"github.com/prometheus/prometheus/tsdb"}},
			want: []string{
				"adapter/refresh imports github.com/prometheus/prometheus/tsdb: the server's Go API is unstable upstream",
				"adapter/refresh imports github.com/prometheus/prometheus/tsdb: what a sidecar or a CLI links must not carry a storage and an engine",
			},
		},
		{
			name: "the engine in a test",
			path: "adapter/history",
			code: importing{tests: []string{"github.com/prometheus/prometheus/promql"}},
		},
		{
			name: "the engine by a detour",
			path: "adapter/history",
			code: importing{code: []string{"example.org/detour"}, links: []string{"example.org/detour", "github.com/prometheus/prometheus/promql"}},
			want: []string{
				"adapter/history links github.com/prometheus/prometheus/promql: what a sidecar or a CLI links must not carry a storage and an engine",
			},
		},
		{
			name: "the parser brings its own model along",
			path: "adapter/history",
			code: importing{
				code:  []string{"github.com/prometheus/prometheus/promql/parser"},
				links: []string{"github.com/prometheus/prometheus/promql/parser", "github.com/prometheus/prometheus/tsdb/chunkenc"},
			},
		},
		{
			name: "a second place that reads queries",
			path: "adapter/pools",
			code: importing{code: []string{"github.com/prometheus/prometheus/promql/parser"}},
			want: []string{"adapter/pools imports github.com/prometheus/prometheus/promql/parser: a query is read in one place"},
		},
		{
			name: "a second place that serves the metrics APIs, even in a test",
			path: "adapter/refresh",
			code: importing{tests: []string{"sigs.k8s.io/custom-metrics-apiserver/pkg/provider"}},
			want: []string{"adapter/refresh imports sigs.k8s.io/custom-metrics-apiserver/pkg/provider in tests: the metrics APIs are served in one place"},
		},
		{
			name: "an API server in what a CLI links",
			path: "adapter/api/v1alpha1",
			code: importing{links: []string{"k8s.io/apiserver/pkg/server"}},
			want: []string{"adapter/api/v1alpha1 links k8s.io/apiserver/pkg/server: what a sidecar or a CLI links must not carry an API server"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := violations(graph{tt.path: tt.code})
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStaleRows(t *testing.T) {
	g := graph{}
	for path := range imports {
		g[path] = importing{}
	}
	g["e2e/cluster"] = importing{}
	if got := staleRows(g); got != nil {
		t.Errorf("staleRows of all packages = %q, want none", got)
	}
	delete(g, "adapter/pools")
	want := []string{"imports has a row for adapter/pools, which is gone: delete it"}
	if diff := cmp.Diff(want, staleRows(g)); diff != "" {
		t.Errorf("staleRows (-want +got):\n%s", diff)
	}
}
