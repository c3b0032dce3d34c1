package llamactl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// LogItem is a line of a log; or, with a Gap, that lines are gone.
type LogItem struct {
	LogEntry

	// Lines that the server does not have any more; nil: this is a line.
	Gap *Gap `json:"gap,omitzero"`
}

// FollowLogsParams says which lines of a log are followed.
type FollowLogsParams struct {
	// How many of those that are there already; nil: 100.
	Lines *int

	// Lines of this level and above; empty: all.
	Level LogLevel

	// Everything after this line, instead of the last Lines; nil: those.
	AfterSeq *int64

	// Told each time that the connection stands, first and again, before anything comes over it.
	OnOpen func()

	// Told whenever the connection is lost. It is resumed for ever: whoever does not want that ends the loop, or the
	// context.
	OnInterruption func(Interruption)
}

// The server says something every 15 seconds.
const logSilence = time.Minute

// errDone ends a stream in order: nobody wants more, or there is none.
var errDone = errors.New("done")

// stream makes a sequence of what is told to a function, and of the error that it ends with.
func stream[Item any](tell func(yield func(Item) error) error) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		err := tell(func(item Item) error {
			if !yield(item, nil) {
				return errDone
			}
			return nil
		})
		if err != nil && !errors.Is(err, errDone) {
			var none Item
			yield(none, err)
		}
	}
}

// FollowLogs is the log of an instance, a line at a time: the last lines, then all that come, over lost connections and
// restarts of the server, with nothing missing and nothing twice. Lines that are gone are told as a gap. It ends when the
// instance is deleted, or after an error.
func (c *Client) FollowLogs(name string, params ...FollowLogsParams) iter.Seq2[LogItem, error] {
	return c.FollowLogsContext(context.Background(), name, params...)
}

// FollowLogsContext is [Client.FollowLogs] with a context, with whose error it ends when that is over.
func (c *Client) FollowLogsContext(ctx context.Context, name string, params ...FollowLogsParams) iter.Seq2[LogItem, error] {
	return stream(func(yield func(LogItem) error) error {
		f := &follower{client: c, name: name, params: first(params), yield: yield}
		f.resumption = resumption{client: c, onInterruption: f.params.OnInterruption}
		return f.follow(ctx)
	})
}

type follower struct {
	client     *Client
	name       string
	params     FollowLogsParams
	yield      func(LogItem) error
	resumption resumption
	// When the instance was made that is followed: another one may get its name.
	born time.Time
	// Behind which everything is new.
	place int64
	// When the last line was written that is known.
	newest time.Time
}

func (f *follower) follow(ctx context.Context) error {
	var err error
	if f.born, err = f.birth(ctx, false); err != nil {
		return err
	}
	if f.params.AfterSeq != nil {
		f.place = *f.params.AfterSeq
	} else if err := f.past(ctx); err != nil {
		return err
	}
	for isAgain := false; ; isAgain = true {
		err := f.present(ctx, isAgain)
		switch {
		case errors.Is(err, io.EOF):
			err = f.resumption.ended(ctx)
		case errors.Is(err, errDone), isAgain && errors.Is(err, CodeInstanceNotFound):
			return nil
		default:
			err = f.resumption.failed(ctx, err)
		}
		if err != nil {
			return err
		}
	}
}

func (f *follower) birth(ctx context.Context, isAgain bool) (time.Time, error) {
	var instance Instance
	r := request{method: http.MethodGet, path: []string{"/api/instances/", f.name}, isOnce: isAgain}
	err := f.client.send(ctx, r, &instance)
	return instance.CreatedAt, err
}

// past tells the lines that are there already, and finds the place behind them.
func (f *follower) past(ctx context.Context) error {
	isNone := f.params.Lines != nil && *f.params.Lines == 0
	// First of all: what comes between the two is then told once more rather than missed, and left out by its number.
	if isNone || f.params.Level != "" {
		if _, err := f.last(ctx, GetInstanceLogsParams{Lines: 1}); err != nil {
			return err
		}
	}
	if isNone {
		return nil
	}
	params := GetInstanceLogsParams{Level: f.params.Level}
	if f.params.Lines != nil {
		params.Lines = *f.params.Lines
	}
	entries, err := f.last(ctx, params)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := f.yield(LogItem{LogEntry: entry}); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return callerError(ctx)
		}
	}
	return nil
}

func (f *follower) last(ctx context.Context, params GetInstanceLogsParams) ([]LogEntry, error) {
	logs, err := f.client.GetInstanceLogsContext(ctx, f.name, params)
	if err != nil {
		return nil, err
	}
	if count := len(logs.Logs); count > 0 {
		f.take(LogItem{LogEntry: logs.Logs[count-1]})
	}
	return logs.Logs, nil
}

// take tells whether an item is new. Of a log that begins anew, as one that was restored from a backup does, lines have
// numbers that were there before: they are told by their time.
func (f *follower) take(item LogItem) bool {
	seq := item.Seq
	if item.Gap != nil {
		seq = item.Gap.ToSeq
	}
	if seq <= f.place && (item.Gap != nil || !item.Timestamp.After(f.newest)) {
		return false
	}
	f.place = seq
	if item.Gap == nil {
		f.newest = item.Timestamp
	}
	return true
}

// present tells what comes over one connection, until that ends.
func (f *follower) present(ctx context.Context, isAgain bool) error {
	if isAgain {
		born, err := f.birth(ctx, true)
		if err != nil {
			return err
		}
		if !born.Equal(f.born) {
			return errDone
		}
	}
	query := url.Values{"follow": {"true"}, "after_seq": {strconv.FormatInt(f.place, 10)}}
	if f.params.Level != "" {
		query.Set("level", string(f.params.Level))
	}
	answer, err := f.client.open(ctx, request{
		method: http.MethodGet, path: []string{"/api/instances/", f.name, "/logs"}, query: query,
		header: http.Header{"Accept": {mediaEvents}}, isOnce: isAgain,
	}, mediaEvents)
	if err != nil {
		return err
	}
	defer answer.close()
	if f.params.OnOpen != nil {
		f.params.OnOpen()
	}
	events := eventReader{lines: newLinesOf(answer, logSilence)}
	for {
		data, err := events.next()
		if err != nil {
			return err
		}
		var item LogItem
		if err := json.Unmarshal(data, &item); err != nil {
			said := fmt.Sprintf("%s sent something that is no line of a log: %s", answer.url, excerpt(data))
			return &ProtocolError{Message: said, URL: answer.url, Err: err}
		}
		f.resumption.succeeded()
		if !f.take(item) {
			continue
		}
		if err := f.yield(item); err != nil {
			return err
		}
	}
}
