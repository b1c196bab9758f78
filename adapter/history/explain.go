package history

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	apiv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"golang.org/x/oauth2"
)

// retriable says whether the same request may succeed a moment later. A query
// that timed out on the server also comes as 503; asking again would only add
// to its load.
func retriable(e *statusError) bool {
	if e.errorType == "timeout" {
		return false
	}
	return e.code == http.StatusTooManyRequests || e.code/100 == 5
}

// tooManySamples says whether the server refused a range for its cost, so that a
// shorter one may pass.
func (e *statusError) tooManySamples() bool {
	return e.code == http.StatusUnprocessableEntity && strings.Contains(e.message, "too many samples")
}

const cheaper = "write a cheaper query, such as one over a recording rule"

// explain gives an error its kind and its remedy and takes the request's URL
// out of it.
func (r *Remote) explain(caller context.Context, err error) error {
	if cause := caller.Err(); errors.Is(cause, context.Canceled) {
		return fmt.Errorf("query %s: %w", r.where, cause)
	}
	if many, ok := errors.AsType[*ManySeriesError](err); ok {
		return fmt.Errorf("query %s: %w", r.where, many)
	}
	if errors.Is(err, errNoSlot) {
		return r.cfg.Limits.noSlot(r.where)
	}
	var status *statusError
	if errors.As(err, &status) && !errors.Is(err, context.DeadlineExceeded) {
		return r.explainStatus(status, errors.Is(err, errNoTime))
	}
	e := &QueryError{Where: r.where, Cause: briefError{withoutURL(err)}}
	var (
		size  *sizeError
		api   *apiv1.Error
		cert  *tls.CertificateVerificationError
		token *oauth2.RetrieveError
	)
	switch {
	case errors.As(err, &size):
		e.Kind, e.Remedy = ErrTooLarge, "wrap the expression in sum(...)"
	case errors.Is(err, ErrBadAnswer), errors.As(err, &api):
		e.Kind, e.Remedy = ErrBadAnswer, "check that "+r.cfg.URLField+" is a Prometheus server, scheme and path included"
		e.Cause = badAnswer(err)
	case errors.As(err, &token):
		e.Kind, e.Remedy = ErrUnauthorized, "check oauth2 in "+r.cfg.HTTPField
		e.Cause = errors.New(tokenStatus(token))
	case errors.Is(err, errUnfinished):
		e.Kind, e.Remedy = ErrTimeout, "check the server's load, or "+cheaper
	case errors.Is(err, context.DeadlineExceeded):
		e.Kind, e.Cause = ErrTimeout, fmt.Errorf("no answer within %v", r.cfg.Limits.Timeout)
		if caller.Err() != nil {
			e.Cause = errors.New("no answer before the caller's deadline")
		}
		e.Remedy = "check the server's load, or " + cheaper
	case errors.Is(err, errNoTime):
		e.Kind, e.Remedy = ErrUnavailable, "check the server's load"
	case errors.As(err, &cert):
		e.Kind, e.Remedy = ErrUnreachable, "check tls_config in "+r.cfg.HTTPField
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		e.Kind, e.Remedy = ErrUnauthorized, "check the files named in "+r.cfg.HTTPField
	default:
		e.Kind, e.Remedy = ErrUnreachable, "check "+r.cfg.URLField
	}
	return e
}

func (r *Remote) explainStatus(s *statusError, gaveUp bool) error {
	e := &QueryError{Where: r.where, Cause: s}
	switch {
	case s.code == http.StatusUnauthorized:
		e.Kind, e.Remedy = ErrUnauthorized, "check the user name and password, or the token, in "+r.cfg.HTTPField
	case s.code == http.StatusForbidden:
		e.Kind, e.Remedy = ErrUnauthorized, "let these credentials read, or write others in "+r.cfg.HTTPField
	case s.errorType == "timeout":
		e.Kind, e.Remedy = ErrTimeout, cheaper
	case s.tooManySamples():
		e.Kind, e.Remedy = ErrTooLarge, cheaper
	case s.errorType == "bad_data", s.errorType == "execution", s.refusesQuery():
		e.Kind, e.Remedy = ErrBadQuery, "check the expression"
	case s.code == http.StatusTooManyRequests, s.code/100 == 5:
		e.Kind, e.Remedy = ErrUnavailable, "check the server's load"
		if gaveUp {
			e.Cause = fmt.Errorf("%w, %w", s, errNoTime)
		}
	default:
		e.Kind, e.Remedy = ErrBadAnswer, "check that "+r.cfg.URLField+" is a Prometheus server, scheme and path included"
	}
	return e
}

// refusesQuery says that a server with error types of its own, such as
// VictoriaMetrics, cannot evaluate the expression.
func (e *statusError) refusesQuery() bool {
	return e.errorType != "" && (e.code == http.StatusBadRequest || e.code == http.StatusUnprocessableEntity)
}

// withoutURL takes off the layer by which net/http repeats the request.
func withoutURL(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	return err
}

// badAnswer shortens what the decoder says: it may quote the body.
func badAnswer(err error) error {
	if rest, ok := strings.CutPrefix(err.Error(), ErrBadAnswer.Error()+": "); ok {
		return errors.New(oneLine(rest, maxWarningText))
	}
	return errors.New(oneLine(err.Error(), maxWarningText))
}
