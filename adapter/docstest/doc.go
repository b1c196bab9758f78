// Package docstest reads the Markdown pages of this repository, for the tests that
// hold what they say against the programs: links lead somewhere, commands parse,
// objects decode, generated pages are fresh. Nothing that ships links it.
package docstest
