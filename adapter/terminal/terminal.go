// Package terminal says what a writer that may be a terminal can show. It keeps
// nothing and writes nothing itself.
package terminal

import (
	"io"
	"os"

	"golang.org/x/term"
)

// ClearLine goes back to the line's first column and wipes it (ECMA-48 EL).
const ClearLine = "\r\x1b[K"

// Columns is the width of the terminal that w is, 0 if it is none.
func Columns(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}
