package forecast

// hourlyHours is how many hours the hourly shape looks back.
const hourlyHours = 12

// bySeasonHour is the steps of an hour; 0 where the step is too coarse, or no
// whole part of an hour.
func bySeasonHour(c seasons) int {
	if !c.fine() || c.day%24 != 0 {
		return 0
	}
	return c.day / 24
}

// hourlyShape is the median of the same minute of the last twelve hours: jobs
// that run each hour, at a level that moves within hours. The daily shapes know
// such jobs too, but not yet after a shift.
func hourlyShape() model {
	return model{
		name: "HourlyShape", season: bySeasonHour, corrected: true, lags: true,
		base: func(h *history, t, o int) float64 {
			var buf [hourlyHours]float64
			col := buf[:0]
			m := bySeasonHour(h.seasons)
			i := t - m*lagsNeeded(t-o, m)
			for range hourlyHours {
				if i < 0 {
					break
				}
				if v := h.clean(i); v == v {
					col = append(col, v)
				}
				i -= m
			}
			return median(col)
		},
	}
}
