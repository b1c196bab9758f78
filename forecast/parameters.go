package forecast

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The names of parameters.
const (
	// HistoryDays is how many days a fit looks back, for every model.
	HistoryDays = "historyDays"
	// WeightsPower is the power p of the weights (least error/error)^p in Auto:
	// 1 blends nearly evenly, a high one leaves the best model alone.
	WeightsPower = "weightsPower"
	// ShapeDays is over how many days DailyShape and DailyMedian take the shape
	// of a day.
	ShapeDays = "days"
	// LevelHalfLife is after how many steps a value counts half in the slowest
	// average of the level, in Auto and Level: a short one follows a load that
	// moved, and knows less of what is usual.
	LevelHalfLife = "levelHalfLife"
	// DeviationHalfLife is the same for the distance from the curve of a day or a
	// week, in Auto and every model that has one and is corrected.
	DeviationHalfLife = "deviationHalfLife"
)

// leastHalfLife is the one at which the averages are still apart.
const leastHalfLife = 4

// usualPower is WeightsPower where nobody gives it.
const usualPower = 6

// Parameter is a whole number that a model takes.
type Parameter struct {
	Name        string
	Least, Most int
}

// ParametersOf returns what a model takes, by name.
func ParametersOf(name string) []Parameter {
	out := []Parameter{{HistoryDays, 1, int(Window / day)}}
	level, deviation := Parameter{LevelHalfLife, leastHalfLife, slowest}, Parameter{DeviationHalfLife, leastHalfLife, slowest}
	switch name {
	case Auto, "":
		return append(out, Parameter{WeightsPower, 1, 20}, level, deviation)
	case levelModel().name:
		return append(out, level)
	case "DailyShape", "DailyMedian":
		out = append([]Parameter{{ShapeDays, 1, int(Window / day)}}, out...)
	}
	if slices.ContainsFunc(catalogue(), func(m model) bool { return m.name == name && m.corrected }) {
		out = append(out, deviation)
	}
	return out
}

// CheckParameter reads the value of a parameter. Its errors say what to write.
func CheckParameter(model, name, value string) (int, error) {
	known := ParametersOf(model)
	i := slices.IndexFunc(known, func(p Parameter) bool { return p.Name == name })
	if i < 0 {
		names := make([]string, len(known))
		for k, p := range known {
			names[k] = p.Name
		}
		return 0, fmt.Errorf("%s takes no such parameter: write %s, or leave it out", model, strings.Join(names, " or "))
	}
	v, err := strconv.Atoi(value)
	if err != nil || v < known[i].Least || v > known[i].Most || strconv.Itoa(v) != value {
		return 0, fmt.Errorf("write a whole number from %d to %d", known[i].Least, known[i].Most)
	}
	return v, nil
}

func (c Config) checkParameters() error {
	for _, name := range slices.Sorted(maps.Keys(c.Parameters)) {
		v := c.Parameters[name]
		if _, err := CheckParameter(c.Model, name, strconv.Itoa(v)); err != nil {
			return fmt.Errorf("parameter %s %d: %w", name, v, err)
		}
	}
	return nil
}

// recent cuts what is older than HistoryDays.
func (c Config) recent(s Series) Series {
	days, given := c.Parameters[HistoryDays]
	if n := int(day / s.Step); given && n*days < len(s.Values) && n > 0 {
		from := len(s.Values) - n*days
		return Series{Start: s.Time(from), Step: s.Step, Values: s.Values[from:]}
	}
	return s
}

// catalogue is that of all models, with the parameters that are given.
func (c Config) catalogue() []model {
	all := catalogue()
	if days, given := c.Parameters[ShapeDays]; given {
		for k := range all {
			if all[k].name == c.Model {
				all[k] = shapeOver(c.Model, days)
			}
		}
	}
	for k := range all {
		name := DeviationHalfLife
		if all[k].name == levelModel().name {
			name = LevelHalfLife
		}
		if steps, given := c.Parameters[name]; given {
			all[k].decays = decaysTo(steps)
		}
	}
	return all
}

// shapeOver is DailyShape or DailyMedian over another number of days than
// usual.
func shapeOver(name string, days int) model {
	weights := make([]float64, days)
	for j, w := 0, 1.0; j < days; j++ {
		weights[j] = w
		w *= dayWeights[1]
	}
	if name == "DailyShape" {
		return dailyMean(weights)
	}
	base := func(h *history, t, o int) float64 {
		col := make([]float64, 0, days)
		for i := t - h.day*lagsNeeded(t-o+h.half, h.day); i >= 0 && len(col) < days; i -= h.day {
			if v := h.shape(i); v == v {
				col = append(col, v)
			}
		}
		return median(col)
	}
	return model{name: name, season: bySeasonDay, corrected: true, unrest: true, base: base}
}

// sharpened turns weights by the usual power into those by another.
func sharpened(weights []float64, power int) []float64 {
	if power == 0 || power == usualPower {
		return weights
	}
	sum := 0.0
	for k, w := range weights {
		weights[k] = math.Pow(w, float64(power)/usualPower)
		sum += weights[k]
	}
	for k := range weights {
		weights[k] /= sum
	}
	return weights
}
