package history_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/common/config"
	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

var anHour = history.Range{Start: time.Unix(0, 0), End: time.Unix(3600, 0), Step: time.Minute}

func ask(t *testing.T, cfg history.RemoteConfig) (history.Result, error) {
	t.Helper()
	return newRemote(t, cfg).QueryRange(t.Context(), "up", anHour)
}

// refusedAddress is one where nobody listens.
func refusedAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

func TestRemoteRefused(t *testing.T) {
	address := refusedAddress(t)
	_, err := ask(t, history.RemoteConfig{URL: "http://" + address})
	require.ErrorIs(t, err, history.ErrUnreachable)
	require.EqualError(t, err, "query http://"+address+": unreachable: dial tcp "+address+": connect: connection refused: check --prometheus.url")
}

func TestRemoteStatus(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		kind   error
		want   string
	}{
		{"a wrong password is named", status(401), history.ErrUnauthorized, "unauthorised: server answered 401: check the user name and password, or the token, in --prometheus.config-file"},
		{"missing rights are named", status(403), history.ErrUnauthorized, "unauthorised: server answered 403: let these credentials read, or write others in --prometheus.config-file"},
		{"a wrong path is named", status(404), history.ErrBadAnswer, "bad answer: server answered 404: check that --prometheus.url is a Prometheus server, scheme and path included"},
		{"a parse error of VictoriaMetrics is the query's", apiFailure(422, "422", `singleExpr: unexpected token ""`), history.ErrBadQuery, `bad query: server answered 422: singleExpr: unexpected token "": check the expression`},
		{"a parse error is the query's", apiFailure(400, "bad_data", `1:5: parse error: unclosed left parenthesis`), history.ErrBadQuery, "bad query: server answered 400: 1:5: parse error: unclosed left parenthesis: check the expression"},
		{"an execution error is the query's", apiFailure(422, "execution", "many-to-many matching"), history.ErrBadQuery, "bad query: server answered 422: many-to-many matching: check the expression"},
		{"a server's own timeout is one", apiFailure(503, "timeout", "query timed out in expression evaluation"), history.ErrTimeout, "timeout: server answered 503: query timed out in expression evaluation: write a cheaper query, such as one over a recording rule"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t, c.answer)
			_, err := ask(t, history.RemoteConfig{URL: f.URL})
			require.ErrorIs(t, err, c.kind)
			require.EqualError(t, err, "query "+f.URL+": "+c.want)
			if n := len(f.requests()); n > 2 {
				t.Errorf("got %d requests: what repeating cannot cure is asked once, or once more by GET", n)
			}
		})
	}
}

func TestRemoteFallsBackToGET(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		values()(w, r)
	})
	res, err := ask(t, history.RemoteConfig{URL: f.URL})
	require.NoError(t, err)
	require.Len(t, res.Series[0].Points, 61)
}

func TestRemoteSlow(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	drip := func(w http.ResponseWriter, r *http.Request) {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for r.Context().Err() == nil {
			_, _ = w.Write([]byte(" "))
			_ = http.NewResponseController(w).Flush()
			<-tick.C
		}
	}
	for name, answer := range map[string]http.HandlerFunc{"no answer ends at the deadline": hang, "a body byte by byte ends at the deadline": drip} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, answer)
			_, err := ask(t, history.RemoteConfig{URL: f.URL, Limits: history.Limits{Timeout: time.Second}})
			require.ErrorIs(t, err, history.ErrTimeout)
			require.EqualError(t, err, "query "+f.URL+": timeout: no answer within 1s: check the server's load, or write a cheaper query, such as one over a recording rule")
			require.Equal(t, "1s", f.requests()[0].Get("timeout"))
		})
	}
	t.Run("the caller's earlier deadline counts", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		f := newFake(t, hang)
		_, err := newRemote(t, history.RemoteConfig{URL: f.URL}).QueryRange(ctx, "up", anHour)
		require.ErrorIs(t, err, history.ErrTimeout)
		require.ErrorContains(t, err, "no answer before the caller's deadline")
	})
}

func TestRemoteHugeBody(t *testing.T) {
	const limit = 64 << 10
	block := bytes.Repeat([]byte(`{"metric":{"pod":"x"},"values":[[0,"1"]]},`), 1000)
	written := 0
	endless := func(w http.ResponseWriter, _ *http.Request) {
		for range 10_000 {
			n, err := w.Write(block)
			if written += n; err != nil {
				return
			}
		}
	}
	announced := func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "1000000000") }
	for name, answer := range map[string]http.HandlerFunc{
		"an endless body is cut": endless, "an announced length is believed": announced,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, answer)
			res, err := ask(t, history.RemoteConfig{URL: f.URL, MaxBytes: limit})
			require.ErrorIs(t, err, history.ErrTooLarge)
			require.EqualError(t, err, "query "+f.URL+": too large: answer is longer than 65536 bytes: wrap the expression in sum(...)")
			require.Empty(t, res.Series)
		})
	}
	// What the sockets buffer was written too.
	require.Less(t, written, 16<<20)
}

func TestRemoteBadAnswer(t *testing.T) {
	good := `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[60,"1"],[120,"2"]]}]}}`
	for name, text := range map[string]string{
		"empty body":                   "",
		"no JSON":                      "<html>login</html>",
		"cut in the middle":            good[:len(good)/2],
		"text after the end":           good + "}",
		"a vector":                     `{"status":"success","data":{"resultType":"vector","result":[]}}`,
		"a scalar":                     `{"status":"success","data":{"resultType":"scalar","result":[60,"1"]}}`,
		"unknown kind":                 `{"status":"success","data":{"resultType":"streams","result":[]}}`,
		"no data":                      `{"status":"success"}`,
		"null data":                    `{"status":"success","data":null}`,
		"no status":                    strings.Replace(good, "success", "pending", 1),
		"an error with status 200":     `{"status":"error","errorType":"execution","error":"oops"}`,
		"a value that is no number":    strings.Replace(good, `"2"`, `"two"`, 1),
		"a time that is no number":     strings.Replace(good, `120`, `"noon"`, 1),
		"a null series":                `{"status":"success","data":{"resultType":"matrix","result":[null]}}`,
		"a value without its quotes":   strings.Replace(good, `"2"`, `2`, 1),
		"one number where two are due": strings.Replace(good, `[120,"2"]`, `[120]`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			res, err := ask(t, history.RemoteConfig{URL: newFake(t, body(text)).URL})
			require.ErrorIs(t, err, history.ErrBadAnswer)
			require.Empty(t, res)
		})
	}
}

func TestRemoteDoesNotUnpack(t *testing.T) {
	_, err := ask(t, history.RemoteConfig{URL: newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept-Encoding"); got != "" {
			t.Errorf("asks for %q", got)
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write(make([]byte, 8<<20)) // 8 KiB on the wire
		_ = z.Close()
	}).URL})
	require.ErrorIs(t, err, history.ErrBadAnswer)
}

func TestRemoteSaysLittleOfATokenEndpoint(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"text": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write(bytes.Repeat([]byte("hunter2\n"), 10_000))
		},
		"its error": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"error":"invalid_client","error_description":"no such secret: hunter2"}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			tokens, f := newFake(t, answer), newFake(t, values())
			_, err := ask(t, history.RemoteConfig{URL: f.URL, HTTP: &config.HTTPClientConfig{
				OAuth2: &config.OAuth2{ClientID: "reader", ClientSecret: "s", TokenURL: tokens.URL},
			}})
			require.ErrorIs(t, err, history.ErrUnauthorized)
			require.EqualError(t, err, "query "+f.URL+": unauthorised: token endpoint answered 403 Forbidden: check oauth2 in --prometheus.config-file")
			require.Empty(t, f.requests())
		})
	}
}

func TestRemoteBoundsWhatAStrangerSays(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("HTTP/1.1 " + strings.Repeat("x", 3000) + "\r\n\r\n")) // no status line
			_ = c.Close()
		}
	})
	defer wg.Wait()
	defer l.Close()
	_, err = ask(t, history.RemoteConfig{URL: "http://" + l.Addr().String()})
	require.ErrorIs(t, err, history.ErrUnreachable)
	require.Less(t, len(err.Error()), 400)
}

func TestRemoteHasNoSecretsInWhatItSays(t *testing.T) {
	const secret = "hunter2"
	var logged bytes.Buffer
	dir := t.TempDir()
	missing := filepath.Join(dir, "http.yml")
	require.NoError(t, os.WriteFile(missing, []byte("basic_auth: {username: reader, password: "+secret+", pasword: "+secret+"}\n"), 0o600))
	_, errFile := history.LoadHTTPConfig(missing)
	said := []string{errFile.Error()}
	urls := []string{
		"http://reader:hunter2@" + refusedAddress(t), "http://reader:hunter2@", "reader:hunter2@127.0.0.1:9090", "http://reader:hunt er2@hunter2@host:1",
		"http://127.0.0.1:9090/?token=hunter2", "http://127.0.0.1:9090/#hunter2", "http://reader:hunter2?@host", "http://host?token=a@hunter2", "ftp://reader:hunter2@host", "http://reader:hunter2@%zz",
	}
	for _, code := range []int{401, 404, 500} {
		urls = append(urls, strings.Replace(newFake(t, status(code)).URL, "//", "//reader:hunter2@", 1))
	}
	urls = append(urls, strings.Replace(newFake(t, body("<")).URL, "//", "//reader:hunter2@", 1))
	for _, u := range urls {
		r, err := history.NewRemote(history.RemoteConfig{URL: u}, log.NewLogfmtLogger(&logged), history.NewMetrics(nil), newJumpClock())
		if err == nil {
			said = append(said, r.String())
			_, err = r.QueryRange(t.Context(), "up", anHour)
			r.Close()
		}
		require.Error(t, err, u)
		said = append(said, err.Error())
	}
	for _, text := range append(said, logged.String()) {
		if strings.Contains(text, secret) || strings.Contains(text, "er2") {
			t.Errorf("the password is in %q", text)
		}
	}
}
