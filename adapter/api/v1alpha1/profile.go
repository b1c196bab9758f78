package v1alpha1

// Profile says how the behaviour of the workload's pods is looked at.
type Profile struct {
	// How far back a pod's behaviour is looked at. A pod that restarted within
	// it is no source.
	// +kubebuilder:default="1h"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,3}w)?([0-9]{1,4}d)?([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$') && [[int('0' + self.find('[0-9]+w').replace('w', '')) * 604800, int('0' + self.find('[0-9]+d').replace('d', '')) * 86400, int('0' + self.find('[0-9]+h').replace('h', '')) * 3600, int('0' + self.find('[0-9]+m').replace('m', '')) * 60, int('0' + self.find('[0-9]+s').replace('s', '')) * 1].sum()].all(s, s >= 600 && s <= 21600)",message="write a duration from 10m to 6h, such as 1h"
	// +optional
	Window Duration `json:"window,omitempty"`

	// How long a pod has run before shadows may mirror it.
	// +kubebuilder:default="10m"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,3}w)?([0-9]{1,4}d)?([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$') && [[int('0' + self.find('[0-9]+w').replace('w', '')) * 604800, int('0' + self.find('[0-9]+d').replace('d', '')) * 86400, int('0' + self.find('[0-9]+h').replace('h', '')) * 3600, int('0' + self.find('[0-9]+m').replace('m', '')) * 60, int('0' + self.find('[0-9]+s').replace('s', '')) * 1].sum()].all(s, s >= 60 && s <= 86400)",message="write a duration from 1m to 1d, such as 10m"
	// +optional
	MinAge Duration `json:"minAge,omitempty"`

	// Queries in place of those of cAdvisor's metrics, and for what has no
	// common name.
	// +kubebuilder:default={}
	// +optional
	Queries ProfileQueries `json:"queries,omitzero"`
}

// ProfileQueries are PromQL expressions that each return one series for each
// pod of the workload, with its name in the label pod.
type ProfileQueries struct {
	// CPU in cores.
	// +kubebuilder:validation:MaxLength=8192
	// +optional
	CPU string `json:"cpu,omitempty"`
	// The memory working set in bytes.
	// +kubebuilder:validation:MaxLength=8192
	// +optional
	Memory string `json:"memory,omitempty"`
	// Bytes received and sent a second.
	// +kubebuilder:validation:MaxLength=8192
	// +optional
	NetworkReceive string `json:"networkReceive,omitempty"`
	// +kubebuilder:validation:MaxLength=8192
	// +optional
	NetworkTransmit string `json:"networkTransmit,omitempty"`
	// Bytes read from and written to disks a second.
	// +kubebuilder:validation:MaxLength=8192
	// +optional
	DiskRead string `json:"diskRead,omitempty"`
	// +kubebuilder:validation:MaxLength=8192
	// +optional
	DiskWrite string `json:"diskWrite,omitempty"`
	// Requests a second. Not asked for unless it is written, as the three below.
	// +kubebuilder:validation:MaxLength=8192
	// +optional
	Requests string `json:"requests,omitempty"`
	// The 0.5 and the 0.99 quantile of the latency in seconds.
	// +kubebuilder:validation:MaxLength=8192
	// +optional
	LatencyP50 string `json:"latencyP50,omitempty"`
	// +kubebuilder:validation:MaxLength=8192
	// +optional
	LatencyP99 string `json:"latencyP99,omitempty"`
	// The share of requests that fail, 0 to 1.
	// +kubebuilder:validation:MaxLength=8192
	// +optional
	ErrorRatio string `json:"errorRatio,omitempty"`
	// When the youngest container of the pod started, as a Unix time in seconds.
	// +kubebuilder:validation:MaxLength=8192
	// +optional
	Started string `json:"started,omitempty"`
}

// LoadDimension names a resource that decides beside load.query.
//
// +kubebuilder:validation:Enum=CPU;Memory;NetworkReceive;NetworkTransmit;DiskRead;DiskWrite
type LoadDimension string

// The resources that may decide.
const (
	DimensionCPU             LoadDimension = "CPU"
	DimensionMemory          LoadDimension = "Memory"
	DimensionNetworkReceive  LoadDimension = "NetworkReceive"
	DimensionNetworkTransmit LoadDimension = "NetworkTransmit"
	DimensionDiskRead        LoadDimension = "DiskRead"
	DimensionDiskWrite       LoadDimension = "DiskWrite"
)

// LoadDimensions returns every resource that may decide, in a fixed order.
func LoadDimensions() []LoadDimension {
	return []LoadDimension{DimensionCPU, DimensionMemory, DimensionNetworkReceive, DimensionNetworkTransmit, DimensionDiskRead, DimensionDiskWrite}
}

// Dimension is a resource that decides beside load.query: its use, summed over
// the pods, is forecast too, and the greatest need counts.
type Dimension struct {
	// The resource.
	Name LoadDimension `json:"name"`

	// What one warm replica carries of it: cores, bytes or bytes a second.
	// Without it: the limit of a pod, or its request, of CPU and memory; what
	// the replicas have carried otherwise.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{1,15}([.][0-9]{1,9})?$') && double(self) > 0.0",message="write a number above 0 in cores, bytes or bytes a second, such as \"0.5\", or leave it out"
	CapacityPerReplica *Decimal `json:"capacityPerReplica,omitempty"`
}
