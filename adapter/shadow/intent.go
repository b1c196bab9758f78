package shadow

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// order returns the shadows that can go live, in the order in which they should:
// so that the pods that serve stay even over the zones whenever a raise ends,
// and in a zone the longest warm one first. Bridges serve already and come
// before all others.
//
// With c pods serving in a zone, its j-th shadow has the place c+j; sorting by
// place is the same as taking, again and again, a shadow of the zone that has
// the fewest.
func (p *plan) order() []*member {
	out := p.candidates()
	slices.SortFunc(out, func(a, b *member) int {
		if a.Zone != b.Zone {
			return strings.Compare(a.Zone, b.Zone)
		}
		if c := a.WarmedAt.Compare(b.WarmedAt); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	place := int32(0)
	for i, m := range out {
		if i == 0 || m.Zone != out[i-1].Zone {
			place = p.zones[m.Zone]
		}
		m.place = place
		if m.state == v1alpha1.ShadowBridged {
			m.place = -1
			continue
		}
		place++
	}
	slices.SortFunc(out, func(a, b *member) int {
		if a.place != b.place {
			return cmp.Compare(a.place, b.place)
		}
		return cmp.Or(strings.Compare(a.Zone, b.Zone), strings.Compare(a.Name, b.Name))
	})
	return out
}

// candidates returns the shadows that nothing stands against but time.
func (p *plan) candidates() []*member {
	out := make([]*member, 0, p.occupied+p.bridged)
	for i := range p.members {
		m := &p.members[i]
		fits := m.state == v1alpha1.ShadowReady || m.state == v1alpha1.ShadowBridged && !p.bridges()
		if !fits || m.Owner != OwnerPool || m.doom != "" || m.fate == fateDeleted || m.fate == fateWithdrawn {
			continue
		}
		if c := p.claim(m); failing(candidateGuards, c) < 0 {
			out = append(out, m)
		}
	}
	return out
}

// intend returns the intent to write (T4, T6). Those whom it lists and who are
// going live now stay in it until they are seen to be active, so that a later
// leader would finish the same ones. While activations go on the order of those
// listed stays as it was written; a bridge needs no intent.
func (p *plan) intend() *v1alpha1.Intent {
	was := p.was.Intent
	if !p.acts() {
		return was
	}
	var uids []types.UID
	rs := types.UID("")
	if was != nil {
		rs = was.ReplicaSetUID
	}
	if p.held.Reason == "" && !p.bridges() {
		rs = p.target.UID
		order := p.order()
		if was != nil && was.ReplicaSetUID == rs && !p.target.settled() {
			order = p.asWritten(was.PodUIDs, order)
		}
		uids = make([]types.UID, len(order))
		for i, m := range order {
			uids[i] = m.UID
		}
	}
	switch {
	case was == nil && len(uids) == 0:
		return nil
	case was == nil:
		return &v1alpha1.Intent{ReplicaSetUID: rs, Epoch: 1, PodUIDs: uids}
	case was.ReplicaSetUID == rs && slices.Equal(was.PodUIDs, uids):
		return was
	case uids == nil:
		uids = []types.UID{} // a list that is null is no list to the API server
	}
	return &v1alpha1.Intent{ReplicaSetUID: rs, Epoch: was.Epoch + 1, PodUIDs: uids}
}

// asWritten puts those that are listed first, in the order in which they are,
// and the others behind them.
func (p *plan) asWritten(listed []types.UID, order []*member) []*member {
	at := make(map[types.UID]int, len(listed))
	for i, uid := range listed {
		at[uid] = i
	}
	slices.SortStableFunc(order, func(a, b *member) int {
		i, inA := at[a.UID]
		j, inB := at[b.UID]
		switch {
		case inA && inB:
			return cmp.Compare(i, j)
		case inA != inB:
			return -boolCompare(inA, inB)
		}
		return 0
	})
	return order
}
