package profile

// Dimension is one thing that is measured of each pod, named as in
// spec.profile.queries.
type Dimension string

// The dimensions.
const (
	CPU             Dimension = "cpu"             // cores
	Memory          Dimension = "memory"          // bytes of the working set
	NetworkReceive  Dimension = "networkReceive"  // bytes/s
	NetworkTransmit Dimension = "networkTransmit" // bytes/s
	DiskRead        Dimension = "diskRead"        // bytes/s
	DiskWrite       Dimension = "diskWrite"       // bytes/s
	Requests        Dimension = "requests"        // 1/s
	LatencyP50      Dimension = "latencyP50"      // seconds
	LatencyP99      Dimension = "latencyP99"      // seconds
	ErrorRatio      Dimension = "errorRatio"      // 0 to 1
	// Started is no behaviour: the Unix time at which a pod's youngest container
	// started.
	Started Dimension = "started"
)

// Dimensions returns every dimension of behaviour, in a fixed order.
func Dimensions() []Dimension {
	return []Dimension{
		CPU, Memory, NetworkReceive, NetworkTransmit, DiskRead, DiskWrite, Requests, LatencyP50, LatencyP99, ErrorRatio,
	}
}

// floors are the least deviations that count, in the unit of the dimension:
// below them pods are alike, whatever their ratio. They are what an idle
// container of a Go or Java server was seen to make of noise, rounded up.
var floors = map[Dimension]float64{
	CPU: 0.01, Memory: 4 << 20, NetworkReceive: 2048, NetworkTransmit: 2048, DiskRead: 64 << 10, DiskWrite: 64 << 10,
	Requests: 0.2, LatencyP50: 0.001, LatencyP99: 0.005, ErrorRatio: 0.01,
}
