//go:build e2e && linux

package node

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/foreshadow-dev/foreshadow/e2e/cluster"
)

// image is one layer and what it runs, without a registry and without docker.
type image struct {
	name       string
	entrypoint []string
	env        []string
	// layer is the path of a tar file, uncompressed.
	layer string
}

// load has containerd know an image.
func (n *node) load(ctx context.Context, img image) error {
	archive := n.file("image.tar")
	if err := img.write(archive); err != nil {
		return fmt.Errorf("write image %s: %w", img.name, err)
	}
	_, err := n.ctr(ctx, "images", "import", archive)
	return errors.Join(err, os.Remove(archive))
}

// loadLayout has containerd know the image in a folder of make image, under a
// name of this run.
func (n *node) loadLayout(ctx context.Context, name, dir string) error {
	tag, err := tagOf(dir)
	if err != nil {
		return fmt.Errorf("image in %q: %w: run make e2e-node, or set %s to a folder that make image wrote", dir, err, sidecarEnv)
	}
	archive := n.file("layout.tar")
	if err := packFolder(archive, dir); err != nil {
		return fmt.Errorf("pack %s: %w", dir, err)
	}
	const base = "foreshadow.test/layout"
	_, err = n.ctr(ctx, "images", "import", "--base-name", base, archive)
	if err == nil {
		_, err = n.ctr(ctx, "images", "tag", "--force", base+":"+tag, name)
	}
	return errors.Join(err, os.Remove(archive))
}

// tagOf reads the version from the index of an OCI layout.
func tagOf(dir string) (string, error) {
	content, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		return "", err
	}
	var index struct {
		Manifests []struct{ Annotations map[string]string }
	}
	if err := json.Unmarshal(content, &index); err != nil {
		return "", err
	}
	for _, m := range index.Manifests {
		if tag := m.Annotations["org.opencontainers.image.ref.name"]; tag != "" {
			return tag, nil
		}
	}
	return "", errors.New("no manifest has a name")
}

func packFolder(archive, dir string) (err error) {
	out, err := os.Create(archive)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	w := tar.NewWriter(out)
	return errors.Join(w.AddFS(os.DirFS(dir)), w.Close())
}

// loadBinary makes an image of one static binary.
func (n *node) loadBinary(ctx context.Context, name, binary string) error {
	layer := n.file("layer.tar")
	if err := packBinary(layer, binary); err != nil {
		return fmt.Errorf("pack %s: %w", binary, err)
	}
	err := n.load(ctx, image{name: name, entrypoint: []string{"/" + filepath.Base(binary)}, layer: layer})
	return errors.Join(err, os.Remove(layer))
}

// loadCommand builds a program of this folder and makes an image of it.
func (n *node) loadCommand(ctx context.Context, name, folder string) error {
	binary := n.file(folder)
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, "./"+folder)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", folder, err, out)
	}
	return n.loadBinary(ctx, name, binary)
}

func (n *node) loadPause(ctx context.Context, _ *cluster.Cluster) error {
	return n.loadCommand(ctx, pauseImage, "pause")
}

func packBinary(layer, binary string) error {
	content, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err = errors.Join(addFile(w, filepath.Base(binary), content), w.Close())
	if err != nil {
		return err
	}
	return os.WriteFile(layer, b.Bytes(), 0o600)
}

func addFile(w *tar.Writer, name string, content []byte) error {
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}); err != nil {
		return err
	}
	_, err := w.Write(content)
	return err
}

// write makes the archive that docker save makes: a manifest, a configuration
// and the layer.
func (img image) write(path string) (err error) {
	digest, size, err := digestOf(img.layer)
	if err != nil {
		return err
	}
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Entrypoint": img.entrypoint, "Env": img.env, "User": "65532:65532"},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + digest}},
	})
	if err != nil {
		return err
	}
	manifest, err := json.Marshal([]any{map[string]any{
		"Config": "config.json", "RepoTags": []string{img.name}, "Layers": []string{"layer.tar"},
	}})
	if err != nil {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	w := tar.NewWriter(out)
	if err := errors.Join(addFile(w, "manifest.json", manifest), addFile(w, "config.json", config)); err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Name: "layer.tar", Mode: 0o644, Size: size}); err != nil {
		return err
	}
	layer, err := os.Open(img.layer)
	if err != nil {
		return err
	}
	defer layer.Close()
	if _, err := io.Copy(w, layer); err != nil {
		return err
	}
	return w.Close()
}

func digestOf(path string) (digest string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	if size, err = io.Copy(h, f); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}
