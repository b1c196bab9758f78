package refresh

import "github.com/foreshadow-dev/foreshadow/forecast"

// newFits is for a dimension, whose forecasts are not judged.
func (s Settings) newFits() forecast.Fits {
	return forecast.Fits{Config: s.config(), Window: s.Window}
}

// newJudgedFits is for the load, whose past forecasts are made again.
func (s Settings) newJudgedFits() forecast.Fits {
	f := s.newFits()
	f.KeepsPast = true
	return f
}
