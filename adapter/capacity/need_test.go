package capacity

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestNeed(t *testing.T) {
	for _, tc := range []struct {
		name           string
		load, capacity float64
		want           int
	}{
		{"a part of a replica needs a whole one", 1, 120, 1},
		{"an exact multiple needs no more", 1200, 120, 10},
		{"binary rounding does not ask for one more", 1.1, 0.1, 11},
		{"a real excess does", 1200.1, 120, 11},
		{"no load needs none", 0, 120, 0},
		{"a negative load needs none", -5, 120, 0},
		{"an unknown load needs none", math.NaN(), 120, 0},
		{"a huge load stays an integer", 1e300, 1e-3, math.MaxInt32},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Need(tc.load, tc.capacity); got != tc.want {
				t.Errorf("Need(%v, %v) = %d, want %d", tc.load, tc.capacity, got, tc.want)
			}
		})
	}
}

func TestFormulas(t *testing.T) {
	for _, tc := range []struct {
		name      string
		got, want int
	}{
		{"the floor keeps the headroom free: 900 over 100 less 10 % each", Floor(900, 100, 0.1), 10},
		{"the floor without headroom is the need", Floor(900, 100, 0), 9},
		{"nowTerm is the floor when the forecast is lower", NowTerm(10, 7), 10},
		{"nowTerm is the forecast at the activation lead when that is higher", NowTerm(10, 12), 12},
		{"the value is nowTerm when the cold-start lead needs less", Value(10, 8, 0), 10},
		{"the value is the need at the cold-start lead without cover", Value(10, 20, 0), 20},
		{"cover takes warm replicas off what must start cold", Value(10, 20, 3), 17},
		{"cover never takes from nowTerm", Value(10, 12, 5), 10},
		{"want is the gap above nowTerm", Want(14, 10, 0, 8), 4},
		{"want keeps to the budget", Want(30, 10, 0, 8), 8},
		{"want is at least minShadows", Want(10, 10, 2, 8), 2},
		{"want is never negative", Want(5, 10, 0, 8), 0},
		{"minShadows wins over the budget", Want(30, 10, 3, 2), 3},
		{"the limit is cap times the highest need", Limit(1.5, 10, 4), 15},
		{"the limit is rounded up", Limit(1.5, 9, 4), 14},
		{"the limit is never below the observed load", Limit(1.5, 10, 40), 40},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.got != tc.want {
				t.Errorf("got %d, want %d", tc.got, tc.want)
			}
		})
	}
}

func TestSwallowed(t *testing.T) {
	for _, tc := range []struct {
		name           string
		value, current int
		tolerance      float64
		want           bool
	}{
		{"a step of 10 % is swallowed", 22, 20, 0.1, true},
		{"a larger step is not", 23, 20, 0.1, false},
		{"a step down of 5 % is swallowed", 19, 20, 0.1, true},
		{"tolerance 0 swallows nothing", 21, 20, 0, false},
		{"no step is not swallowed", 20, 20, 0.1, false},
		{"unknown replicas swallow nothing", 20, 0, 0.1, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Swallowed(tc.value, tc.current, tc.tolerance); got != tc.want {
				t.Errorf("Swallowed(%d, %d, %v) = %v, want %v", tc.value, tc.current, tc.tolerance, got, tc.want)
			}
		})
	}
}

func TestNeedCarriesTheLoad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		load := rapid.Float64Range(0, 1e6).Draw(t, "load")
		capacity := rapid.Float64Range(0.01, 1e4).Draw(t, "capacity")
		n := Need(load, capacity)
		if carried := float64(n) * capacity; carried < load*(1-1e-6) {
			t.Fatalf("%d replicas of %v carry %v of %v", n, capacity, carried, load)
		}
		if n > 0 && float64(n-1)*capacity >= load {
			t.Fatalf("%d replicas of %v are one too many for %v", n, capacity, load)
		}
	})
}
