package accesslog

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// entry is what a line says of a request.
type entry struct {
	method, target string
	status         int // 0: the line does not say
	agent          string
}

var errLine = errors.New("it is neither a line of the combined format nor a JSON object with a method and a path")

// combined is the common log format of Apache and nginx, with or without referrer
// and user agent.
var combined = regexp.MustCompile(`^\S+ \S+ .*?\[[^\]]*\] "((?:[^"\\]|\\.)*)" (\d{3}) \S+(?: "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)")?`)

// parseLine reads a line of either format. Its error shows nothing of the line.
func parseLine(line []byte) (entry, error) {
	if line[0] == '{' {
		return parseJSON(line)
	}
	m := combined.FindSubmatch(line)
	if m == nil {
		return entry{}, errLine
	}
	e := entry{agent: string(m[3])}
	e.status, _ = strconv.Atoi(string(m[2])) // three digits
	return e, e.request(string(m[1]))
}

// request takes "GET /path HTTP/1.1".
func (e *entry) request(text string) error {
	parts := strings.Fields(text)
	if len(parts) < 2 {
		return errLine
	}
	e.method, e.target = parts[0], parts[1]
	return nil
}

// The names under which servers write what we look for, without case and
// separators: nginx, Apache, Envoy, Traefik, Caddy, and those of clouds.
var (
	methodNames  = []string{"requestmethod", "method", "httpmethod", "verb"}
	targetNames  = []string{"requesturi", "uri", "requestpath", "path", "requesturl", "url", "originalpath", "target"}
	statusNames  = []string{"status", "statuscode", "responsecode", "downstreamstatus", "code"}
	agentNames   = []string{"useragent", "httpuseragent", "requestuseragent"}
	requestNames = []string{"request", "httprequest", "req"}
)

func parseJSON(line []byte) (entry, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return entry{}, errLine
	}
	top := folded(object)
	nested := map[string]any{}
	e := entry{}
	switch r := first(top, requestNames).(type) {
	case map[string]any:
		nested = folded(r)
	case string:
		if err := e.request(r); err != nil {
			return e, err
		}
	}
	for _, of := range []map[string]any{nested, top} {
		set(&e.method, first(of, methodNames))
		set(&e.target, first(of, targetNames))
		set(&e.agent, first(of, agentNames))
		if e.status == 0 {
			e.status = number(first(of, statusNames))
		}
	}
	if e.method == "" || e.target == "" {
		return e, errLine
	}
	return e, nil
}

// folded returns an object by its keys without case and separators.
func folded(object map[string]any) map[string]any {
	out := make(map[string]any, len(object))
	for k, v := range object {
		out[strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(k))] = v
	}
	return out
}

func first(object map[string]any, names []string) any {
	for _, name := range names {
		if v, ok := object[name]; ok {
			return v
		}
	}
	return nil
}

func set(to *string, v any) {
	if text, ok := v.(string); ok && *to == "" {
		*to = text
	}
}

func number(v any) int {
	text := ""
	switch v := v.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = v
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}
