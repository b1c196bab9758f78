package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/foreshadow-dev/foreshadow/adapter/cli/accesslog"
)

// requestsKey is that of the ConfigMap which warmUp.requestsFrom names.
const requestsKey = "requests.yaml"

func newWarmupCommand(f *factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "warmup",
		Short: "Write what warm-ups of shadows send.",
	}
	cmd.AddCommand(newFromLogCommand(f))
	return cmd
}

type fromLogOptions struct {
	*factory
	file   string
	limit  int
	name   string
	output output
}

func newFromLogCommand(f *factory) *cobra.Command {
	o := &fromLogOptions{factory: f}
	cmd := &cobra.Command{
		Use:   "from-log FILE",
		Short: "Make a weighted list of requests of an access log, without a cluster.",
		Long: "Make a weighted list of requests of an access log in the combined format or with a JSON object a line; - reads the standard input.\n\n" +
			"Only GET, HEAD and OPTIONS are taken, and only what was answered without an error. Requests are counted by method and path, with what looks\n" +
			"like an identifier replaced; the most frequent real paths of each stand for it. Of a query only the names are kept, without a value; headers,\n" +
			"credentials and requests with what may be a secret in the path are left out. Read the list before you use it: who wrote the app knows\n" +
			"better what is a secret.\n\n" +
			"It prints the list; -o yaml, with --name, the ConfigMap that warmUp.requestsFrom of a pool names.",
		Example: "  kubectl foreshadow warmup from-log access.log > requests.yaml\n" +
			"  kubectl logs deploy/web -n shop | kubectl foreshadow warmup from-log - --name web-requests -n shop -o yaml | kubectl apply -f -",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("write one file, or - for the standard input")
			}
			o.file = args[0]
			return o.run()
		},
	}
	cmd.Flags().IntVar(&o.limit, "limit", 50, "How many routes are kept, the most frequent ones.")
	cmd.Flags().StringVar(&o.name, "name", "", "The name of the ConfigMap that -o yaml prints.")
	o.output.install(cmd)
	return cmd
}

func (o *fromLogOptions) run() error {
	if o.limit < 1 || o.limit > accesslog.MaxRoutes {
		return fmt.Errorf("--limit: %d: write a number from 1 to %d", o.limit, accesslog.MaxRoutes)
	}
	printer, err := o.output.printer("", "")
	if err != nil {
		return err
	}
	if printer != nil && o.name == "" {
		return errors.New("--name: write the name of the ConfigMap, such as web-requests")
	}
	s, err := o.read()
	if err != nil {
		return err
	}
	if err := o.tell(&s); err != nil {
		return err
	}
	text, err := s.Text()
	if err != nil {
		return err
	}
	if printer == nil {
		return o.write(text)
	}
	return o.show(printer, requestsMap(o.name, *o.flags.Namespace, text))
}

// requestsMap is the ConfigMap that holds a list.
func requestsMap(name, namespace, text string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"data": map[string]any{requestsKey: text}}}
	u.SetAPIVersion("v1")
	u.SetKind("ConfigMap")
	u.SetName(name)
	u.SetNamespace(namespace)
	return u
}

func (o *fromLogOptions) read() (accesslog.Summary, error) {
	log := o.Streams.In
	name := "standard input"
	if o.file != "-" {
		f, err := os.Open(filepath.Clean(o.file))
		if err != nil {
			return accesslog.Summary{}, fmt.Errorf("read log: %w", err)
		}
		defer func() { _ = f.Close() }() // it was only read
		log, name = f, o.file
	}
	s, err := accesslog.Read(log, o.limit)
	if err == nil && len(s.List.Requests) == 0 {
		err = errors.New("no request of it can be sent: " + strings.Join(leftOut(&s), ", "))
	}
	if err != nil {
		return s, fmt.Errorf("read %s: %w", name, err)
	}
	return s, nil
}

// tell says what the list stands for, and what it does not.
func (o *fromLogOptions) tell(s *accesslog.Summary) error {
	text := fmt.Sprintf("note: %d requests, in %d of %d routes\n", s.Kept, min(o.limit, s.Routes), s.Routes)
	if out := leftOut(s); len(out) > 0 {
		text += "note: left out: " + strings.Join(out, ", ") + "\n"
	}
	if s.Bad > 0 {
		lines := fmt.Sprintf("%d lines cannot be read, the first is line %d", s.Bad, s.FirstBad)
		if s.Bad == 1 {
			lines = fmt.Sprintf("line %d cannot be read", s.FirstBad)
		}
		text += "note: " + lines + ": write a line of the combined format, or a JSON object with a method and a path\n"
	}
	_, err := io.WriteString(o.Streams.ErrOut, text)
	return err
}

func leftOut(s *accesslog.Summary) (out []string) {
	for _, of := range []struct {
		n   int
		why string
	}{
		{s.Unsafe, "of methods that may change something"},
		{s.Failed, "answered with an error"},
		{s.Secret, "with what may be a secret in the path"},
		{s.Probes, "by probes"},
		{s.Pathless, "without a path"},
	} {
		if of.n > 0 {
			out = append(out, fmt.Sprintf("%d %s", of.n, of.why))
		}
	}
	return out
}
