package history

import (
	"regexp"

	"golang.org/x/oauth2"
)

var (
	// decoded is how the YAML decoder repeats a value; a backquote may be part
	// of the value.
	decoded = regexp.MustCompile("(?s)`.*?` into ")
	quoted  = regexp.MustCompile("`[^`]*`")
	// userinfo is what stands before a host, in a URL or between quotes.
	userinfo = regexp.MustCompile(`("|://)[^"\s]*@`)
)

// MaskValues returns what a reader of configuration says about a file as one
// short line, without the values that it repeats: they may be secrets.
func MaskValues(err error) string {
	text := decoded.ReplaceAllString(err.Error(), "`...` into ")
	text = quoted.ReplaceAllString(text, "`...`")
	return oneLine(userinfo.ReplaceAllString(text, "${1}...@"), maxWarningText)
}

// briefError says what an error of a stranger says as one short line.
type briefError struct{ error }

func (e briefError) Error() string { return oneLine(e.error.Error(), maxWarningText) }

// Unwrap gives the whole error, for errors.Is.
func (e briefError) Unwrap() error { return e.error }

// tokenStatus is the status of a token endpoint's refusal: its text would
// repeat the endpoint's answer.
func tokenStatus(e *oauth2.RetrieveError) string {
	if e.Response == nil {
		return "token endpoint gave no token"
	}
	return "token endpoint answered " + oneLine(e.Response.Status, maxShownValue)
}
