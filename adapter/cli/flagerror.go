package cli

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// explainFlag says what to write where a flag wants a number: the parser's own
// words are those of Go.
func explainFlag(_ *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	var number *strconv.NumError
	if !errors.As(err, &invalid) || !errors.As(err, &number) {
		return err
	}
	wanted := "a whole number, such as 6"
	if number.Func == "ParseFloat" {
		wanted = "a number, such as 120"
	}
	return fmt.Errorf("invalid argument %q for \"--%s\" flag: write %s", invalid.GetValue(), invalid.GetFlag().Name, wanted)
}
