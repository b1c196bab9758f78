package process

import (
	"fmt"
	"os"
	"strings"
)

// tailLines and tailBytes bound what an error quotes of a log.
const (
	tailLines = 20
	tailBytes = 8 << 10
)

// Tail returns the last lines of the child's log.
func (p *Process) Tail() string {
	f, err := os.Open(p.log)
	if err != nil {
		return fmt.Sprintf("(no log: %v)", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Sprintf("(no log: %v)", err)
	}
	buf := make([]byte, min(info.Size(), tailBytes))
	if _, err := f.ReadAt(buf, info.Size()-int64(len(buf))); err != nil {
		return fmt.Sprintf("(no log: %v)", err)
	}
	lines := strings.Split(strings.TrimRight(string(buf), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
