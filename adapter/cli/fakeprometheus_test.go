package cli_test

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// servePrometheus answers range queries by the metric that they name: load is
// one series, services are two, nothing has none, divided has no numbers (partly_divided a series with some), negative is no load, counter only rises, and stops_halfway is load until
// a week ago, before which the server gives up.
func servePrometheus(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	start, end, step := seconds(r, "start"), seconds(r, "end"), seconds(r, "step")
	query := r.FormValue("query")
	var results []string
	switch {
	case strings.Contains(query, "stops_halfway") && start < now.Add(-7*24*time.Hour).Unix():
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}`)
		return
	case strings.Contains(query, "refused"):
		w.WriteHeader(http.StatusUnauthorized)
		return
	case strings.Contains(query, "negative"):
		results = []string{fmt.Sprintf(`{"metric":{"service":"cart"},"values":[[%d,"1"],[%d,"-2"]]}`, end-step, end)}
	case strings.Contains(query, "counter"):
		var values []string
		for t := start; t <= end; t += step {
			values = append(values, fmt.Sprintf(`[%d,"%d"]`, t, t))
		}
		results = []string{fmt.Sprintf(`{"metric":{},"values":[%s]}`, strings.Join(values, ","))}
	case strings.Contains(query, "divided"):
		results = []string{fmt.Sprintf(`{"metric":{"service":"cart"},"values":[[%d,"NaN"],[%d,"+Inf"]]}`, end-step, end)}
		if strings.Contains(query, "partly") {
			results = append(results, matrix(`{"service":"shop"}`, start, end, step))
		}
	case strings.Contains(query, "services"):
		results = []string{matrix(`{"service":"cart"}`, start, end, step), matrix(`{"service":"shop"}`, start, end, step)}
	case !strings.Contains(query, "nothing"):
		results = []string{matrix(`{}`, start, end, step)}
	}
	_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"matrix","result":[%s]}}`, strings.Join(results, ","))
}

func seconds(r *http.Request, name string) int64 {
	v, err := strconv.ParseFloat(r.FormValue(name), 64)
	if err != nil {
		panic(err)
	}
	return int64(v)
}

// matrix is a load with a day in it.
func matrix(labels string, start, end, step int64) string {
	var values []string
	for t := start; t <= end; t += step {
		values = append(values, fmt.Sprintf(`[%d,"%.1f"]`, t, 100+50*math.Sin(2*math.Pi*float64(t%86400)/86400)+float64(t/step%7)))
	}
	return fmt.Sprintf(`{"metric":%s,"values":[%s]}`, labels, strings.Join(values, ","))
}
