package llamactl

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// sent is a request as a server got it.
type sent struct {
	Method, Path, Body string
	Header             http.Header
}

// scriptedServer sends its replies in order, and repeats the last one.
type scriptedServer struct {
	*httptest.Server
	mutex    sync.Mutex
	ways     []http.HandlerFunc
	requests []sent
}

func newScriptedServer(t *testing.T, ways ...http.HandlerFunc) *scriptedServer {
	t.Helper()
	s := &scriptedServer{ways: ways}
	s.Server = httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(s.Close)
	return s
}

func (s *scriptedServer) answer(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	s.mutex.Lock()
	way := s.ways[0]
	if len(s.ways) > 1 {
		s.ways = s.ways[1:]
	}
	s.requests = append(s.requests, sent{r.Method, r.URL.RequestURI(), string(body), r.Header})
	s.mutex.Unlock()
	way(w, r)
}

func (s *scriptedServer) got() []sent {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.requests
}

// says is a way to answer: this, as JSON.
func says(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for index := 0; index < len(header); index += 2 {
			w.Header().Set(header[index], header[index+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// breaks is a way to answer: not at all.
func breaks(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// streams is a way to answer: this, as it is, and then an end of a kind.
func streams(media, text string, isBroken bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		fmt.Fprint(w, text)
		flush(w)
		if isBroken {
			panic(http.ErrAbortHandler)
		}
	}
}

// lasts is a reply that stays open after its text until the client disconnects, and reports that.
func lasts(media, text string, gone chan<- struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", media)
		fmt.Fprint(w, text)
		flush(w)
		<-r.Context().Done()
		close(gone)
	}
}

func flush(w http.ResponseWriter) {
	if flusher, isOne := w.(http.Flusher); isOne {
		flusher.Flush()
	}
}
