// Command bareproxy is what the tap of the sidecar is compared with:
// httputil.ReverseProxy as its documentation shows it, in a process of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	app := flag.String("app.url", "", "Where requests are passed on to.")
	listen := flag.String("listen-address", "", "Where they are taken.")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	err := serve(ctx, *app, *listen)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bareproxy:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, app, listen string) error {
	target, err := url.Parse(app)
	if err != nil {
		return err
	}
	proxy := &httputil.ReverseProxy{
		Transport: &http.Transport{MaxIdleConnsPerHost: 100}, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
	}
	s := &http.Server{Addr: listen, Handler: proxy, ReadHeaderTimeout: time.Minute}
	context.AfterFunc(ctx, func() { _ = s.Close() }) // nothing is on its way any more
	if err := s.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
