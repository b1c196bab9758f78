package publish

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
)

func TestLandingPage(t *testing.T) {
	board := testBoard(testPool("shop", "web"), testPool("<b>", "a/b"))
	handler := WithLandingPage(WithForecasts(NewHandler(prometheus.NewRegistry(), func() error { return nil }, log.NewNopLogger()), board), board, "1.2.3")
	get := func(path string) *httptest.ResponseRecorder {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
		return recorder
	}
	page := get("/")
	if page.Code != http.StatusOK || !strings.HasPrefix(page.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("got %d %s", page.Code, page.Header().Get("Content-Type"))
	}
	for _, want := range []string{
		`<a href="/metrics">`, `<a href="/-/healthy">`, `<a href="/-/ready">`, "Version: 1.2.3",
		`<a href="/api/v1/pools/shop/web/forecast">Forecast of shop/web</a>`,
		`<a href="/api/v1/pools/%3Cb%3E/a%2Fb/forecast">Forecast of &lt;b&gt;/a/b</a>`,
	} {
		if !strings.Contains(page.Body.String(), want) {
			t.Errorf("the page has no %s:\n%s", want, page.Body)
		}
	}
	if strings.Contains(page.Body.String(), "debug/pprof") {
		t.Error("the page links profiles, which are not served")
	}
	if got := get("/nowhere").Code; got != http.StatusNotFound {
		t.Errorf("another path: %d, want 404", got)
	}
	if got := get("/-/healthy").Code; got != http.StatusOK {
		t.Errorf("the rest is no longer there: %d", got)
	}
}

func TestLandingPageLinksSomePools(t *testing.T) {
	if got := len(links(crowd(mostLinks+5, 10).Snapshot())); got != 3+mostLinks {
		t.Errorf("%d links, want %d", got, 3+mostLinks)
	}
}
