package v1alpha1

// PauseAnnotation on a pool holds what Foreshadow does for it; nothing that
// serves is touched.
const PauseAnnotation = "foreshadow.dev/pause"

// Pause is the value of the annotation.
type Pause string

// What can be paused.
const (
	// PauseForecast: the metrics APIs give what the load needs now, no more.
	PauseForecast Pause = "forecast"
	// PauseShadows: no shadow is made, warmed, activated or ended.
	PauseShadows Pause = "shadows"
	// PauseAll is both.
	PauseAll Pause = "all"
)

// ForecastPaused says that the forecast of the pool is not to be used.
func (p *ShadowPool) ForecastPaused() bool {
	v, found := p.pause()
	return found && v != PauseShadows
}

// ShadowsPaused says that the shadows of the pool are to be left alone.
func (p *ShadowPool) ShadowsPaused() bool {
	v, found := p.pause()
	return found && v != PauseForecast
}

// pause returns the annotation's value. One that we do not know counts as all:
// who reaches for this in an emergency and mistypes it wants it to hold.
func (p *ShadowPool) pause() (v Pause, found bool) {
	s, found := p.Annotations[PauseAnnotation]
	return Pause(s), found
}
