// Package keda serves what is published to KEDA, as an external scaler over gRPC: the same numbers as the external metrics API, for
// clusters whose external metrics API is KEDA's own.
//
// What goes in is a [publish.Board]. What comes out is [publish.MetricPredictedCapacity] of the one pool that a trigger names, in the
// namespace of the ScaledObject that asks.
//
// What holds:
//
//   - an answer comes from the board's snapshot and waits for nothing;
//   - what must not be given out is UNAVAILABLE with the reason, never 0, so that KEDA's fallback applies; a stream says nothing then;
//   - wrong metadata is INVALID_ARGUMENT that names the key and what to write;
//   - a client shows a certificate of the client CA, except on a loopback address;
//   - connections, streams, messages and pings have limits, and a client that goes leaves nothing behind.
package keda
