package llamactl

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/coder/websocket"
)

// socketReader reads messages from a WebSocket and answers pings, also while no caller waits for a message.
type socketReader struct {
	ctx    context.Context
	caller context.Context
	socket *websocket.Conn
	// The address of the server.
	address string
	// Closed at the end; err is then the reason.
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

// ask sends a ping and returns nil if the server answers.
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

// ending returns why a connection ended: the caller's error, the server's close frame, or a lost connection.
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

// close closes the connection and waits for its goroutine.
func (r *socketReader) close() {
	r.end()
	// The connection ends in any case, so the error does not matter.
	_ = r.socket.CloseNow()
	<-r.ended
}

// handshakeRefusal returns the error in the answer to a handshake. The library keeps only the beginning of the body.
func handshakeRefusal(address string, got *http.Response) error {
	text, err := io.ReadAll(got.Body)
	if err != nil {
		return connectionError(address, err)
	}
	return refusal(address, got, text)
}
