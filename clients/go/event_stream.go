package llamactl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/coder/websocket"
)

// EventData is the data of an event: a pointer to one of the types whose names end in Event.
type EventData interface{ eventData() }

// UnknownEvent is the data of an event type that only newer servers have.
type UnknownEvent struct {
	// The JSON as received.
	Raw json.RawMessage
}

func (*UnknownEvent) eventData() {}

// Event is one event of the server.
type Event struct {
	Type      EventType
	Timestamp time.Time

	// Grows with every kept event, also across restarts; a stats or decision event repeats the last kept one.
	Seq int64

	Data EventData

	instance string
}

// UnmarshalJSON reads a frame of the WebSocket.
func (e *Event) UnmarshalJSON(text []byte) error {
	var frame struct {
		Type      EventType       `json:"type"`
		Timestamp time.Time       `json:"timestamp"`
		Seq       *int64          `json:"seq"`
		Data      json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(text, &frame); err != nil {
		return err
	}
	if frame.Type == "" || frame.Seq == nil {
		return errors.New("it has no type, or no seq")
	}
	*e = Event{Type: frame.Type, Timestamp: frame.Timestamp, Seq: *frame.Seq, Data: newEventData(frame.Type)}
	e.instance = instanceIn(frame.Data)
	if e.Data == nil {
		e.Data = &UnknownEvent{Raw: frame.Data}
		return nil
	}
	return json.Unmarshal(frame.Data, e.Data)
}

// EventsParams says which events to yield.
type EventsParams struct {
	// Names, ignoring case, also of future instances; nil: all. Alerts of the whole system come in any case.
	Instances []string

	// Types of events; nil: all but those that have to be named, such as [EventTypeDecision] and [EventTypeRequestsUpdated].
	Types []EventType

	// Start with the events after this one; 0: with all kept events; nil: only new events.
	AfterSeq *int64

	// Called for the first and every later connection, before anything comes over it. From then on, nothing is missed. To
	// keep a copy of the state up to date, request the current state here, and after every [GapEvent].
	OnOpen func()

	// Called whenever the connection is lost. The stream resumes without limit; leave the loop or cancel the context to
	// stop.
	OnInterruption func(Interruption)
}

const (
	eventProtocol = "llamactl.v1"
	// After this time without a message, the client sends a ping. The server closes a connection after twice this time.
	eventSilence = 30 * time.Second
	// Most events that are received and not yet read; further ones wait in the network.
	mostUnread = 1_000
	// Most bytes of one event.
	longestEvent = 16 << 20

	closedUnauthorized websocket.StatusCode = 4401
)

// Events yields events as they happen. It resumes after lost connections and restarts of the server, without missing or
// repeated events. Events that are no longer kept appear as a [GapEvent]: request the current state then. It ends after
// an error.
func (c *Client) Events(params ...EventsParams) iter.Seq2[Event, error] {
	return c.EventsContext(context.Background(), params...)
}

// EventsContext is [Client.Events] with a context. When the context ends, the stream ends with its error.
func (c *Client) EventsContext(ctx context.Context, params ...EventsParams) iter.Seq2[Event, error] {
	return stream(func(yield func(Event) error) error {
		p := first(params)
		l := &listener{
			client: c, params: p, yield: yield,
			// Each loop over the sequence has its own position.
			place:      eventPlace{types: p.Types, instances: p.Instances},
			resumption: resumption{client: c, onInterruption: p.OnInterruption},
		}
		if p.AfterSeq != nil {
			l.place.seq = Ptr(*p.AfterSeq)
		}
		return l.listen(ctx)
	})
}

type listener struct {
	client      *Client
	params      EventsParams
	yield       func(Event) error
	place       eventPlace
	resumption  resumption
	hasBeenOpen bool
}

func (l *listener) listen(ctx context.Context) error {
	for {
		err := l.connection(ctx)
		switch {
		case errors.Is(err, errDone):
			return err
		case !l.hasBeenOpen:
			return err
		case l.client.isTokenAsked && websocket.CloseStatus(err) == closedUnauthorized:
			// The token expired after the handshake. The next handshake checks the next token.
			err = l.resumption.ended(ctx)
		default:
			err = l.resumption.failed(ctx, l.ending(err))
		}
		if err != nil {
			return err
		}
	}
}

// connection yields the events of one WebSocket, until it ends.
func (l *listener) connection(ctx context.Context) error {
	socket, err := l.dial(ctx)
	if err != nil {
		return err
	}
	l.hasBeenOpen = true
	reader := newSocketReader(ctx, socket, l.client.address)
	defer reader.close()
	greeting, err := json.Marshal(subscription{Type: "subscribe", Instances: l.params.Instances, Types: l.params.Types})
	if err != nil {
		return fmt.Errorf("llamactl: %w", err)
	}
	if err := socket.Write(reader.ctx, websocket.MessageText, greeting); err != nil {
		return reader.ending(err)
	}
	if l.params.OnOpen != nil {
		l.params.OnOpen()
	}
	for {
		message, err := l.next(ctx, reader)
		if err != nil {
			return err
		}
		var event Event
		if err := json.Unmarshal(message, &event); err != nil {
			said := fmt.Sprintf("%s sent something that is no event (%v): %s", l.client.address, err, excerpt(message))
			return &ProtocolError{Message: said, URL: l.client.address, Err: err}
		}
		l.resumption.succeeded()
		if !l.place.take(&event) {
			continue
		}
		if err := l.yield(event); err != nil {
			return err
		}
	}
}

// next returns the next message. It sends pings, because the connection may be dead without a close frame (a laptop that
// slept, a router that dropped it).
func (l *listener) next(ctx context.Context, reader *socketReader) ([]byte, error) {
	for {
		silent := make(chan struct{})
		cancel := l.client.timing.after(eventSilence, func() { close(silent) })
		select {
		case <-ctx.Done():
			cancel()
			return nil, callerError(ctx)
		case message, isThere := <-reader.messages:
			cancel()
			switch {
			case ctx.Err() != nil:
				// After the context ends, messages that already arrived are not wanted either.
				return nil, callerError(ctx)
			case !isThere:
				err := reader.ending(reader.err)
				var closed websocket.CloseError
				if errors.As(err, &closed) {
					// A gap comes first, and a close frame last.
					l.place.waited()
				}
				return nil, err
			}
			return message, nil
		case <-silent:
			if err := reader.ask(l.client.timing); err != nil {
				return nil, reader.ending(err)
			}
			l.place.waited()
		}
	}
}

func (l *listener) dial(ctx context.Context) (*websocket.Conn, error) {
	r := request{
		method: http.MethodGet, path: []string{"/api/ws"}, isOnce: l.hasBeenOpen,
		query: url.Values{"after_seq": {strconv.FormatInt(l.place.afterSeq(), 10)}},
	}
	return again(ctx, l.client, r, func(d *deadline, address, token string) (*websocket.Conn, error) {
		socket, got, err := websocket.Dial(d, address, &websocket.DialOptions{
			HTTPClient:   l.client.http,
			HTTPHeader:   l.client.headerOf(r, token),
			Subprotocols: []string{eventProtocol},
		})
		switch {
		case err == nil:
			d.close()
			socket.SetReadLimit(longestEvent)
			return socket, nil
		case got == nil:
			return nil, connectionError(address, err)
		case got.StatusCode/100 == 2 || got.StatusCode == http.StatusSwitchingProtocols:
			said := fmt.Sprintf("%s answers, but opens no WebSocket; does a proxy on the way let them through?", address)
			return nil, &ConnectionError{Message: said, URL: address, Err: err}
		}
		return nil, handshakeRefusal(address, got)
	})
}

// ending converts the end of a connection to an error of this package.
func (l *listener) ending(err error) error {
	var closed websocket.CloseError
	if !errors.As(err, &closed) {
		return err
	}
	address := l.client.address
	said := fmt.Sprintf("the events of %s ended (%d)", address, closed.Code)
	if closed.Reason != "" {
		said += ": " + closed.Reason
	}
	switch closed.Code {
	case closedUnauthorized:
		message := closed.Reason
		if message == "" {
			message = "the token is no longer valid; log in again"
		}
		return &Error{Message: message, Code: CodeTokenExpired, Status: http.StatusUnauthorized}
	case websocket.StatusProtocolError, websocket.StatusUnsupportedData, websocket.StatusInvalidFramePayloadData,
		websocket.StatusPolicyViolation, websocket.StatusMessageTooBig, websocket.StatusMandatoryExtension:
		// Retrying does not help.
		return &ProtocolError{Message: said, URL: address, Err: err}
	}
	return &ConnectionError{Message: said, URL: address, Err: err}
}
