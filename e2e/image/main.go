// Command image writes an OCI image layout of one static binary for each
// architecture, without a container runtime. The same inputs give the same
// digest: every time in it is that of the commit. A CycloneDX list of what each
// binary was built from refers to its image (OCI 1.1, subject).
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// options say what goes into an image.
type options struct {
	name     string
	binaries []binary
	ports    []int
	folders  []string // that the user may write
	version  string
	revision string
	created  time.Time
	out      string
}

// binary is a program for linux on one architecture.
type binary struct{ arch, path string }

func main() {
	o, err := parse(os.Args[1:])
	if err == nil {
		err = o.write(os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	fs := flag.NewFlagSet("image", flag.ContinueOnError)
	fs.StringVar(&o.name, "name", "", "Name of the program, and of its file in the image.")
	fs.StringVar(&o.version, "version", "", "Version of it.")
	fs.StringVar(&o.revision, "revision", "", "Commit that it was built from.")
	fs.StringVar(&o.out, "out", "", "Folder to write; one of an earlier run is replaced.")
	fs.Func("binary", "ARCH=PATH of a static binary, such as amd64=bin/app; repeatable.", o.addBinary)
	fs.Func("port", "Port that the program listens on; repeatable.", o.addPort)
	fs.Func("created", "Time of the commit, such as 2026-07-01T12:00:00+02:00.", func(s string) (err error) {
		o.created, err = time.Parse(time.RFC3339, s)
		return err
	})
	fs.Func("folder", "Folder that the user may write, such as /data; repeatable.", func(s string) error {
		if !strings.HasPrefix(s, "/") {
			return errors.New("write a path that begins with '/'")
		}
		o.folders = append(o.folders, s)
		return nil
	})
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	for flag, missing := range map[string]bool{
		"name": o.name == "", "version": o.version == "", "out": o.out == "", "binary": len(o.binaries) == 0, "created": o.created.IsZero(),
	} {
		if missing {
			return o, fmt.Errorf("-%s is missing", flag)
		}
	}
	return o, nil
}

func (o *options) addBinary(s string) error {
	arch, path, ok := strings.Cut(s, "=")
	if !ok || arch == "" || path == "" {
		return errors.New("write ARCH=PATH, such as amd64=bin/app")
	}
	if slices.ContainsFunc(o.binaries, func(b binary) bool { return b.arch == arch }) {
		return fmt.Errorf("there is one for %s already", arch)
	}
	o.binaries = append(o.binaries, binary{arch, path})
	return nil
}

func (o *options) addPort(s string) error {
	port, err := strconv.Atoi(s)
	if err != nil || port < 1 || port > 65535 {
		return errors.New("write a port from 1 to 65535")
	}
	o.ports = append(o.ports, port)
	return nil
}
