package main

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// program builds a static program with two modules in it: this one.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func optionsFor(t *testing.T, path, out string) options {
	t.Helper()
	o, err := parse([]string{
		"-name", "app", "-version", "v1.2.3", "-revision", "abc", "-created", "2026-07-01T12:00:00+02:00", "-out", out,
		"-binary", runtime.GOARCH + "=" + path, "-port", "6443", "-folder", "/data",
	})
	must(t, err)
	return o
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func TestImage(t *testing.T) {
	path, out := program(t), filepath.Join(t.TempDir(), "image")
	var first, second strings.Builder
	must(t, optionsFor(t, path, out).write(&first))
	must(t, optionsFor(t, path, out).write(&second))
	equal(t, "the digest of a second run", second.String(), first.String())

	index, err := layout.ImageIndexFromPath(out)
	must(t, err)
	must(t, validate.Index(index))
	m, err := index.IndexManifest()
	must(t, err)
	equal(t, "entries", len(m.Manifests), 2)
	equal(t, "name", m.Manifests[0].Annotations["org.opencontainers.image.ref.name"], "v1.2.3")
	images, err := index.ImageIndex(m.Manifests[0].Digest)
	must(t, err)
	of, err := images.IndexManifest()
	must(t, err)
	equal(t, "architecture", of.Manifests[0].Platform.Architecture, runtime.GOARCH)
	img, err := images.Image(of.Manifests[0].Digest)
	must(t, err)
	checkConfig(t, img)
	checkFiles(t, img)
	list, err := index.Image(m.Manifests[1].Digest)
	must(t, err)
	checkParts(t, list, of.Manifests[0].Digest)
}

func checkConfig(t *testing.T, img v1.Image) {
	t.Helper()
	c, err := img.ConfigFile()
	must(t, err)
	equal(t, "user", c.Config.User, "65532:65532")
	equal(t, "entrypoint", strings.Join(c.Config.Entrypoint, " "), "/app")
	equal(t, "created", c.Created.Format("2006-01-02T15:04:05Z07:00"), "2026-07-01T10:00:00Z")
	if _, ok := c.Config.ExposedPorts["6443/tcp"]; !ok {
		t.Fatalf("ports: %v", c.Config.ExposedPorts)
	}
}

// checkFiles finds the program and nothing else that could be run.
func checkFiles(t *testing.T, img v1.Image) {
	t.Helper()
	files := mutate.Extract(img)
	defer files.Close()
	var got []string
	for r := tar.NewReader(files); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		got = append(got, h.FileInfo().Mode().String()+" "+h.Name)
	}
	equal(t, "files", strings.Join(got, ", "), "dtrwxrwxrwx tmp, drwx------ data, -rwxr-xr-x app")
}

func checkParts(t *testing.T, list v1.Image, of v1.Hash) {
	t.Helper()
	m, err := list.Manifest()
	must(t, err)
	equal(t, "subject", m.Subject.Digest, of)
	equal(t, "type", m.Config.MediaType, cycloneDX)
	layers, err := list.Layers()
	must(t, err)
	content, err := layers[0].Uncompressed()
	must(t, err)
	var bom cdx.BOM
	must(t, json.NewDecoder(content).Decode(&bom))
	equal(t, "version", bom.Metadata.Component.Version, "v1.2.3")
	for _, c := range *bom.Components {
		if c.Name == "github.com/google/go-containerregistry" && c.Hashes != nil {
			return
		}
	}
	t.Fatal("the list does not have a module that the program was built from, with its checksum")
}

func TestImageRefuses(t *testing.T) {
	script := filepath.Join(t.TempDir(), "app")
	must(t, os.WriteFile(script, []byte("#!/bin/sh\n"), 0o755))
	err := optionsFor(t, script, filepath.Join(t.TempDir(), "image")).write(io.Discard)
	if err == nil || !strings.Contains(err.Error(), script) {
		t.Fatalf("a script: %v", err)
	}
	for _, args := range [][]string{
		{"-binary", "amd64"}, {"-binary", "amd64=a", "-binary", "amd64=b"}, {"-port", "0"}, {"-port", "web"}, {"-folder", "data"}, {"-created", "today"}, nil,
	} {
		if _, err := parse(args); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
