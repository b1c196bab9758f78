package derive

import (
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// Text says what was derived, and what the autoscaler should have besides.
func (d *Derived) Text(pool *v1alpha1.ShadowPool) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "Derived from %s; neither it nor %s %s is changed.\n", d.from, d.Workload.Kind, d.Workload.Name)
	fmt.Fprintf(&b, "  load.query               %s\n", d.Load.Query)
	if c := d.Load.CapacityPerReplica; c != nil {
		fmt.Fprintf(&b, "  load.capacityPerReplica  %s, %s\n", *c, d.capacity)
	} else {
		b.WriteString("  load.capacityPerReplica  learnt, for no target says what one replica carries\n")
	}
	if d.Load.HeadroomPercent != nil {
		b.WriteString("  load.headroomPercent     0, because that target keeps it free\n")
	}
	for _, s := range d.unused {
		fmt.Fprintf(&b, "  left out                 %s\n", s)
	}
	if d.Observe != "" {
		return b.String(), nil
	}
	b.WriteString("\n")
	err := d.addText(&b, pool)
	return b.String(), err
}

func (d *Derived) addText(b *strings.Builder, pool *v1alpha1.ShadowPool) error {
	spec := d.from.additions(pool, d.reactive)
	if len(spec) == 0 {
		fmt.Fprintf(b, "%s has all that it needs.\n", d.from)
		return nil
	}
	raw, err := yaml.Marshal(map[string]any{"spec": spec})
	if err != nil {
		return fmt.Errorf("write additions to %s: %w", d.from, err)
	}
	fmt.Fprintf(b, "%s should have, besides (kubectl edit %s %s -n %s):\n\n", d.from, d.from.edit, d.from.name, d.from.namespace)
	for line := range strings.Lines(string(raw)) {
		b.WriteString("  " + line)
	}
	d.addWhy(b, spec)
	return nil
}

// addWhy says what each addition is for.
func (d *Derived) addWhy(b *strings.Builder, spec map[string]any) {
	b.WriteString("\n")
	if !d.ours {
		b.WriteString("The value is a number of replicas, so the target is 1 each. ")
	}
	if spec["behavior"] != nil || spec["advanced"] != nil {
		b.WriteString("A tolerance above 0 swallows small raises,\nand lets the surplus of an activation become a target. ")
	}
	if !d.reactive {
		b.WriteString("CPU is the second metric: it scales out while Foreshadow is down.")
	} else {
		b.WriteString("The metrics that are there scale out while Foreshadow is down.")
	}
	b.WriteString("\n")
	if d.from.kind == ScaledObjectKind().Kind && !d.ours {
		b.WriteString("Where Prometheus scrapes without honor_labels, the label is exported_namespace.\n")
	}
}
