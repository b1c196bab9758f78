package forecast

import "math"

// logParts is the number of parts of an octave with a logarithm in a table.
const logParts = 128

// logs are, by part, one over its middle and the logarithm of that middle.
var logs = func() (t [logParts][2]float64) {
	for i := range t {
		middle := 1 + (float64(i)+0.5)/logParts
		t[i] = [2]float64{1 / middle, math.Log(middle)}
	}
	return t
}()

// logarithm is math.Log for a positive normal number, to 1e-15, in a third of the
// time, and small enough to be inlined: a fit takes two for each residual. The rest
// of five terms of the series of log(1+r), |r| <= 1/256, is below the rounding.
func logarithm(v float64) float64 {
	const mantissa = 1<<52 - 1
	b := math.Float64bits(v)
	t := &logs[b>>45&(logParts-1)]
	r := math.Float64frombits(b&mantissa|1023<<52)*t[0] - 1
	return float64(int(b>>52)-1023)*math.Ln2 + t[1] + r*(1-r*(1./2-r*(1./3-r*(1./4-r*(1./5)))))
}

// exponents are, by part of an octave, the bits of two to its power.
var exponents = func() (t [logParts]uint64) {
	for i := range t {
		t[i] = math.Float64bits(math.Exp2(float64(i) / logParts))
	}
	return t
}()

// exponential is math.Exp for |v| <= 50, to 1e-14: a table of the parts of an
// octave, and five terms of the series for the rest. Adding and taking away a great
// number rounds to a part.
func exponential(v float64) float64 {
	const great = 0x1.8p52
	at := v*(logParts/math.Ln2) + great
	part := math.Float64bits(at)
	r := v - (at-great)*(math.Ln2/logParts)
	scale := exponents[part%logParts] + part/logParts<<52
	return math.Float64frombits(scale) * (1 + r*(1+r*(1./2+r*(1./6+r*(1./24)))))
}
