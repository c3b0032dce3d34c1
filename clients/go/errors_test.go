package llamactl

import (
	"context"
	"errors"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// failure is what a call fails with that is answered like this.
func failure(t *testing.T, way http.HandlerFunc) error {
	t.Helper()
	server := newScriptedServer(t, way)
	client, _ := newTestClient(t, server.URL, WithRetries(0))
	_, err := client.CreateInstance(CreateInstance{Name: "a"})
	if err == nil {
		t.Fatal("it did not fail")
	}
	return err
}

func TestErrorsOfLlamactlHaveCodeStatusAndDetails(t *testing.T) {
	err := failure(t, says(http.StatusBadRequest, `{"error":"2 problems.","code":"VALIDATION_ERROR","details":"more",
		"request_id":"r1","errors":[{"path":"port","message":"Too small."},{"path":"options.x","message":"Unknown."}]}`))
	var answered *Error
	if !errors.As(err, &answered) {
		t.Fatalf("%T", err)
	}
	wanted := &Error{
		Message: "2 problems.", Code: CodeValidationError, Status: 400, Details: "more", RequestID: "r1",
		Problems: []Problem{{Path: "port", Message: "Too small."}, {Path: "options.x", Message: "Unknown."}},
	}
	if !reflect.DeepEqual(answered, wanted) {
		t.Errorf("%+v", answered)
	}
	if text := err.Error(); text != "llamactl: 2 problems; port: Too small; options.x: Unknown." {
		t.Error(text)
	}
	if !errors.Is(err, CodeValidationError) || errors.Is(err, CodeInvalidJSON) {
		t.Error("errors.Is does not tell the code")
	}
}

func TestErrorsOfOpenAIAndAnthropicAreRead(t *testing.T) {
	for body, wanted := range map[string]Error{
		`{"error":{"message":"No model x.","type":"invalid_request_error","code":"model_not_found"}}`:                            {Message: "No model x.", Code: CodeUnknownModel, Status: 404},
		`{"error":{"message":"Too long.","type":"exceed_context_size_error","code":400}}`:                                        {Message: "Too long.", Code: "exceed_context_size_error", Status: 404},
		`{"type":"error","error":{"type":"not_found_error","message":"No model y."},"request_id":"r2"}`:                          {Message: "No model y.", Code: "not_found_error", Status: 404, RequestID: "r2"},
		`{"error":"It failed.","code":"START_FAILED","details":"","request_id":"r3","reason":"the file is no model","more":[1]}`: {Message: "It failed.", Code: CodeStartFailed, Status: 404, RequestID: "r3", Reason: "the file is no model"},
	} {
		var answered *Error
		err := answerError("http://h/llm/v1/chat/completions", http.StatusNotFound, http.Header{}, []byte(body))
		if !errors.As(err, &answered) || !reflect.DeepEqual(*answered, wanted) {
			t.Errorf("%s: %+v", body, err)
		}
	}
}

func TestWhatIsNotLlamactlsIsAProtocolError(t *testing.T) {
	for name, c := range map[string]struct {
		way    http.HandlerFunc
		said   string
		status int
	}{
		"the page of a proxy": {says(502, "<html><style>p{}</style><p>Bad\n gateway</p></html>"), "and not in the way of llamactl: Bad gateway", 502},
		"nothing at all":      {says(500, ""), "(nothing)", 500},
		"a llama-server":      {says(401, `{"error":{"message":"Invalid API Key","type":"authentication_error"}}`), "Invalid API Key", 401},
		"another API":         {says(404, `{"error":"no such page"}`), "no such page", 404},
		"another program":     {says(200, "<p>Hello</p>"), "something that is not llamactl's", 200},
		"a redirection":       {says(302, "", "Location", "/login"), "/login; give the client that address", 302},
	} {
		var foreign *ProtocolError
		if err := failure(t, c.way); !errors.As(err, &foreign) || foreign.Status != c.status || !strings.Contains(err.Error(), c.said) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestThatNothingAnswersIsAConnectionError(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	client, _ := newTestClient(t, address, WithRetries(0))
	_, err = client.ListInstances()
	var connection *ConnectionError
	if !errors.As(err, &connection) || !connection.Unsent || connection.Timeout() || connection.URL != "http://"+address+"/api/instances" {
		t.Fatalf("%+v", err)
	}
	if !strings.Contains(err.Error(), "nothing listens there; start the server with `llamactl up`") {
		t.Error(err)
	}
	var answered *Error
	if errors.As(err, &answered) {
		t.Error("it is an answer, too")
	}
}

func TestWhoSpeaksNoHTTPSIsToldSo(t *testing.T) {
	server := newScriptedServer(t, says(200, `{}`))
	client, _ := newTestClient(t, strings.Replace(server.URL, "http:", "https:", 1), WithRetries(0))
	_, err := client.ListInstances()
	if err == nil || !strings.Contains(err.Error(), "what listens there does not speak HTTPS; try http://") {
		t.Error(err)
	}
	count := 0
	for _, err = range client.Events() {
		count++
		if err == nil || !strings.Contains(err.Error(), "what listens there does not speak HTTPS; try http://") {
			t.Error(err)
		}
	}
	if count != 1 {
		t.Errorf("count %d times", count)
	}
}

func TestThatAnAnswerBreaksOffIsAConnectionError(t *testing.T) {
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.Write([]byte(`{"instances":`))
	}
	for name, way := range map[string]http.HandlerFunc{"before": breaks, "in the middle": cut} {
		var connection *ConnectionError
		if err := failure(t, way); !errors.As(err, &connection) || connection.Unsent || !strings.Contains(err.Error(), "the connection was lost") {
			t.Errorf("%s: %+v", name, err)
		}
	}
}

func TestWhoGivesUpGetsTheErrorOfTheContext(t *testing.T) {
	arrived, gone := make(chan struct{}), make(chan struct{})
	server := newScriptedServer(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(gone)
	})
	client, _ := newTestClient(t, server.URL)
	enough := errors.New("that is enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-arrived
		cancel(enough)
	}()
	_, err := client.ListInstancesContext(ctx)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, enough) {
		t.Error(err)
	}
	<-gone
	past, stop := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer stop()
	if _, err := client.ListInstancesContext(past); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if len(server.got()) != 1 {
		t.Error("it was tried again")
	}
}
