// Package certificate makes the serving certificate of a metrics API, renews it, and has the API server trust it.
//
// Each replica has a key of its own, in memory alone. Its certificate is signed by that key and by nobody else, so whoever trusts it
// trusts one server. A Keeper puts it into spec.caBundle of the APIServices that lead to the server: the bundle holds the certificates
// of all replicas, and each replica looks after its own by patches that fail when another one was faster. There is no leader, no Secret
// and no authority.
//
//	made      2/3 of its life            5/6                  1
//	|---------|--------------------------|--------------------|
//	          the next one is published  the next one serves  this one leaves the bundle
//
// A certificate serves only once the API servers had time to take it up, and stays in the bundle when another one has taken its place:
// at no time does a server show what its clients do not know.
package certificate
