package warmup

import (
	"fmt"
)

// check names a flag whose value cannot be.
func check(ok bool, flag string, value any, remedy string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%s: %v: %s", flag, value, remedy)
}
