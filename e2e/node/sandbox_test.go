//go:build e2e && linux

package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

// stageEnv says which of the three processes this is.
const stageEnv = "FORESHADOW_E2E_NODE_STAGE"

// errNotAllowed says that this machine lets nobody here make namespaces.
var errNotAllowed = errors.New("this machine does not allow it")

// sysctls are those that a kubelet writes for the whole machine.
var sysctls = []string{"/proc/sys/vm/overcommit_memory", "/proc/sys/kernel/panic", "/proc/sys/kernel/panic_on_oops"}

// outside runs this binary again in namespaces of its own and returns its exit
// code once the machine is as it was.
func outside() (code int, err error) {
	if err := allowed(); err != nil {
		return 0, err
	}
	if err := removeCgroups(); err != nil {
		return 1, fmt.Errorf("%w: another kubelet runs on this machine, or processes of one that was killed do", err)
	}
	before, err := readSysctls()
	if err != nil {
		return 1, err
	}
	// All that the run writes is here, and goes when the mounts in it are gone.
	temporary, err := os.MkdirTemp("", "foreshadow-node-")
	if err != nil {
		return 1, fmt.Errorf("make temporary folder: %w", err)
	}
	cmd := again("init")
	cmd.Env = append(cmd.Env, "TMPDIR="+temporary)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL, Setpgid: true,
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if err := cmd.Start(); err != nil {
		return 0, errors.Join(fmt.Errorf("%w: make namespaces: %w", errNotAllowed, err), os.RemoveAll(temporary))
	}
	go func() {
		for s := range signals {
			_ = cmd.Process.Signal(s)
		}
	}()
	err = cmd.Wait()
	// Process 1 is gone, and every process of its namespace with it.
	tidy := errors.Join(awaitNoCgroups(), writeSysctls(before), os.RemoveAll(temporary))
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return max(1, exit.ExitCode()), tidy
	}
	return 0, errors.Join(err, tidy)
}

// allowed looks for what no package can bring.
func allowed() error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w: the user is not root", errNotAllowed)
	}
	if roots, err := cgroupRoots(); err != nil || len(roots) == 0 {
		return fmt.Errorf("%w: no cgroups that can be written under /sys/fs/cgroup", errNotAllowed)
	}
	if b, err := os.ReadFile("/proc/filesystems"); err != nil || !strings.Contains(string(b), "\toverlay\n") {
		return fmt.Errorf("%w: the kernel has no overlayfs", errNotAllowed)
	}
	return nil
}

// again is this binary with the same arguments at another stage.
func again(stage string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), stageEnv+"="+stage)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd
}

// reaper is process 1: it furnishes the namespaces, starts the tests, and reaps
// what containers leave to it until the tests have ended.
func reaper() (int, error) {
	if err := furnish(); err != nil {
		return 1, err
	}
	cmd := again("tests")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return 1, fmt.Errorf("start tests: %w", err)
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for s := range signals {
			_ = cmd.Process.Signal(s)
		}
	}()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 1, fmt.Errorf("wait for tests: %w", err)
		case pid == cmd.Process.Pid && status.Exited():
			return status.ExitStatus(), nil
		case pid == cmd.Process.Pid:
			return 1, fmt.Errorf("tests ended: %v", status.Signal())
		}
	}
}

// furnish mounts what belongs to the process namespace, hides the folders that
// runtimes share, and makes a network with one address.
func furnish() error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("part from the machine's mounts: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	for _, dir := range []string{"/run", "/var/log", "/var/lib"} {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=755"); err != nil {
			return fmt.Errorf("hide %s: %w", dir, err)
		}
	}
	// A kubelet wants its mounts to be seen by containers that ask for it.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_SHARED, ""); err != nil {
		return fmt.Errorf("share mounts: %w", err)
	}
	for _, args := range [][]string{
		{"link", "set", "lo", "up"},
		{"link", "add", "node", "type", "bridge"},
		{"addr", "add", nodeIP + "/24", "dev", "node"},
		{"link", "set", "node", "up"},
		{"route", "add", "default", "dev", "node"},
	} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
		}
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o600)
}

// cgroupRoots are the folders under which a kubelet makes its own: one for each
// controller, or one for all.
func cgroupRoots() ([]string, error) {
	procs, err := filepath.Glob("/sys/fs/cgroup/*/cgroup.procs")
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.procs"); err == nil {
		procs = []string{"/sys/fs/cgroup/cgroup.procs"}
	}
	roots := make([]string, 0, len(procs))
	for _, p := range procs {
		roots = append(roots, filepath.Dir(p))
	}
	return roots, nil
}

// removeCgroups takes away what a kubelet leaves behind. A folder with processes
// in it stays, and is an error.
func removeCgroups() error {
	roots, err := cgroupRoots()
	if err != nil {
		return err
	}
	var errs []error
	for _, root := range roots {
		for _, name := range []string{"kubepods", "k8s.io"} {
			errs = append(errs, removeCgroup(filepath.Join(root, name)))
		}
	}
	return errors.Join(errs...)
}

// awaitNoCgroups gives processes that were killed the time to end.
func awaitNoCgroups() error {
	return process.Until(context.Background(), 10*time.Second, "the cgroups to be empty", func(context.Context) (string, bool) {
		err := removeCgroups()
		return fmt.Sprint(err), err == nil
	})
}

func removeCgroup(top string) error {
	var dirs []string
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, path)
		}
		return nil // it may be gone already
	})
	if err != nil {
		return err
	}
	for _, dir := range slices.Backward(dirs) {
		if err := syscall.Rmdir(dir); err != nil && !errors.Is(err, syscall.ENOENT) {
			return fmt.Errorf("remove cgroup %s: %w", dir, err)
		}
	}
	return nil
}

func readSysctls() (map[string][]byte, error) {
	values := map[string][]byte{}
	for _, path := range sysctls {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read sysctl: %w", err)
		}
		values[path] = b
	}
	return values, nil
}

// writeSysctls puts back what has changed.
func writeSysctls(values map[string][]byte) error {
	var errs []error
	for path, was := range values {
		if now, err := os.ReadFile(path); err == nil && string(now) == string(was) {
			continue
		}
		if err := os.WriteFile(path, was, 0o600); err != nil {
			errs = append(errs, fmt.Errorf("put sysctl back: %w", err))
		}
	}
	return errors.Join(errs...)
}
