package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// write makes the layout anew and prints the digest of the image.
func (o options) write(to io.Writer) error {
	next := o.out + ".next"
	if err := os.RemoveAll(next); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(next), 0o755); err != nil {
		return err
	}
	path, err := layout.Write(next, empty.Index)
	if err != nil {
		return err
	}
	digest, err := o.fill(path)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(o.out); err != nil {
		return err
	}
	if err := os.Rename(next, o.out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(to, "%s@%s (%s)\n", o.name, digest, o.out)
	return err
}

// fill adds an index of the images, under the version, and their lists of parts.
func (o options) fill(path layout.Path) (v1.Hash, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	var parts []v1.Image
	for _, b := range o.binaries {
		img, err := o.image(b)
		if err != nil {
			return v1.Hash{}, err
		}
		platform := &v1.Platform{OS: "linux", Architecture: b.arch}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: platform}})
		subject, err := partial.Descriptor(img)
		if err != nil {
			return v1.Hash{}, err
		}
		list, err := o.parts(b, *subject)
		if err != nil {
			return v1.Hash{}, err
		}
		parts = append(parts, list)
	}
	if err := path.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": o.version})); err != nil {
		return v1.Hash{}, err
	}
	for _, list := range parts {
		if err := path.AppendImage(list); err != nil {
			return v1.Hash{}, err
		}
	}
	return index.Digest()
}
