package observe_test

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/labels"
	"pgregory.net/rapid"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// selector returns a reference of the name to a selector in kubectl's words. {}
// is the one of everything.
func selector(t require.TestingT, name, text string) observe.SelectorRef {
	if text == "{}" {
		return observe.SelectorRef{Kind: "Service", Name: name, Selector: labels.Everything()}
	}
	s, err := labels.Parse(text)
	require.NoError(t, err)
	return observe.SelectorRef{Kind: "Service", Name: name, Selector: s}
}

// selectors names the selectors a, b, c and so on.
func selectors(t require.TestingT, texts []string) (out []observe.SelectorRef) {
	for i, text := range texts {
		out = append(out, selector(t, string(rune('a'+i)), text))
	}
	return out
}

func names(refs []observe.SelectorRef) (out []string) {
	for _, r := range refs {
		out = append(out, r.Name)
	}
	return out
}

func TestHideKeys(t *testing.T) {
	const web = "app=web,tier=front,team=shop,pod-template-hash=6d4"
	tests := []struct {
		name       string
		labels     string
		selectors  []string
		keep       []string
		want       []string
		unhideable []string
	}{
		{"nothing selects the pod", web, []string{"app=api", "tier=back"}, nil, nil, nil},
		{"one key is enough for all", web, []string{"app=web", "app=web,pod-template-hash=6d4", "app=web,tier=front"}, nil, []string{"app"}, nil},
		{"the key that all share is found", web, []string{"app=web,tier=front", "tier=front,team=shop"}, nil, []string{"tier"}, nil},
		{"two are needed", web, []string{"app=web", "tier=front"}, nil, []string{"app", "tier"}, nil},
		{"of equals it is the first in the alphabet", web, []string{"team=shop,tier=front"}, nil, []string{"team"}, nil},
		{"a key to keep goes last", web, []string{"app=web,tier=front", "app=web,team=shop"}, []string{"app"}, []string{"team", "tier"}, nil},
		{"a key to keep goes all the same where nothing else helps", web, []string{"app=web", "app=web,tier=front"}, []string{"app"}, []string{"app"}, nil},
		{"Exists and In are hidden from", web, []string{"app", "tier in (front,back)"}, nil, []string{"app", "tier"}, nil},
		{"NotIn of another value always matches", web, []string{"app=web", "app notin (api)"}, nil, []string{"app"}, []string{"b"}},
		{"NotIn of its own value fails while the key is there", web, []string{"app notin (web)", "tier=front"}, nil, []string{"tier"}, nil},
		{"hiding must not make NotIn match", web, []string{"app=web,tier=front", "app notin (web)"}, nil, []string{"tier"}, nil},
		{"DoesNotExist fails while the key is there", web, []string{"!app", "app=web,tier=front"}, nil, []string{"tier"}, nil},
		{"two that exclude each other: one is named", web, []string{"app=web", "!app"}, nil, nil, []string{"a"}},
		{"as few as possible are left", web, []string{"app=web", "!app", "app in (web)"}, nil, []string{"app"}, []string{"b"}},
		{"DoesNotExist of what is never there always matches", web, []string{"!canary", "app=web"}, nil, []string{"app"}, []string{"a"}},
		{"{} matches everything", web, []string{"{}", "app=web"}, nil, []string{"app"}, []string{"a"}},
		{"our own labels stay", web, []string{v1alpha1.PoolLabel + "=web"}, nil, nil, []string{"a"}},
		{"another pool's label is not ours", web, []string{v1alpha1.PoolLabel + "=other"}, nil, nil, nil},
		{"our label with one that can be hidden", web, []string{v1alpha1.PoolLabel + ",app=web"}, nil, []string{"app"}, nil},
		{"a state of shadows is always on one of them", web, []string{v1alpha1.StateLabel + "=draining"}, nil, nil, []string{"a"}},
		{"a state of live pods never is", web, []string{v1alpha1.StateLabel + "=active"}, nil, nil, nil},
		{"two requirements on one key are one", web, []string{"app,app notin (api)"}, nil, []string{"app"}, nil},
		{"two requirements on one key that exclude each other", web, []string{"app=web,app notin (web)"}, nil, nil, nil},
		{"no labels at all", "", []string{"app=web", "!app"}, nil, nil, []string{"b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := labels.ConvertSelectorToLabelsMap(tt.labels)
			require.NoError(t, err)
			set[v1alpha1.PoolLabel] = "web"
			was := maps.Clone(set)
			keys, left := observe.HideKeys(set, selectors(t, tt.selectors), tt.keep)
			if diff := cmp.Diff(tt.want, keys, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.unhideable, names(left), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("unhideable (-want +got):\n%s", diff)
			}
			require.Equal(t, was, set, "the labels are not written")
		})
	}
}

// choice is a set of keys to hide as the oracle counts it.
type choice struct{ matched, kept, size int }

// bruteForce tries every set of keys and looks at each selector in each state: a
// second, slower HideKeys.
func bruteForce(set map[string]string, all []observe.SelectorRef, keep []string) choice {
	keys := slices.DeleteFunc(slices.Collect(maps.Keys(set)), func(k string) bool { return k == v1alpha1.PoolLabel })
	best := choice{matched: len(all) + 1}
	for mask := range uint(1) << len(keys) {
		c := choice{size: bits.OnesCount(mask)}
		hidden := map[string]bool{}
		for i, k := range keys {
			if hidden[k] = mask&(1<<i) != 0; hidden[k] && slices.Contains(keep, k) {
				c.kept++
			}
		}
		c.matched = len(matched(set, all, hidden))
		if c.matched < best.matched || c.matched == best.matched && (c.kept < best.kept || c.kept == best.kept && c.size < best.size) {
			best = c
		}
	}
	return best
}

// matched are the selectors that match in some state of a shadow.
func matched(set map[string]string, all []observe.SelectorRef, hidden map[string]bool) (out []string) {
	for _, s := range all {
		if slices.ContainsFunc([]string{"creating", "warming", "ready", "draining"}, func(state string) bool {
			rest := labels.Set{v1alpha1.StateLabel: state}
			for k, v := range set {
				if !hidden[k] {
					rest[k] = v
				}
			}
			return s.Matches(rest)
		}) {
			out = append(out, s.Name)
		}
	}
	return out
}

// genSelector draws a selector of up to three requirements, few enough values
// that it often matches.
func genSelector() *rapid.Generator[string] {
	keys := []string{"a", "b", "c", "d", "e", v1alpha1.PoolLabel, v1alpha1.StateLabel}
	values := map[string][]string{v1alpha1.PoolLabel: {"web", "api"}, v1alpha1.StateLabel: {"ready", "active", "draining"}}
	return rapid.Custom(func(t *rapid.T) string {
		var parts []string
		for range rapid.IntRange(0, 3).Draw(t, "requirements") {
			k := rapid.SampledFrom(keys).Draw(t, "key")
			of := values[k]
			if of == nil {
				of = []string{"1", "2"}
			}
			v := rapid.SampledFrom(of).Draw(t, "value")
			parts = append(parts, rapid.SampledFrom([]string{k + "=" + v, k + " in (" + v + ")", k + " notin (" + v + ")", k, "!" + k}).Draw(t, "requirement"))
		}
		if len(parts) == 0 {
			return "{}"
		}
		return strings.Join(parts, ",")
	})
}

func TestHideKeysFindsTheSmallestSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := map[string]string{v1alpha1.PoolLabel: "web"}
		for _, k := range []string{"a", "b", "c", "d", "e"} {
			if rapid.Bool().Draw(t, "has "+k) {
				set[k] = rapid.SampledFrom([]string{"1", "2"}).Draw(t, k)
			}
		}
		all := selectors(t, rapid.SliceOfN(genSelector(), 0, 8).Draw(t, "selectors"))
		keep := rapid.SliceOf(rapid.SampledFrom([]string{"a", "b", "c"})).Draw(t, "keep")

		keys, left := observe.HideKeys(set, all, keep)

		hidden, got := map[string]bool{}, choice{size: len(keys), matched: len(left)}
		for _, k := range keys {
			if hidden[k] = true; slices.Contains(keep, k) {
				got.kept++
			}
		}
		if diff := cmp.Diff(matched(set, all, hidden), names(left)); diff != "" {
			t.Fatalf("what still matches (-want +got):\n%s", diff)
		}
		if want := bruteForce(set, all, keep); got != want {
			t.Fatalf("HideKeys chose %v: %+v, the best is %+v", keys, got, want)
		}
		shuffled := rapid.Permutation(all).Draw(t, "order")
		if again, _ := observe.HideKeys(set, shuffled, keep); !slices.Equal(keys, again) {
			t.Fatalf("another order of the selectors gives %v, not %v", again, keys)
		}
	})
}

// Beyond the number of keys up to which all sets are tried, the result need not
// be the smallest; it hides, and nothing in it is needless.
func TestHideKeysOfManyKeysIsExactIfNotSmallest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := map[string]string{v1alpha1.PoolLabel: "web"}
		n := rapid.IntRange(17, 80).Draw(t, "keys")
		for i := range n {
			set[fmt.Sprintf("k%02d", i)] = "1"
		}
		var all []observe.SelectorRef
		for i := range rapid.IntRange(n, 2*n).Draw(t, "selectors") {
			first, second := i%n, rapid.IntRange(0, n-1).Draw(t, "key")
			all = append(all, selector(t, strconv.Itoa(i), fmt.Sprintf("k%02d=1,k%02d=1", first, second)))
		}
		keys, left := observe.HideKeys(set, all, nil)
		hidden := map[string]bool{}
		for _, k := range keys {
			hidden[k] = true
		}
		if diff := cmp.Diff(matched(set, all, hidden), names(left)); diff != "" {
			t.Fatalf("what still matches (-want +got):\n%s", diff)
		}
		if n <= 64 && len(left) > 0 {
			t.Fatalf("%d of %d selectors are left, and none need be", len(left), len(all))
		}
		for _, k := range keys {
			delete(hidden, k)
			if len(matched(set, all, hidden)) == len(left) {
				t.Fatalf("key %s is hidden and need not be", k)
			}
			hidden[k] = true
		}
	})
}
