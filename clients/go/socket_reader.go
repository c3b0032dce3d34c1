package llamactl

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/coder/websocket"
)

// socketReader takes messages from a WebSocket, pings answered, whether or not somebody waits for them.
type socketReader struct {
	ctx    context.Context
	caller context.Context
	socket *websocket.Conn
	// Of the server.
	address string
	// Closed at the end, and err is then why.
	messages chan []byte
	err      error
	end      context.CancelFunc
	ended    chan struct{}
}

func newSocketReader(caller context.Context, socket *websocket.Conn, address string) *socketReader {
	ctx, end := context.WithCancel(caller)
	r := &socketReader{
		ctx: ctx, caller: caller, socket: socket, address: address, end: end,
		messages: make(chan []byte, mostUnread), ended: make(chan struct{}),
	}
	go r.run()
	return r
}

func (r *socketReader) run() {
	defer close(r.ended)
	defer close(r.messages)
	for {
		kind, message, err := r.socket.Read(r.ctx)
		if err != nil {
			r.err = err
			return
		}
		if kind != websocket.MessageText {
			continue
		}
		select {
		case r.messages <- message:
		case <-r.ctx.Done():
			r.err = r.ctx.Err()
			return
		}
	}
}

// ask returns nil when the other end answers.
func (r *socketReader) ask(timing timing) error {
	ctx, end := context.WithCancelCause(r.ctx)
	defer end(nil)
	defer timing.after(eventSilence, func() { end(errSilent) })()
	if err := r.socket.Ping(ctx); err != nil {
		if context.Cause(ctx) == errSilent {
			return errSilent
		}
		return err
	}
	return nil
}

var errSilent = errors.New("nothing is heard of it any more")

// ending is what a connection ended with: the caller's error, what the server closed it with, or that it was lost.
func (r *socketReader) ending(err error) error {
	if r.caller.Err() != nil {
		return callerError(r.caller)
	}
	var closed websocket.CloseError
	if errors.As(err, &closed) {
		return closed
	}
	return &ConnectionError{Message: "the events were lost: " + meaningOf(err), URL: r.address, Err: err}
}

// close hangs up, and waits until nothing of it is left.
func (r *socketReader) close() {
	r.end()
	// It is over, whatever is said of it.
	_ = r.socket.CloseNow()
	<-r.ended
}

// handshakeRefusal is what the answer to a handshake carries, of which the library keeps the beginning.
func handshakeRefusal(address string, got *http.Response) error {
	text, err := io.ReadAll(got.Body)
	if err != nil {
		return connectionError(address, err)
	}
	return refusal(address, got, text)
}
