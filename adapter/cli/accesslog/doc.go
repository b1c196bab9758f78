// Package accesslog makes a weighted list of requests for warm-ups of the access
// log of a server: a line in the combined format, or a JSON object, for each
// request. What it keeps of a request is its method, its path and the names of
// its query parameters. What may be a secret stays out: every value of a query,
// parameters of paths, and requests whose path seems to hold one.
package accesslog
