package actuate

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// fate is what an error of a write means.
type fate int

const (
	// fateFinal: the server has said no, and would again.
	fateFinal fate = iota
	// fateConflict: the object is another than the one that was judged.
	fateConflict
	// fateGone: there is no such object.
	fateGone
	// fateThere: there is one of that name already.
	fateThere
	// fateUnsure: it may have happened, or may happen if it is asked again.
	fateUnsure
)

func fateOf(err error) fate {
	switch {
	case apierrors.IsConflict(err):
		return fateConflict
	case apierrors.IsNotFound(err), apierrors.IsGone(err):
		return fateGone
	case apierrors.IsAlreadyExists(err):
		return fateThere
	case apierrors.IsTimeout(err), apierrors.IsServerTimeout(err), apierrors.IsInternalError(err),
		apierrors.IsServiceUnavailable(err), apierrors.IsUnexpectedServerError(err), apierrors.IsTooManyRequests(err),
		errors.Is(err, context.DeadlineExceeded):
		return fateUnsure
	}
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		return fateFinal
	}
	return fateUnsure // the answer never came
}

// waitOf is how long the server asks not to be asked again.
func waitOf(err error) time.Duration {
	seconds, ok := apierrors.SuggestsClientDelay(err)
	if !ok || !apierrors.IsTooManyRequests(err) {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
