package main

import (
	"math"
	"sort"
	"time"
)

// quantileMs is the nearest rank, in milliseconds; 0 of none.
func quantileMs(durations []time.Duration, quantile float64) float64 {
	if len(durations) == 0 {
		return 0
	}
	sort.Slice(durations, func(one, other int) bool { return durations[one] < durations[other] })
	rank := int(math.Ceil(float64(len(durations))*quantile)) - 1
	if rank < 0 {
		rank = 0
	}
	return float64(durations[rank]) / float64(time.Millisecond)
}
