package actuate

// The writes, as Config.Failpoint names them with a prefix.
const (
	pointActivate    = "activate"
	pointBridge      = "bridge"
	pointHide        = "hide"
	pointWithdraw    = "withdraw"
	pointDetach      = "detach"
	pointSettle      = "settle"
	pointMarkWarming = "mark-warming"
	pointWarmed      = "warmed-condition"
	pointMarkReady   = "mark-ready"
	pointCooled      = "cooled-condition"
	pointRewarm      = "rewarm"
	pointResize      = "resize"
	pointUnboost     = "unboost"
	pointCreate      = "create"
	pointDelete      = "delete"
	pointScale       = "scale"
	pointService     = "service"
	pointStatus      = "status"
)

const (
	before = "before "
	after  = "after "
)

// Points lists the points at which a test can stop the actuator: before and
// after each write.
func Points() []string {
	var out []string
	for _, p := range []string{
		pointActivate, pointBridge, pointHide, pointWithdraw, pointDetach, pointSettle, pointMarkWarming, pointWarmed, pointMarkReady,
		pointCooled, pointRewarm, pointResize, pointUnboost, pointCreate, pointDelete, pointScale, pointService, pointStatus,
	} {
		out = append(out, before+p, after+p)
	}
	return out
}
