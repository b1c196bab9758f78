package warmup

import (
	"strconv"
	"time"
)

// Header marks every request of a warm-up, so that an app can tell.
const (
	Header      = "X-Foreshadow-Warmup"
	HeaderValue = "1"
)

// Class is what became of a request: that of its status, or ClassError.
type Class string

// The classes. The status of a gRPC call is the one that a gateway gives it.
const (
	ClassInformational Class = "1xx"
	ClassSuccess       Class = "2xx"
	ClassRedirect      Class = "3xx"
	ClassClient        Class = "4xx"
	ClassServer        Class = "5xx"
	ClassError         Class = "error" // no response
)

// classes lists them all.
func classes() []Class {
	return []Class{ClassInformational, ClassSuccess, ClassRedirect, ClassClient, ClassServer, ClassError}
}

// classOf returns the class of a status; ClassError for what is none.
func classOf(status int) Class {
	if status < 100 || status > 599 {
		return ClassError
	}
	return Class(strconv.Itoa(status/100) + "xx")
}

// failed says that the app is to blame.
func (c Class) failed() bool { return c == ClassServer || c == ClassError }

// Outcome is what the app made of one request.
type Outcome struct {
	Route string
	Class Class
	// Latency is the time to the response's header, or to the error.
	Latency time.Duration
	At      time.Time
}
