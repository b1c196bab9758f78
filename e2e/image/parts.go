package main

import (
	"bytes"
	"fmt"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/generate/bin"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/rs/zerolog"
)

const cycloneDX = types.MediaType("application/vnd.cyclonedx+json")

// parts returns an artifact that refers to an image: the modules that its binary
// was built from, and their checksums, as the Go linker wrote them into it.
func (o options) parts(b binary, subject v1.Descriptor) (v1.Image, error) {
	raw, err := o.bom(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.path, err)
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), cycloneDX)
	img, err = mutate.AppendLayers(img, static.NewLayer(raw, cycloneDX))
	if err != nil {
		return nil, err
	}
	subject.Platform, subject.Annotations = nil, nil
	return mutate.Subject(img, subject).(v1.Image), nil
}

// bom has no serial number and no time: the same binary gives the same list.
func (o options) bom(b binary) ([]byte, error) {
	g, err := bin.NewGenerator(b.path, bin.WithIncludeStdlib(true), bin.WithLogger(zerolog.Nop()), bin.WithVersionOverride(o.version))
	if err != nil {
		return nil, err
	}
	list, err := g.Generate()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true)
	if err := encoder.Encode(list); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
