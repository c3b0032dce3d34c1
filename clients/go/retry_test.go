package llamactl

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

func TestWhatIsSentAgain(t *testing.T) {
	const get, post = http.MethodGet, http.MethodPost
	refused := &ConnectionError{Unsent: true}
	lost := &ConnectionError{}
	late := &ConnectionError{isTimeout: true}
	stops := &Error{Status: 503, Code: CodeShuttingDown}
	for name, c := range map[string]struct {
		method string
		target string
		err    error
		wait   time.Duration
		is     bool
	}{
		"reading, no connection":            {get, "/a", refused, 125 * time.Millisecond, true},
		"writing, no connection":            {post, "/a", refused, 125 * time.Millisecond, true},
		"reading, connection lost":          {get, "/a", lost, 125 * time.Millisecond, true},
		"writing, connection lost":          {post, "/a", lost, 0, false},
		"reading, too late":                 {get, "/a", late, 0, false},
		"writing, too many requests":        {post, "/a", &Error{Status: 429, RetryAfter: 3 * time.Second}, 3125 * time.Millisecond, true},
		"too many for long":                 {get, "/a", &Error{Status: 429, RetryAfter: 2 * time.Minute}, 0, false},
		"writing, the server stops":         {post, "/a", &Error{Status: 503, Code: CodeShuttingDown}, 125 * time.Millisecond, true},
		"waiting, the server stops":         {"POST", "/a/restart?wait=true", stops, 0, false},
		"restarting, the server stops":      {"PUT", "/a?apply=restart", stops, 0, false},
		"not waiting, the server stops":     {"POST", "/a/restart?wait=false", stops, 125 * time.Millisecond, true},
		"reading, the server stops":         {"GET", "/a?wait=true", stops, 125 * time.Millisecond, true},
		"waiting, too many requests":        {"POST", "/a/restart?wait=true", &Error{Status: 429}, 125 * time.Millisecond, true},
		"under /v1 too":                     {post, "/a", &Error{Status: 503, Code: "shutting_down"}, 125 * time.Millisecond, true},
		"reading, away, says when":          {get, "/a", &ProtocolError{Status: 502, RetryAfter: time.Second}, 1125 * time.Millisecond, true},
		"reading, away, does not say when":  {get, "/a", &ProtocolError{Status: 502}, 0, false},
		"writing, away, says when":          {post, "/a", &ProtocolError{Status: 502, RetryAfter: time.Second}, 0, false},
		"refused for what was asked":        {get, "/a", &Error{Status: 404, Code: CodeInstanceNotFound}, 0, false},
		"what is no failure of the network": {get, "/a", errors.New("other"), 0, false},
	} {
		lasts := isLasting(c.method, c.target)
		if wait, is := retryDelay(c.method, lasts, c.err, 0, 2, 0.5); wait != c.wait || is != c.is {
			t.Errorf("%s: %v %v", name, wait, is)
		}
		if _, is := retryDelay(c.method, lasts, c.err, 2, 2, 0.5); is {
			t.Errorf("%s: more often than it may", name)
		}
	}
	if long := backoff(60, 1); long != longestDelay {
		t.Error(long)
	}
}

func TestReadingIsTriedAgainUntilItSucceeds(t *testing.T) {
	server := newScriptedServer(t, breaks, says(503, `{"error":"It stops.","code":"SHUTTING_DOWN"}`, "Retry-After", "1"), says(200, `{"instances":[]}`))
	client, timing := newTestClient(t, server.URL)
	if _, err := client.ListInstances(); err != nil {
		t.Fatal(err)
	}
	if sleeps := timing.sleeps(); !slices.Equal(sleeps, []time.Duration{125 * time.Millisecond, 1250 * time.Millisecond}) {
		t.Error(sleeps)
	}
}

func TestWritingIsNotDoneTwice(t *testing.T) {
	server := newScriptedServer(t, breaks)
	client, _ := newTestClient(t, server.URL)
	var connection *ConnectionError
	if _, err := client.StartInstance("a"); !errors.As(err, &connection) || len(server.got()) != 1 {
		t.Errorf("%v after %d requests", err, len(server.got()))
	}
}

func TestWhatMayBeDoneAlreadyWhenTheServerStopsIsNotAskedForAgain(t *testing.T) {
	server := newScriptedServer(t, says(503, `{"error":"It stops.","code":"SHUTTING_DOWN"}`))
	client, _ := newTestClient(t, server.URL)
	if _, err := client.RestartInstance("a", StopParams{Wait: true}); !errors.Is(err, CodeShuttingDown) || len(server.got()) != 1 {
		t.Errorf("%v after %d requests", err, len(server.got()))
	}
	if _, err := client.UpdateInstance("a", UpdateInstance{}, UpdateInstanceParams{Restart: true}); !errors.Is(err, CodeShuttingDown) || len(server.got()) != 2 {
		t.Errorf("%v after %d requests", err, len(server.got()))
	}
	if _, err := client.RestartInstance("a"); !errors.Is(err, CodeShuttingDown) || len(server.got()) != 5 {
		t.Errorf("%v after %d requests", err, len(server.got()))
	}
}

func TestATryEndsInTime(t *testing.T) {
	server := newScriptedServer(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	client, timing := newTestClient(t, server.URL, WithTimeout(7*time.Second))
	go timing.ring(7 * time.Second)
	_, err := client.ListInstances()
	var connection *ConnectionError
	if !errors.As(err, &connection) || !connection.Timeout() || connection.Message != server.URL+" did not answer within 7s" {
		t.Errorf("%+v", err)
	}
}

func TestTheTimeoutOfAnHTTPClientIsThatOfATry(t *testing.T) {
	client := NewClient("", WithHTTPClient(&http.Client{Timeout: 3 * time.Second}))
	if client.timeout != 3*time.Second || client.http.Timeout != 0 {
		t.Error(client.timeout, client.http.Timeout)
	}
}

func TestNoHTTPClientAndNoTokenSourceAreTheUsualOnes(t *testing.T) {
	server := newScriptedServer(t, says(200, `{}`))
	client, _ := newTestClient(t, server.URL, WithToken("llk_1"), WithHTTPClient(nil), WithTokenSource(nil))
	if _, err := client.GetConfig(); err != nil || server.got()[0].Header.Get("Authorization") != "" {
		t.Error(err, server.got())
	}
}

func TestATokenThatWasReadFromAFileIsTaken(t *testing.T) {
	server := newScriptedServer(t, says(200, `{}`))
	client, _ := newTestClient(t, server.URL, WithAPIKey(" llk_1\n"))
	if _, err := client.GetConfig(); err != nil || server.got()[0].Header.Get("Authorization") != "Bearer llk_1" {
		t.Error(err, server.got())
	}
}

func TestWhatIsNoTokenIsSaidAndNotShown(t *testing.T) {
	server := newScriptedServer(t, says(200, `{}`))
	for _, token := range []string{"Bearer llk_1", "llk_\x00", "llk_é"} {
		client, timing := newTestClient(t, server.URL, WithToken(token))
		_, err := client.GetConfig()
		if err == nil || err.Error() != "llamactl: the token holds characters that no token has; it is given without Bearer" {
			t.Error(err)
		}
		if len(server.got()) != 0 || len(timing.sleeps()) != 0 {
			t.Error("it was tried")
		}
	}
}

func TestAQueryFollowsOneThatStandsInThePath(t *testing.T) {
	server := newScriptedServer(t, says(200, `{}`))
	client, _ := newTestClient(t, server.URL)
	if _, err := client.Do(Request{Method: "get", Path: "api/instances?status=running", Query: url.Values{"a": {"b"}}}); err != nil {
		t.Fatal(err)
	}
	if path := server.got()[0].Path; path != "/api/instances?status=running&a=b" {
		t.Error(path)
	}
}

func TestWhatWaitsForAnOutcomeTakesAsLongAsItTakes(t *testing.T) {
	var timing *fakeTiming
	var count atomic.Int64
	server := newScriptedServer(t, func(w http.ResponseWriter, r *http.Request) {
		count.Store(int64(timing.count(time.Minute)))
		says(200, `{}`)(w, r)
	})
	client, timing := newTestClient(t, server.URL)
	for name, call := range map[string]func() error{
		"start":  func() error { _, err := client.StartInstance("a", StartParams{Wait: true}); return err },
		"stop":   func() error { _, err := client.StopInstance("a", StopParams{Wait: true}); return err },
		"delete": func() error { _, err := client.DeleteInstance("a"); return err },
		"apply":  func() error { _, err := client.ApplyFleet(Fleet{}); return err },
		"verify": func() error { _, err := client.VerifyModel("m"); return err },
		"chat":   func() error { _, err := client.Chat(ChatRequest{}); return err },
		"any":    func() error { _, err := client.Do(Request{Method: "POST", Path: "/v1/embeddings"}); return err },
		"bare":   func() error { _, err := client.Do(Request{Method: "post", Path: "v1/embeddings"}); return err },
	} {
		if err := call(); err != nil || count.Load() != 0 {
			t.Errorf("%s: %v, %d", name, err, count.Load())
		}
	}
	if _, err := client.StartInstance("a"); err != nil || count.Load() != 1 {
		t.Errorf("%v, %d", err, count.Load())
	}
}

func TestTokensAreSentAndAskedForAgainOnce(t *testing.T) {
	const stale = `{"error":"It has expired.","code":"TOKEN_EXPIRED"}`
	server := newScriptedServer(t, says(401, stale), says(200, `{}`), says(401, stale))
	tokens := []string{"one", "two", "three", "four"}
	source := func(context.Context) (string, error) {
		token := tokens[0]
		tokens = tokens[1:]
		return token, nil
	}
	client, _ := newTestClient(t, server.URL, WithTokenSource(source))
	if _, err := client.GetConfig(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.GetConfig(); !errors.Is(err, CodeTokenExpired) {
		t.Fatal(err)
	}
	if _, err := client.With(WithAPIKey("llk_1")).GetConfig(); !errors.Is(err, CodeTokenExpired) {
		t.Fatal(err)
	}
	var sent []string
	for _, each := range server.got() {
		sent = append(sent, each.Header.Get("Authorization"))
	}
	if !slices.Equal(sent, []string{"Bearer one", "Bearer two", "Bearer three", "Bearer four", "Bearer llk_1"}) {
		t.Error(sent)
	}
	failed := errors.New("no keyring")
	broken := func(context.Context) (string, error) { return "", failed }
	if _, err := client.With(WithTokenSource(broken)).GetConfig(); !errors.Is(err, failed) {
		t.Error(err)
	}
}

func TestHeadersSayWhoAsks(t *testing.T) {
	server := newScriptedServer(t, says(200, `{}`))
	client := NewClient(server.URL, WithHeader("X-Team", "blue"))
	other := client.With(WithUserAgent("mine/1"))
	for _, each := range []*Client{client, other} {
		if _, err := each.GetConfig(); err != nil {
			t.Fatal(err)
		}
	}
	got := server.got()
	if agent := got[0].Header.Get("User-Agent"); agent != "llamactl-go-client/"+Version {
		t.Error(agent)
	}
	if agent := got[1].Header.Get("User-Agent"); agent != "mine/1" || got[1].Header.Get("X-Team") != "blue" {
		t.Error(got[1].Header)
	}
	if got[0].Header.Get("Authorization") != "" {
		t.Error("a token without a source")
	}
}
