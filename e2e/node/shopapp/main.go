// Command shopapp is an app with an honest cold start, for the tests on a real
// node: it loads its catalogue before it is ready, works out a product's price
// when it is first asked for it, and opens its connections to the stock as it
// needs them. Nothing in it waits: what is slow when cold is work.
//
//	shopapp stock    serves amounts over TLS
//	shopapp shop URL serves products, with amounts from the stock at URL
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// PID 1 of a container gets only the signals that it asks for.
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-ended
		os.Exit(0)
	}()
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "stock":
		return serveStock(":8443")
	case len(args) == 2 && args[0] == "shop":
		// The port is open when the catalogue is loaded: that is when the pod is ready.
		return http.ListenAndServe(":8080", newShop(args[1]))
	}
	return fmt.Errorf("shopapp: arguments %q: write stock, or shop and the URL of the stock", args)
}
