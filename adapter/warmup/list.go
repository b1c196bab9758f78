package warmup

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// Limits of a list. A ConfigMap holds a MiB; what is sent must fit into memory
// beside the app.
const (
	MaxListBytes  = 1 << 20
	MaxRequests   = 1000
	maxBodyBytes  = 64 << 10
	maxWeight     = 1_000_000
	maxRouteBytes = 200
)

// Protocol is how a request travels.
type Protocol string

// The protocols. GRPC is a unary call over HTTP/2 without TLS.
const (
	HTTP1 Protocol = "HTTP1"
	HTTP2 Protocol = "HTTP2"
	GRPC  Protocol = "GRPC"
)

// Request is one line of a list.
type Request struct {
	// Method defaults to GET, or to POST where Protocol is GRPC.
	Method string `json:"method,omitempty"`
	// Path may have a query. That of a gRPC call is /package.Service/Method.
	Path string `json:"path"`
	// Route names what the request is compared with in the profile; default:
	// method and path without the query.
	Route    string            `json:"route,omitempty"`
	Headers  map[string]string `json:"headers,omitempty"`
	Protocol Protocol          `json:"protocol,omitempty"`
	// Body is text, BodyBase64 is bytes: a gRPC call's encoded message, without
	// its frame.
	Body       string `json:"body,omitempty"`
	BodyBase64 string `json:"bodyBase64,omitempty"`
	// Weight is how often it is sent, beside the others; default 1.
	Weight *int32 `json:"weight,omitempty"`
	// AllowUnsafe lets a request be sent that may change something.
	AllowUnsafe bool `json:"allowUnsafe,omitempty"`

	payload []byte
	// mirrored are the headers of a request that a tap sent, else nil.
	mirrored http.Header
}

// List is the workload of a warm-up.
type List struct {
	Requests []Request `json:"requests"`
}

// ParseList reads a list in YAML or JSON, with its defaults. It says at once all
// that is wrong, each with the field and what to write instead.
func ParseList(raw []byte) (*List, error) {
	if len(raw) > MaxListBytes {
		return nil, fmt.Errorf("%d bytes: write at most %d", len(raw), MaxListBytes)
	}
	asJSON, err := yaml.YAMLToJSONStrict(raw)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	l := &List{}
	strict, err := kjson.UnmarshalStrict(asJSON, l)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if len(strict) > 0 {
		return nil, errors.Join(strict...)
	}
	if errs := l.complete(); len(errs) > 0 {
		return nil, errs.ToAggregate()
	}
	return l, nil
}

// complete fills in the defaults and judges the rest.
func (l *List) complete() (errs field.ErrorList) {
	path := field.NewPath("requests")
	switch n := len(l.Requests); {
	case n == 0:
		return field.ErrorList{field.Required(path, `write at least one request, such as {path: "/"}`)}
	case n > MaxRequests:
		return field.ErrorList{field.TooMany(path, n, MaxRequests)}
	}
	total := 0
	for i := range l.Requests {
		errs = append(errs, l.Requests[i].complete(path.Index(i))...)
		total += int(l.Requests[i].weight())
	}
	if len(errs) == 0 && total == 0 {
		errs = append(errs, field.Invalid(path, total, "write a weight above 0 for at least one request"))
	}
	return errs
}

func (r *Request) weight() int32 {
	if r.Weight == nil {
		return 1
	}
	return *r.Weight
}

func (r *Request) complete(path *field.Path) (errs field.ErrorList) {
	errs = append(errs, r.completeMethod(path)...)
	errs = append(errs, r.completePath(path)...)
	errs = append(errs, r.completeBody(path)...)
	errs = append(errs, checkHeaders(path.Child("headers"), r.Headers)...)
	if w := r.weight(); w < 0 || w > maxWeight {
		errs = append(errs, field.Invalid(path.Child("weight"), w, fmt.Sprintf("write a whole number from 0 to %d", maxWeight)))
	}
	if len(r.Route) > maxRouteBytes {
		errs = append(errs, field.TooLong(path.Child("route"), "", maxRouteBytes))
	}
	if r.Route == "" {
		r.Route = RouteOf(r.Method, r.Path)
	}
	return errs
}

func (r *Request) completeMethod(path *field.Path) (errs field.ErrorList) {
	switch r.Protocol {
	case "":
		r.Protocol = HTTP1
	case HTTP1, HTTP2, GRPC:
	default:
		errs = append(errs, field.NotSupported(path.Child("protocol"), r.Protocol, []Protocol{HTTP1, HTTP2, GRPC}))
	}
	grpc := r.Protocol == GRPC
	switch {
	case r.Method == "" && grpc:
		r.Method = http.MethodPost
	case r.Method == "":
		r.Method = http.MethodGet
	case grpc && r.Method != http.MethodPost:
		errs = append(errs, field.Invalid(path.Child("method"), r.Method, "leave it out: a gRPC call is a POST"))
	case !isToken(r.Method) || r.Method == http.MethodConnect:
		errs = append(errs, field.Invalid(path.Child("method"), r.Method, "write a method such as GET"))
	}
	if !r.AllowUnsafe && !isSafe(r.Method) {
		what := r.Method + " may change something"
		if grpc {
			what = "a gRPC call may change something"
		}
		errs = append(errs, field.Forbidden(path.Child("method"), what+": write allowUnsafe: true if a pod that is not in use may do it"))
	}
	return errs
}

func (r *Request) completePath(path *field.Path) field.ErrorList {
	at := path.Child("path")
	if r.Path == "" {
		return field.ErrorList{field.Required(at, `write a path such as "/"`)}
	}
	if _, err := parsePath(r.Path); err != nil {
		return field.ErrorList{field.Invalid(at, r.Path, err.Error())}
	}
	if r.Protocol == GRPC && strings.Count(r.Path, "/") != 2 {
		return field.ErrorList{field.Invalid(at, r.Path, "write /package.Service/Method")}
	}
	return nil
}

func (r *Request) completeBody(path *field.Path) field.ErrorList {
	r.payload = []byte(r.Body)
	at := path.Child("body")
	if r.BodyBase64 != "" {
		if r.Body != "" {
			return field.ErrorList{field.Forbidden(path.Child("bodyBase64"), "write body or bodyBase64, not both")}
		}
		at = path.Child("bodyBase64")
		var err error
		if r.payload, err = base64.StdEncoding.DecodeString(r.BodyBase64); err != nil {
			return field.ErrorList{field.Invalid(at, short(r.BodyBase64), "write standard base64 with its padding")}
		}
	}
	if len(r.payload) > maxBodyBytes {
		return field.ErrorList{field.TooLong(at, "", maxBodyBytes)}
	}
	return nil
}

// short keeps what a user finds again.
func short(s string) string {
	if len(s) > 40 {
		return s[:40] + "..."
	}
	return s
}
