package llamactl

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	born  = `{"name":"a","created_at":"2026-03-01T12:00:00Z"}`
	other = `{"name":"a","created_at":"2026-03-01T13:00:00Z"}`
	gone  = `{"error":"No instance a.","code":"INSTANCE_NOT_FOUND"}`
)

// logServer answers questions for the instance, for its past, and for what comes, each in their own order.
type logServer struct {
	births, pasts, presents []http.HandlerFunc
	mutex                   sync.Mutex
}

func (s *logServer) serve(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	list := &s.births
	if strings.HasSuffix(r.URL.Path, "/logs") {
		list = &s.pasts
		if r.URL.Query().Get("follow") == "true" {
			list = &s.presents
		}
	}
	way := (*list)[0]
	if len(*list) > 1 {
		*list = (*list)[1:]
	}
	s.mutex.Unlock()
	way(w, r)
}

func entry(seq int) string {
	return fmt.Sprintf(`{"timestamp":"2026-03-01T12:00:00Z","level":"info","message":"line %d","seq":%d}`, seq, seq)
}

func past(seqs ...int) http.HandlerFunc {
	var entries []string
	for _, seq := range seqs {
		entries = append(entries, entry(seq))
	}
	return says(200, `{"logs":[`+strings.Join(entries, ",")+`]}`)
}

func coming(seqs ...int) string {
	text := ": hello\n\n"
	for _, seq := range seqs {
		text += fmt.Sprintf("id: %d\ndata: %s\n\n", seq, entry(seq))
	}
	return text
}

// followed reads to the end: the numbers of lines, and of gaps below zero.
func followed(items iter.Seq2[LogItem, error]) (seqs []int64, err error) {
	for item, failure := range items {
		switch {
		case failure != nil:
			err = failure
		case item.Gap != nil:
			seqs = append(seqs, -item.Gap.ToSeq)
		default:
			seqs = append(seqs, item.Seq)
		}
	}
	return seqs, err
}

func TestALogIsFollowedOverLostConnectionsWithNothingMissingAndNothingTwice(t *testing.T) {
	log := &logServer{
		births: []http.HandlerFunc{says(200, born), breaks, says(503, `{"error":"It starts.","code":"SHUTTING_DOWN"}`, "Retry-After", "1"), says(200, born), says(200, born), says(404, gone)},
		pasts:  []http.HandlerFunc{past(10, 20)},
		presents: []http.HandlerFunc{
			// The end of a line that was cut off comes with the next connection.
			streams(mediaEvents, coming(30)+"data: {\"seq\":4", true),
			streams(mediaEvents, coming(40)+"data: {\"gap\":{\"from_seq\":40,\"to_seq\":70}}\n\n", false),
			streams(mediaEvents, coming(80), false),
		},
	}
	server := newScriptedServer(t, log.serve)
	client, timing := newTestClient(t, server.URL)
	var interruptions []Interruption
	opened := 0
	seqs, err := followed(client.FollowLogs("a", FollowLogsParams{
		OnOpen:         func() { opened++ },
		OnInterruption: func(each Interruption) { interruptions = append(interruptions, each) },
	}))
	if err != nil || !slices.Equal(seqs, []int64{10, 20, 30, 40, -70, 80}) || opened != 3 {
		t.Errorf("%v %v %d", seqs, err, opened)
	}
	if len(interruptions) != 3 || interruptions[1].Attempt != 2 || interruptions[2].Delay != 1500*time.Millisecond {
		t.Errorf("%+v", interruptions)
	}
	if sleeps := timing.sleeps(); !slices.Equal(sleeps, []time.Duration{125 * time.Millisecond, 250 * time.Millisecond, 1500 * time.Millisecond}) {
		t.Error(sleeps)
	}
	var asked []string
	for _, each := range server.got() {
		if strings.Contains(each.Path, "follow") {
			asked = append(asked, each.Path)
		}
	}
	if !slices.Equal(asked, []string{"/api/instances/a/logs?after_seq=20&follow=true", "/api/instances/a/logs?after_seq=30&follow=true", "/api/instances/a/logs?after_seq=70&follow=true"}) {
		t.Error(asked)
	}
}

func TestAnotherInstanceOfTheNameIsNotFollowed(t *testing.T) {
	log := &logServer{
		births:   []http.HandlerFunc{says(200, born), says(200, other)},
		presents: []http.HandlerFunc{streams(mediaEvents, coming(6), true)},
	}
	client, _ := newTestClient(t, newScriptedServer(t, log.serve).URL)
	seqs, err := followed(client.FollowLogs("a", FollowLogsParams{AfterSeq: Ptr[int64](5)}))
	if err != nil || !slices.Equal(seqs, []int64{6}) {
		t.Errorf("%v %v", seqs, err)
	}
}

func TestOnlyWhatIsNewIsFollowedFromTheNewestLineOn(t *testing.T) {
	log := &logServer{
		births:   []http.HandlerFunc{says(200, born), says(404, gone)},
		pasts:    []http.HandlerFunc{past(90)},
		presents: []http.HandlerFunc{streams(mediaEvents, coming(100), false)},
	}
	server := newScriptedServer(t, log.serve)
	client, _ := newTestClient(t, server.URL)
	seqs, err := followed(client.FollowLogs("a", FollowLogsParams{Lines: Ptr(0), Level: LogLevelWarn}))
	if err != nil || !slices.Equal(seqs, []int64{100}) {
		t.Errorf("%v %v", seqs, err)
	}
	if got := server.got(); got[1].Path != "/api/instances/a/logs?lines=1" || got[2].Path != "/api/instances/a/logs?after_seq=90&follow=true&level=warn" {
		t.Errorf("%v", got)
	}
}

func TestALogThatIsNotThereIsAnError(t *testing.T) {
	client, _ := newTestClient(t, newScriptedServer(t, says(404, gone)).URL)
	if _, err := followed(client.FollowLogs("a")); !errors.Is(err, CodeInstanceNotFound) {
		t.Error(err)
	}
	log := &logServer{
		births: []http.HandlerFunc{says(200, born)}, pasts: []http.HandlerFunc{past()},
		presents: []http.HandlerFunc{streams(mediaEvents, "data: Hello\n\n", false)},
	}
	client, _ = newTestClient(t, newScriptedServer(t, log.serve).URL)
	var foreign *ProtocolError
	if _, err := followed(client.FollowLogs("a")); !errors.As(err, &foreign) {
		t.Error(err)
	}
}

func TestOnlyAnInstanceThatIsDeletedEndsALog(t *testing.T) {
	for name, way := range map[string]http.HandlerFunc{
		"a proxy's own page": says(404, "<p>nothing here</p>"), "another path": says(404, `{"error":"Nothing.","code":"NOT_FOUND"}`),
	} {
		log := &logServer{
			births: []http.HandlerFunc{says(200, born), way}, pasts: []http.HandlerFunc{past(10)},
			presents: []http.HandlerFunc{streams(mediaEvents, coming(20), false)},
		}
		client, _ := newTestClient(t, newScriptedServer(t, log.serve).URL)
		if seqs, err := followed(client.FollowLogs("a")); statusOf(err) != 404 || !slices.Equal(seqs, []int64{10, 20}) {
			t.Errorf("%s: %v %v", name, seqs, err)
		}
	}
}

func TestALogOfAServerThatBeginsAtAnotherPlaceIsToldOnce(t *testing.T) {
	log := &logServer{
		births: []http.HandlerFunc{says(200, born), says(200, born), says(404, gone)}, pasts: []http.HandlerFunc{past(10, 20)},
		presents: []http.HandlerFunc{
			streams(mediaEvents, coming(10, 20, 30), false),
			streams(mediaEvents, "data: {\"gap\":{\"from_seq\":1,\"to_seq\":20}}\n\n"+coming(30, 40), false),
		},
	}
	client, _ := newTestClient(t, newScriptedServer(t, log.serve).URL)
	if seqs, err := followed(client.FollowLogs("a")); err != nil || !slices.Equal(seqs, []int64{10, 20, 30, 40}) {
		t.Errorf("%v %v", seqs, err)
	}
}

func TestALogThatBeginsAnewIsTold(t *testing.T) {
	later := strings.ReplaceAll(coming(2), "12:00:00", "12:00:01")
	for name, params := range map[string]FollowLogsParams{"restored meanwhile": {}, "a place of another": {AfterSeq: Ptr[int64](90)}} {
		log := &logServer{
			births: []http.HandlerFunc{says(200, born), says(404, gone)}, pasts: []http.HandlerFunc{past(90)},
			presents: []http.HandlerFunc{streams(mediaEvents, later, false)},
		}
		client, _ := newTestClient(t, newScriptedServer(t, log.serve).URL)
		seqs, err := followed(client.FollowLogs("a", params))
		if err != nil || len(seqs) == 0 || seqs[len(seqs)-1] != 2 {
			t.Errorf("%s: %v %v", name, seqs, err)
		}
	}
}

func TestWhoEndsALoopHangsUp(t *testing.T) {
	isGone := make(chan struct{})
	log := &logServer{
		births: []http.HandlerFunc{says(200, born)}, pasts: []http.HandlerFunc{past()},
		presents: []http.HandlerFunc{lasts(mediaEvents, coming(1, 2), isGone)},
	}
	client, _ := newTestClient(t, newScriptedServer(t, log.serve).URL)
	for item, err := range client.FollowLogs("a") {
		if err != nil || item.Seq != 1 {
			t.Error(item, err)
		}
		break
	}
	<-isGone
}

func TestAContextEndsALogThatWaits(t *testing.T) {
	isGone := make(chan struct{})
	log := &logServer{
		births: []http.HandlerFunc{says(200, born)}, pasts: []http.HandlerFunc{past()},
		presents: []http.HandlerFunc{lasts(mediaEvents, coming(1), isGone)},
	}
	client, _ := newTestClient(t, newScriptedServer(t, log.serve).URL)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range client.FollowLogsContext(ctx, "a") {
		cancel()
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Error(last)
	}
	<-isGone
}

func TestASilentLogIsResumed(t *testing.T) {
	isGone := make(chan struct{})
	log := &logServer{
		births: []http.HandlerFunc{says(200, born), says(200, born), says(404, gone)}, pasts: []http.HandlerFunc{past()},
		presents: []http.HandlerFunc{lasts(mediaEvents, coming(1), isGone), streams(mediaEvents, coming(2), false)},
	}
	// A try has another bound than silence.
	client, timing := newTestClient(t, newScriptedServer(t, log.serve).URL, WithTimeout(0))
	var seqs []int64
	for item, err := range client.FollowLogs("a") {
		if err != nil {
			t.Fatal(err)
		}
		if item.Seq == 1 {
			go timing.ring(logSilence)
		}
		seqs = append(seqs, item.Seq)
	}
	<-isGone
	if !slices.Equal(seqs, []int64{1, 2}) {
		t.Error(seqs)
	}
}
