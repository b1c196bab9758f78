package simulate

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/terminal"
)

func frame(after time.Duration, load float64) Frame {
	return Frame{
		Now: at(after), Load: load, Predicted: load * 1.25,
		Arms: []ArmState{
			{Name: "reactive", Replicas: 12, Ready: 9, Totals: Totals{Foreseen: 1234 * time.Second}},
			{Name: "predictive", Replicas: 104, Ready: 104},
		},
	}
}

func TestWithoutATerminalThereIsOnePlainLineAnHour(t *testing.T) {
	var b bytes.Buffer
	l := NewLive(&b, 0)
	for m := 0; m < 150; m += 5 {
		require.NoError(t, l.Show(frame(time.Duration(m)*time.Minute, float64(m))))
	}
	require.NoError(t, l.Note(at(150*time.Minute), "Prometheus is stopped for an hour"))
	require.NoError(t, l.Close())
	require.Equal(t, `Mon 00:00  load  0.0  predicted  0.0 | reactive  12 pods,  1,234s over | predictive 104 pods,      0s over
Mon 01:00  load 60.0  predicted 75.0 | reactive  12 pods,  1,234s over | predictive 104 pods,      0s over
Mon 02:00  load  120  predicted  150 | reactive  12 pods,  1,234s over | predictive 104 pods,      0s over
Mon 02:30  Prometheus is stopped for an hour
`, b.String())
}

func TestOnATerminalOneLineIsRewritten(t *testing.T) {
	var b bytes.Buffer
	l := NewLive(&b, 80)
	require.NoError(t, l.Close())
	require.Empty(t, b.String(), "nothing shown, nothing to end")
	require.NoError(t, l.Show(frame(0, 1)))
	require.NoError(t, l.Show(frame(5*time.Minute, 2)))
	require.NoError(t, l.Note(at(5*time.Minute), "a spike begins"))
	require.NoError(t, l.Show(frame(10*time.Minute, 3)))
	require.NoError(t, l.Close())
	got := b.String()
	require.Equal(t, 2, strings.Count(got, "\n"), "one ends the note, one the line")
	require.Equal(t, 4, strings.Count(got, terminal.ClearLine))
	require.True(t, strings.HasSuffix(got, "\n"))
	for line := range strings.SplitSeq(strings.ReplaceAll(got, terminal.ClearLine, "\n"), "\n") {
		require.Less(t, utf8.RuneCountInString(line), 80, line)
	}
}

func TestANarrowTerminalStillShowsEveryArm(t *testing.T) {
	f := frame(0, 60)
	f.Arms = append(f.Arms, ArmState{Name: "reactive+", Replicas: 99, Totals: Totals{Foreseen: 9999 * time.Second}})
	var b bytes.Buffer
	require.NoError(t, NewLive(&b, 80).Show(f))
	require.Equal(t, terminal.ClearLine+"Mon 00:00 60.0>75.0|reactive 12 1,234s|predictive 104 0s|reactive+ 99 9,999s  █", b.String())
}

func TestAWideTerminalShowsTheLoadOfADay(t *testing.T) {
	var b bytes.Buffer
	l := NewLive(&b, 300)
	for h := range 30 {
		require.NoError(t, l.Show(frame(time.Duration(h)*time.Hour, float64(h%24))))
	}
	require.True(t, strings.HasSuffix(b.String(), "  "+spark([]float64{
		6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5,
	})), b.String())
}

func TestSparkDrawsFromZeroToTheHighest(t *testing.T) {
	require.Equal(t, "▁▃▄▆█", spark([]float64{0, 2, 3, 5, 7}))
	require.Equal(t, "▁▁", spark([]float64{0, 0}))
	require.Empty(t, spark(nil))
}

func TestAForecastThatIsMissingIsADash(t *testing.T) {
	f := frame(0, 1)
	f.Predicted = math.NaN()
	var b bytes.Buffer
	require.NoError(t, NewLive(&b, 0).Show(f))
	require.Contains(t, b.String(), "predicted    - |")
}
