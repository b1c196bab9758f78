package v1alpha1

// Labels that a shadow bears. PoolLabel stays for life, so that a policy can
// select a pod before and after its activation.
const (
	// PoolLabel names the pool that made the pod.
	PoolLabel = "foreshadow.dev/pool"
	// StateLabel holds the pod's ShadowState.
	StateLabel = "foreshadow.dev/state"
)

// Annotations of a shadow: what a controller that knows nothing needs to go on.
const (
	// AboutAnnotation tells a stranger in a sentence what the pod is.
	AboutAnnotation = "foreshadow.dev/about"
	// HiddenLabelsAnnotation holds the labels that the activation gives back, a
	// JSON object of strings.
	HiddenLabelsAnnotation = "foreshadow.dev/hidden-labels"
	// LiftedAnnotation holds the annotations that the activation gives back, a
	// JSON object of strings.
	LiftedAnnotation = "foreshadow.dev/lifted-annotations"
	// ReplicaSetAnnotation is the UID of the ReplicaSet that the pod is for.
	ReplicaSetAnnotation = "foreshadow.dev/replicaset-uid"
	// TemplateAnnotation is a hash of the template that the pod was made from.
	TemplateAnnotation = "foreshadow.dev/template-hash"
	// IdleAnnotation holds the CPU requests and limits that a resize gives back,
	// a JSON object by container.
	IdleAnnotation = "foreshadow.dev/idle-cpu"
	// BoostAnnotation holds the CPU limits that a resize takes a shadow back to
	// before it is ready, a JSON object by container.
	BoostAnnotation = "foreshadow.dev/boosted-cpu"
	// ActivationAnnotation is <ReplicaSet UID>/<its generation>/<intent epoch>.
	ActivationAnnotation = "foreshadow.dev/activation"
	// ActivatedAtAnnotation and DrainingSinceAnnotation are instants in RFC 3339
	// with milliseconds.
	ActivatedAtAnnotation   = "foreshadow.dev/activated-at"
	DrainingSinceAnnotation = "foreshadow.dev/draining-since"
	// ProfileAnnotation is the profile of the source pod, JSON; the sidecar reads it.
	ProfileAnnotation = "foreshadow.dev/warmup-profile"
	// EpochAnnotation is the epoch of the leader that wrote the pod last. A
	// leader leaves a pod alone that a later one has written.
	EpochAnnotation = "foreshadow.dev/epoch"
)

// WarmedCondition is the type of the pod condition that says that a shadow is
// warm. It is no readiness gate: nothing waits for it but its activation.
const WarmedCondition = "foreshadow.dev/Warmed"

// ShadowServiceName is the name of the headless Service that selects the
// warming shadows of a pool.
func ShadowServiceName(pool string) string { return pool + "-shadow" }
