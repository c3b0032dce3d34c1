package llamactl

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

const (
	noon  = "2026-03-01T12:00:00.000Z"
	after = "2026-03-01T13:00:00.000Z"
)

func created(seq int, name, at string) string {
	return fmt.Sprintf(`{"type":"instance_created","timestamp":%q,"seq":%d,"data":{"name":%q}}`, at, seq, name)
}

func gapTo(seq, last int) string {
	return fmt.Sprintf(`{"type":"gap","timestamp":%q,"seq":%d,"data":{"from_seq":2,"to_seq":%d,"last_seq":%d}}`, noon, seq, seq, last)
}

// tells is a way to answer a handshake: these frames, and an end with a code; 0: without a word.
func tells(t *testing.T, greeted chan<- string, code websocket.StatusCode, frames ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		socket, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{eventProtocol}})
		if err != nil {
			t.Error(err)
			return
		}
		defer socket.CloseNow()
		_, greeting, err := socket.Read(r.Context())
		if err != nil {
			return
		}
		if greeted != nil {
			greeted <- socket.Subprotocol() + " " + string(greeting)
		}
		for _, frame := range frames {
			if socket.Write(r.Context(), websocket.MessageText, []byte(frame)) != nil {
				return
			}
		}
		if code != 0 {
			socket.Close(code, "as the server says")
		}
	}
}

// heard is the numbers of events until a failure, and that.
func heard(events iter.Seq2[Event, error]) (seqs []int64, err error) {
	for event, failure := range events {
		if failure != nil {
			return seqs, failure
		}
		seqs = append(seqs, event.Seq)
	}
	return seqs, nil
}

func handshakes(server *scriptedServer) (paths []string) {
	for _, each := range server.got() {
		paths = append(paths, strings.TrimPrefix(each.Path, "/api/ws?after_seq="))
	}
	return paths
}

func TestEventsAreToldAsTheyComeOfWhatWasAskedFor(t *testing.T) {
	greeted := make(chan string, 1)
	changed := `{"type":"instance_status_changed","timestamp":"2026-03-01T12:00:00.000Z","seq":8,"data":{"name":"a","status":"running","previous_status":"starting"}}`
	server := newScriptedServer(t, tells(t, greeted, websocket.StatusPolicyViolation, created(5, "a", noon), created(6, "b", noon), changed))
	client, _ := newTestClient(t, server.URL, WithToken("llk_1"))
	types := []EventType{EventTypeInstanceCreated, EventTypeInstanceStatusChanged}
	var received []Event
	var failure error
	for event, err := range client.Events(EventsParams{Instances: []string{"A"}, Types: types, AfterSeq: Ptr[int64](4)}) {
		if failure = err; err == nil {
			received = append(received, event)
		}
	}
	if len(received) != 2 || received[0].Data.(*InstanceCreatedEvent).Name != "a" || received[1].Data.(*InstanceStatusChangedEvent).Status != StatusRunning {
		t.Errorf("%+v", received)
	}
	var foreign *ProtocolError
	if !errors.As(failure, &foreign) || foreign.Message != "the events of "+server.URL+" ended (1008): as the server says" {
		t.Error(failure)
	}
	if greeting := <-greeted; greeting != `llamactl.v1 {"type":"subscribe","instances":["A"],"types":["instance_created","instance_status_changed"]}` {
		t.Error(greeting)
	}
	if got := server.got()[0]; got.Path != "/api/ws?after_seq=4" || got.Header.Get("Authorization") != "Bearer llk_1" {
		t.Error(got)
	}
}

func TestEventsAreResumedAfterTheLastOne(t *testing.T) {
	for name, code := range map[string]websocket.StatusCode{
		"lost": 0, "closed": websocket.StatusNormalClosure, "the server stops": websocket.StatusGoingAway,
		"a fault": websocket.StatusInternalError, "too slow": websocket.StatusTryAgainLater,
	} {
		t.Run(name, func(t *testing.T) {
			server := newScriptedServer(t,
				tells(t, nil, code, created(5, "a", noon)),
				breaks,
				// It does not yield known events again.
				tells(t, nil, code, created(5, "a", noon), created(6, "a", noon), gapTo(9, 9)),
				tells(t, nil, websocket.StatusPolicyViolation))
			client, timing := newTestClient(t, server.URL)
			opened := 0
			var interruptions []int
			seqs, _ := heard(client.Events(EventsParams{
				AfterSeq:       Ptr[int64](4),
				OnOpen:         func() { opened++ },
				OnInterruption: func(each Interruption) { interruptions = append(interruptions, each.Attempt) },
			}))
			if !slices.Equal(seqs, []int64{5, 6, 9}) || opened != 3 || !slices.Equal(interruptions, []int{1, 2, 1}) {
				t.Error(seqs, opened, interruptions)
			}
			if paths := handshakes(server); !slices.Equal(paths, []string{"4", "5", "5", "9"}) {
				t.Error(paths)
			}
			if sleeps := timing.sleeps(); !slices.Equal(sleeps, []time.Duration{125 * time.Millisecond, 250 * time.Millisecond, 125 * time.Millisecond}) {
				t.Error(sleeps)
			}
		})
	}
}

func TestWhoWantsOnlyThePresentIsNotToldThePast(t *testing.T) {
	server := newScriptedServer(t,
		// The clock of the server was set back since: its times say nothing.
		tells(t, nil, 0, gapTo(3, 4), created(4, "a", after), created(5, "a", noon)),
		tells(t, nil, 0, created(6, "a", noon)),
		tells(t, nil, websocket.StatusPolicyViolation))
	client, _ := newTestClient(t, server.URL)
	seqs, _ := heard(client.Events())
	if !slices.Equal(seqs, []int64{5, 6}) || !slices.Equal(handshakes(server), []string{"1", "5", "6"}) {
		t.Error(seqs, handshakes(server))
	}
}

func TestAStatsEventIsOfNoPlace(t *testing.T) {
	stats := `{"type":"instance_stats_updated","timestamp":"2026-03-01T12:00:00.000Z","seq":4,"data":{"name":"a","stats":{"memory_usage":4294967296}}}`
	server := newScriptedServer(t, tells(t, nil, websocket.StatusPolicyViolation, stats, stats, `{"type":"new","timestamp":"2026-03-01T12:00:00Z","seq":5,"data":[1]}`))
	client, _ := newTestClient(t, server.URL)
	var data []EventData
	for event, err := range client.Events(EventsParams{AfterSeq: Ptr[int64](4)}) {
		if err == nil {
			data = append(data, event.Data)
		}
	}
	if len(data) != 3 || data[1].(*InstanceStatsUpdatedEvent).Stats.MemoryUsage != 4<<30 || string(data[2].(*UnknownEvent).Raw) != "[1]" {
		t.Errorf("%+v", data)
	}
}

func TestADecisionIsOfNoPlace(t *testing.T) {
	decision := `{"type":"decision","timestamp":"2026-03-01T12:00:00.000Z","seq":4,"data":{"decision":"eviction","instance":"a","other":"b","message":"is stopped for b","inputs":{"idle_ms":3}}}`
	server := newScriptedServer(t, tells(t, nil, websocket.StatusPolicyViolation, decision, decision))
	client, _ := newTestClient(t, server.URL)
	var found []*DecisionEvent
	params := EventsParams{AfterSeq: Ptr[int64](4), Instances: []string{"b"}, Types: []EventType{EventTypeDecision}}
	for event, err := range client.Events(params) {
		if err == nil {
			found = append(found, event.Data.(*DecisionEvent))
		}
	}
	if len(found) != 2 || found[1].Decision != "eviction" || found[1].Other != "b" || found[1].Inputs["idle_ms"] != 3.0 {
		t.Errorf("%+v", found)
	}
}

func TestARefusedHandshakeIsTheErrorThatItCarries(t *testing.T) {
	client, _ := newTestClient(t, newScriptedServer(t, says(401, `{"error":"Who are you?","code":"UNAUTHORIZED"}`)).URL)
	if _, err := heard(client.Events()); !errors.Is(err, CodeUnauthorized) {
		t.Error(err)
	}
	var foreign *ProtocolError
	client, _ = newTestClient(t, newScriptedServer(t, says(404, "<p>nothing here</p>")).URL)
	if _, err := heard(client.Events()); !errors.As(err, &foreign) {
		t.Error(err)
	}
	var connection *ConnectionError
	server := newScriptedServer(t, says(200, "{}"))
	client, _ = newTestClient(t, server.URL)
	if _, err := heard(client.Events()); !errors.As(err, &connection) || !strings.Contains(err.Error(), "opens no WebSocket") || len(server.got()) != 3 {
		t.Error(err, len(server.got()))
	}
	client, _ = newTestClient(t, newScriptedServer(t, tells(t, nil, 0, "Hello")).URL)
	if _, err := heard(client.Events()); !errors.As(err, &foreign) {
		t.Error(err)
	}
}

func TestATokenThatRanOutIsAskedForAgain(t *testing.T) {
	server := newScriptedServer(t,
		tells(t, nil, closedUnauthorized, created(5, "a", noon)),
		tells(t, nil, websocket.StatusPolicyViolation, created(6, "a", noon)))
	client, _ := newTestClient(t, server.URL)
	all := EventsParams{AfterSeq: Ptr[int64](0)}
	source := WithTokenSource(func(context.Context) (string, error) { return "new", nil })
	if seqs, _ := heard(client.With(source).Events(all)); !slices.Equal(seqs, []int64{5, 6}) {
		t.Error(seqs)
	}
	server = newScriptedServer(t, tells(t, nil, closedUnauthorized))
	client, _ = newTestClient(t, server.URL, WithToken("old"))
	if _, err := heard(client.Events(all)); !errors.Is(err, CodeTokenExpired) {
		t.Error(err)
	}
}

func TestNoEventIsMissedAfterACloseFrameOfAServerWithoutAny(t *testing.T) {
	server := newScriptedServer(t,
		tells(t, nil, closedUnauthorized),
		tells(t, nil, websocket.StatusPolicyViolation, created(5, "a", noon)))
	client, _ := newTestClient(t, server.URL)
	source := WithTokenSource(func(context.Context) (string, error) { return "new", nil })
	if seqs, _ := heard(client.With(source).Events(EventsParams{})); !slices.Equal(seqs, []int64{5}) {
		t.Error(seqs)
	}
	if got := server.got(); got[0].Path != "/api/ws?after_seq=1" || got[1].Path != "/api/ws?after_seq=0" {
		t.Error(got)
	}
}

// answersPings is a way to answer a handshake: with nothing but pongs, or with nothing at all, for as long as it is wanted.
func answersPings(t *testing.T, is bool, wanted context.Context) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		socket, err := websocket.Accept(w, r, &websocket.AcceptOptions{
			OnPingReceived: func(context.Context, []byte) bool { return is },
		})
		if err != nil {
			t.Error(err)
			return
		}
		defer socket.CloseNow()
		for {
			if _, _, err := socket.Read(wanted); err != nil {
				return
			}
		}
	}
}

func TestAConnectionThatDiedWithoutAWordIsNoticed(t *testing.T) {
	server := newScriptedServer(t, answersPings(t, false, t.Context()), tells(t, nil, websocket.StatusPolicyViolation, created(6, "a", noon)))
	client, timing := newTestClient(t, server.URL)
	go func() {
		// That nothing is heard, and that no answer comes to the question.
		timing.ring(eventSilence)
		timing.ring(eventSilence)
	}()
	var interruption Interruption
	params := EventsParams{AfterSeq: Ptr[int64](5), OnInterruption: func(each Interruption) { interruption = each }}
	if seqs, _ := heard(client.Events(params)); !slices.Equal(seqs, []int64{6}) || !errors.Is(interruption.Err, errSilent) {
		t.Error(seqs, interruption.Err)
	}
}

func TestAConnectionThatIsOnlySilentStays(t *testing.T) {
	server := newScriptedServer(t, answersPings(t, true, t.Context()))
	client, timing := newTestClient(t, server.URL, WithTimeout(0))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	opened := 0
	go func() {
		timing.ring(eventSilence)
		// For silence, for the answer to the question, and for silence again when that has come.
		timing.onceSet(eventSilence, 3, cancel)
	}()
	_, err := heard(client.EventsContext(ctx, EventsParams{OnOpen: func() { opened++ }}))
	if !errors.Is(err, context.Canceled) || opened != 1 || len(server.got()) != 1 {
		t.Error(err, opened)
	}
}

func TestWhoEndsALoopOfEventsHangsUp(t *testing.T) {
	left := make(chan error, 1)
	server := newScriptedServer(t, func(w http.ResponseWriter, r *http.Request) {
		socket, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer socket.CloseNow()
		socket.Write(r.Context(), websocket.MessageText, []byte(created(1, "a", noon)))
		for err == nil {
			_, _, err = socket.Read(context.Background())
		}
		left <- err
	})
	client, _ := newTestClient(t, server.URL)
	for _, err := range client.Events(EventsParams{AfterSeq: Ptr[int64](0)}) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if err := <-left; err == nil {
		t.Error("it goes on")
	}
}

func TestWhatIsMissedBeforeTheFirstEventIsToldToo(t *testing.T) {
	wanted, unwanted := context.WithCancel(t.Context())
	defer unwanted()
	// It had nothing to tell, not even where its events have come to.
	server := newScriptedServer(t, answersPings(t, true, wanted), tells(t, nil, websocket.StatusPolicyViolation, created(1, "a", noon)))
	client, timing := newTestClient(t, server.URL, WithTimeout(0))
	go func() {
		timing.ring(eventSilence)
		timing.onceSet(eventSilence, 3, unwanted)
	}()
	if seqs, _ := heard(client.Events()); !slices.Equal(seqs, []int64{1}) || !slices.Equal(handshakes(server), []string{"1", "0"}) {
		t.Error(seqs, handshakes(server))
	}
}

func TestTheFirstHandshakeIsTriedAsAnyRequestIs(t *testing.T) {
	for retries := range 3 {
		server := newScriptedServer(t, says(http.StatusServiceUnavailable, `{"error":"It starts.","code":"SHUTTING_DOWN"}`))
		client, timing := newTestClient(t, server.URL, WithRetries(retries))
		params := EventsParams{OnInterruption: func(Interruption) { t.Error("nothing was open that could be interrupted") }}
		for _, err := range client.Events(params) {
			if !errors.Is(err, CodeShuttingDown) {
				t.Error(err)
			}
		}
		if len(server.got()) != retries+1 || len(timing.sleeps()) != retries {
			t.Errorf("%d retries: %d requests", retries, len(server.got()))
		}
	}
}
