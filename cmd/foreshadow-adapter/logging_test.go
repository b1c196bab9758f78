package main

import (
	"bytes"
	stdlog "log"
	"testing"

	"github.com/go-kit/log/level"
	"github.com/stretchr/testify/require"
	"k8s.io/klog/v2"
)

func TestEveryLibraryLogsIntoTheOneStream(t *testing.T) {
	for _, tc := range []struct {
		format string
		want   []string
	}{
		{"logfmt", []string{`level=info ts=2`, `msg=ours pool=shop/web`, `msg=prometheus's`, `msg=klog's`, `level=warn ts=2`, `msg="standard library's"`}},
		{"json", []string{`"level":"info"`, `"msg":"ours","pool":"shop/web"`, `"msg":"prometheus's"`, `"msg":"klog's"`}},
	} {
		t.Run(tc.format, func(t *testing.T) {
			var b bytes.Buffer
			l, err := (&logFlags{level: "info", format: tc.format}).newLoggers(&b)
			require.NoError(t, err)
			l.capture()
			require.NoError(t, level.Info(l.kit).Log("msg", "ours", "pool", "shop/web"))
			require.NoError(t, level.Debug(l.kit).Log("msg", "hidden"))
			l.slog.Info("prometheus's")
			l.slog.Debug("hidden")
			stdlog.Print("standard library's")
			klog.InfoS("klog's")
			klog.V(4).InfoS("hidden")
			for _, want := range tc.want {
				require.Contains(t, b.String(), want)
			}
			require.NotContains(t, b.String(), "hidden")
			require.NotContains(t, b.String(), "time=", "every line has its time as ts")
		})
	}
}
