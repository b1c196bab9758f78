package history

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/go-kit/log"
	"k8s.io/utils/clock"
)

// canned answers each request with the same body.
type canned []byte

func (c canned) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, ContentLength: -1, Body: io.NopCloser(bytes.NewReader(c))}, nil
}

func FuzzRemoteResponse(f *testing.F) {
	for _, seed := range []string{
		`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[60,"1"],[120,"2.5"]]}]}}`,
		`{"status":"success","warnings":["partial"],"infos":["x"],"data":{"resultType":"matrix","result":[]}}`,
		`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[60,"NaN"],[120,"+Inf"],[60,"-Inf"],[60.5,"1"],[1e300,"1"],[-60,"1"]]}]}}`,
		`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"histograms":[[60,{"count":"1","sum":"1","buckets":[[0,"0","1","1"]]}]]}]}}`,
		`{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[60,"1"]}]}}`,
		`{"status":"success","data":{"resultType":"scalar","result":[60,"1"]}}`,
		`{"status":"success","data":{"resultType":"string","result":[60,"1"]}}`,
		`{"status":"error","errorType":"bad_data","error":"oops"}`,
		`{"status":"success","data":{"resultType":"matrix","result":[null]}}`,
		`{"status":"success"}`, `null`, `[]`, ``, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":null,"values":[[60,"1"]]},{"metric":{},"values":[[60,"1"]]}]}}`,
		"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{\"\xff\":\"\xff\"},\"values\":[]}]}}",
	} {
		f.Add([]byte(seed))
	}
	cfg := RemoteConfig{MaxBytes: 1 << 16, Limits: Limits{MaxSeries: 5}}.withDefaults()
	metrics := NewMetrics(nil)
	grid := Range{Start: time.Unix(0, 0), End: time.Unix(600, 0), Step: time.Minute}
	f.Fuzz(func(t *testing.T, body []byte) {
		client := &http.Client{Transport: limitTransport{next: canned(body), max: cfg.MaxBytes, read: NewMetrics(nil).bytes}}
		r, err := newRemote(cfg, &url.URL{Scheme: "http", Host: "fuzz"}, client, log.NewNopLogger(), metrics, clock.RealClock{})
		if err != nil {
			t.Fatal(err)
		}
		res, err := r.QueryRange(t.Context(), "up", grid)
		switch {
		case err != nil && (len(res.Series) > 0 || len(res.Warnings) > 0 || resultName(res, err) == resultOther):
			t.Fatalf("error %v of no known kind, or with a result %v", err, res)
		case err == nil && (!json.Valid(body) || int64(len(body)) > cfg.MaxBytes):
			t.Fatal("a malformed or overlong answer counts")
		}
		checkBounded(t, res, grid, cfg.Limits.MaxSeries)
	})
}

func checkBounded(t *testing.T, res Result, grid Range, maxSeries int) {
	t.Helper()
	if len(res.Series) > maxSeries || len(res.Warnings) > maxWarnings {
		t.Fatalf("%d series and %d warnings", len(res.Series), len(res.Warnings))
	}
	for _, s := range res.Series {
		last := int64(math.MinInt64)
		for _, p := range s.Points {
			off := p.TimeMillis - grid.Start.UnixMilli()
			if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) || p.TimeMillis <= last || off < 0 || p.TimeMillis > grid.End.UnixMilli() || off%60_000 != 0 {
				t.Fatalf("bad point %v after %d", p, last)
			}
			last = p.TimeMillis
		}
	}
}
