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

// LogItem is a line of a log, or a gap where lines are missing.
type LogItem struct {
	LogEntry

	// Lines that the server no longer keeps; nil: this item is a line.
	Gap *Gap `json:"gap,omitzero"`
}

// FollowLogsParams says which lines of a log to yield.
type FollowLogsParams struct {
	// How many existing lines to start with; nil: 100.
	Lines *int

	// Lines of this level and above; empty: all.
	Level LogLevel

	// Start after this line instead of with the last Lines; nil: with those.
	AfterSeq *int64

	// Called for the first and every later connection, before anything comes over it.
	OnOpen func()

	// Called whenever the connection is lost. The stream resumes without limit; leave the loop or cancel the context to
	// stop.
	OnInterruption func(Interruption)
}

// Silence after which a connection is lost. The server sends something every 15 seconds.
const logSilence = time.Minute

// errDone ends a stream without an error: the caller left the loop, or no more items exist.
var errDone = errors.New("done")

// stream makes a sequence of the items that a function yields, and of its final error.
func stream[Item any](produce func(yield func(Item) error) error) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		err := produce(func(item Item) error {
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

// FollowLogs yields the log of an instance: the last lines, then new ones. It resumes after lost connections and restarts
// of the server, without missing or repeated lines. Lines that are no longer kept appear as a gap. It ends when the
// instance is deleted, or after an error.
func (c *Client) FollowLogs(name string, params ...FollowLogsParams) iter.Seq2[LogItem, error] {
	return c.FollowLogsContext(context.Background(), name, params...)
}

// FollowLogsContext is [Client.FollowLogs] with a context. When the context ends, the stream ends with its error.
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
	// Creation time of the followed instance, because another instance may get its name.
	born time.Time
	// Seq of the last known line; later lines are new.
	place int64
	// Timestamp of the last known line.
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

// past yields the existing lines and sets the position after them.
func (f *follower) past(ctx context.Context) error {
	isNone := f.params.Lines != nil && *f.params.Lines == 0
	// Ask for the newest line first: a line that arrives in between then comes twice rather than not at all, and its
	// number shows the repetition.
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

// take records an item and reports whether it is new. A log that starts over, for example after a restored backup,
// repeats numbers: its lines count as new by their timestamp.
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

// present yields the lines of one connection, until it ends.
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
