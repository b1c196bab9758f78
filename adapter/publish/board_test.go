package publish

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// poolNames lists what is published, in the order of the snapshot.
func poolNames(s *Snapshot) []string {
	names := []string{}
	for p := range s.Pools() {
		names = append(names, p.Namespace+"/"+p.Name)
	}
	return names
}

func TestBoardKeepsPoolsSorted(t *testing.T) {
	b := testBoard(testPool("shop", "web"), testPool("bank", "ledger"), testPool("shop", "api"), testPool("shop", "web"))
	want := []string{"bank/ledger", "shop/api", "shop/web"}
	if diff := cmp.Diff(want, poolNames(b.Snapshot())); diff != "" {
		t.Errorf("pools (-want +got):\n%s", diff)
	}
	if got := b.Snapshot().Len(); got != 3 {
		t.Errorf("Len() = %d, want 3", got)
	}
}

func TestSnapshotNeverChanges(t *testing.T) {
	b := testBoard(testPool("shop", "api"), testPool("shop", "web"))
	before := b.Snapshot()
	b.Publish(testPool("shop", "web", func(p *Pool) { p.PredictedCapacity.Value = 99 }))
	b.Publish(testPool("shop", "new"))
	b.Remove("shop", "api")

	if diff := cmp.Diff([]string{"shop/api", "shop/web"}, poolNames(before)); diff != "" {
		t.Errorf("an old snapshot changed (-want +got):\n%s", diff)
	}
	old, found := before.Pool("shop", "web")
	require.True(t, found)
	if got := old.PredictedCapacity.Value; got != 7 {
		t.Errorf("an old snapshot's value = %v, want 7", got)
	}
	if diff := cmp.Diff([]string{"shop/new", "shop/web"}, poolNames(b.Snapshot())); diff != "" {
		t.Errorf("the new snapshot (-want +got):\n%s", diff)
	}
}

func TestBoardKeepsNothingOfTheCallers(t *testing.T) {
	mine := testPool("shop", "web")
	b := testBoard(mine)
	mine.Loads[0].Value = -1
	got, _ := b.Snapshot().Pool("shop", "web")
	if got.Loads[0].Value != 812.5 {
		t.Errorf("the published load = %v, want 812.5: the caller's slice is shared", got.Loads[0].Value)
	}
}

func TestBoardKeepsOneLoadPerQuantileAndLead(t *testing.T) {
	b := testBoard(testPool("shop", "web", func(p *Pool) {
		p.Loads = []QuantileLoad{{"0.9", time.Minute, 1}, {"0.99", time.Minute, 2}, {"0.9", time.Minute, 3}}
	}))
	got, _ := b.Snapshot().Pool("shop", "web")
	want := []QuantileLoad{{"0.9", time.Minute, 3}, {"0.99", time.Minute, 2}}
	if diff := cmp.Diff(want, got.Loads); diff != "" {
		t.Errorf("Loads (-want +got):\n%s", diff)
	}
}

func TestRemove(t *testing.T) {
	b := testBoard(testPool("bank", "ledger"), testPool("shop", "web"))
	b.Remove("shop", "never-published")
	b.Remove("nowhere", "web")
	b.Remove("shop", "web")
	if diff := cmp.Diff([]string{"bank/ledger"}, poolNames(b.Snapshot())); diff != "" {
		t.Errorf("pools (-want +got):\n%s", diff)
	}
	b.Remove("bank", "ledger")
	if got := b.Snapshot().Len(); got != 0 {
		t.Errorf("Len() = %d, want 0", got)
	}
	if _, found := b.Snapshot().Pool("bank", "ledger"); found {
		t.Error("a removed pool is still there")
	}
}

// A plain map is the oracle of the sorted slices.
func TestBoardAgreesWithAMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	b, oracle := &Board{}, map[string]float64{}
	for i := range 5000 {
		namespace, name := fmt.Sprint("ns", rng.IntN(7)), fmt.Sprint("pool", rng.IntN(9))
		if rng.IntN(3) == 0 {
			b.Remove(namespace, name)
			delete(oracle, namespace+"/"+name)
		} else {
			b.Publish(testPool(namespace, name, func(p *Pool) { p.PredictedCapacity.Value = float64(i) }))
			oracle[namespace+"/"+name] = float64(i)
		}
		if got := b.Snapshot().Len(); got != len(oracle) {
			t.Fatalf("after %d changes: Len() = %d, want %d", i+1, got, len(oracle))
		}
	}
	got := map[string]float64{}
	for p := range b.Snapshot().Pools() {
		got[p.Namespace+"/"+p.Name] = p.PredictedCapacity.Value
	}
	if diff := cmp.Diff(oracle, got); diff != "" {
		t.Errorf("pools (-want +got):\n%s", diff)
	}
	if names := poolNames(b.Snapshot()); !slices.IsSorted(names) {
		t.Errorf("pools are not sorted: %v", names)
	}
}

func TestWritersAndReadersAtOnce(t *testing.T) {
	const writers, each = 8, 200
	b := &Board{}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				b.Publish(testPool("shop", fmt.Sprintf("w%d-%d", w, i)))
			}
		})
		wg.Go(func() {
			for range each {
				s := b.Snapshot()
				if got := len(poolNames(s)); got != s.Len() {
					t.Errorf("a snapshot of Len() %d yields %d pools", s.Len(), got)
				}
			}
		})
	}
	wg.Wait()
	if got := b.Snapshot().Len(); got != writers*each {
		t.Errorf("Len() = %d, want %d: a writer lost the change of another", got, writers*each)
	}
}
