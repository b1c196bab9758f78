package main

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// user is nobody whom a node knows, and not root.
const user = 65532

// image returns the image of one binary.
func (o options) image(b binary) (v1.Image, error) {
	program, err := os.ReadFile(b.path)
	if err != nil {
		return nil, err
	}
	if err := isStatic(program); err != nil {
		return nil, fmt.Errorf("%s: %w", b.path, err)
	}
	layer, err := o.layer(program)
	if err != nil {
		return nil, err
	}
	created := v1.Time{Time: o.created.UTC()}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err = mutate.ConfigFile(img, &v1.ConfigFile{
		OS: "linux", Architecture: b.arch, Created: created, RootFS: v1.RootFS{Type: "layers"}, Config: o.config(),
	})
	if err != nil {
		return nil, err
	}
	return mutate.Append(img, mutate.Addendum{Layer: layer, History: v1.History{Created: created, Comment: "the program and folders that it may write"}})
}

func (o options) config() v1.Config {
	ports := map[string]struct{}{}
	for _, port := range o.ports {
		ports[fmt.Sprintf("%d/tcp", port)] = struct{}{}
	}
	return v1.Config{
		User: fmt.Sprintf("%d:%d", user, user), WorkingDir: "/", Entrypoint: []string{"/" + o.name}, ExposedPorts: ports,
		Labels: map[string]string{
			"org.opencontainers.image.title": o.name, "org.opencontainers.image.version": o.version,
			"org.opencontainers.image.revision": o.revision, "org.opencontainers.image.licenses": "Apache-2.0",
		},
	}
}

// isStatic refuses a program that needs a loader or a library: the image has none.
func isStatic(program []byte) error {
	f, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		return err
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return fmt.Errorf("it needs a loader: build it with CGO_ENABLED=0")
		}
	}
	return nil
}

// layer holds the program, /tmp and the folders, all of the time of the commit.
func (o options) layer(program []byte) (v1.Layer, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	add := func(h tar.Header, content []byte) error {
		h.ModTime, h.Format, h.Size = o.created.UTC().Truncate(time.Second), tar.FormatPAX, int64(len(content))
		if err := w.WriteHeader(&h); err != nil {
			return err
		}
		_, err := w.Write(content)
		return err
	}
	entries := []tar.Header{{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777}}
	for _, folder := range o.folders {
		entries = append(entries, tar.Header{Name: strings.Trim(folder, "/") + "/", Typeflag: tar.TypeDir, Mode: 0o700, Uid: user, Gid: user})
	}
	for _, h := range entries {
		if err := add(h, nil); err != nil {
			return nil, err
		}
	}
	if err := add(tar.Header{Name: o.name, Typeflag: tar.TypeReg, Mode: 0o755}, program); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer))
}
