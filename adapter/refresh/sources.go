package refresh

import (
	"errors"
	"fmt"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// Sources says what a pool of the namespace reads from, whose
// spec.load.source gives the name. Its error says what to write instead.
type Sources func(name, namespace string) (From, error)

// From is what a pool reads from, and how its queries are bound to it.
type From struct {
	Source history.Source
	Bind   Binding
	// Data tells sources with other data apart, Bound other bindings: a pool
	// goes on with the history that it has read while both stay.
	Data, Bound string
}

// errSource marks why spec.load.source cannot be read.
var errSource = errors.New("spec.load.source")

// origin is what a pool reads from, or why it reads nothing.
type origin struct {
	From
	err error
}

func (m *Manager) origin(p *v1alpha1.ShadowPool) origin {
	from, err := m.cfg.Sources(p.Spec.Load.Source, p.Namespace)
	if err != nil {
		return origin{err: fmt.Errorf("%w: %w", errSource, err)}
	}
	return origin{From: from}
}

func (o origin) same(other origin) bool {
	if o.err != nil || other.err != nil {
		return o.err != nil && other.err != nil && o.err.Error() == other.err.Error()
	}
	return o.Data == other.Data && o.Bound == other.Bound
}

// SourcesChanged looks at what each pool reads from once more, and begins those
// anew that read from something else now. Their last values stay until the
// first round of the new ones has ended.
func (m *Manager) SourcesChanged() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, old := range m.pools {
		if now := m.origin(old.pool); !now.same(old.origin) {
			m.replace(old.pool, old, now)
		}
	}
}
