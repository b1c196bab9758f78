// Package pools says which ShadowPools there are: those of an API server, or
// those of a file. Both hand them over with their defaults, valid, and as
// copies that are the handler's own; what is refused is said and not handed
// over.
//
//	file, err := pools.NewFile(pools.FileOptions{Path: "pools.yaml", Logger: logger})
//	...
//	err = file.Run(ctx, handler)
package pools
