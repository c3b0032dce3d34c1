package llamactl

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// Bound of the backoff before the first retry. It doubles before each later one.
	firstDelay   = 250 * time.Millisecond
	longestDelay = 10 * time.Second
	// Longest Retry-After for which a request waits. If it is longer, the request fails at once.
	longestRetryAfter = time.Minute
)

// retryDelay returns how long to wait before a failed request is retried; false: no retry. A request that may have
// changed something is never retried. Only reads are, and requests that certainly did nothing.
//
// The server may have carried out a lasting request although it answers that it is stopping.
func retryDelay(method string, isLasting bool, err error, retries, limit int, random float64) (time.Duration, bool) {
	if retries >= limit || !mayRepeat(err, method == http.MethodGet, isLasting) {
		return 0, false
	}
	asked := retryAfterOf(err)
	if asked > longestRetryAfter {
		return 0, false
	}
	return asked + backoff(retries, random), true
}

// isLasting reports whether a stopping server may have carried out a request. A command with wait goes on without its
// caller. Settings with apply=restart may already be stored.
func isLasting(method, address string) bool {
	if method == http.MethodGet {
		return false
	}
	_, text, _ := strings.Cut(address, "?")
	// An invalid query has neither parameter.
	query, _ := url.ParseQuery(text)
	return query.Get("wait") == "true" || query.Get("apply") == "restart"
}

func mayRepeat(err error, isReading, isLasting bool) bool {
	var connection *ConnectionError
	if errors.As(err, &connection) {
		return connection.Unsent || (isReading && !connection.Timeout())
	}
	var answered *Error
	if errors.As(err, &answered) && answered.Status == http.StatusTooManyRequests {
		return true
	}
	if answered != nil && isStopping(answered) {
		return !isLasting
	}
	return isReading && isAway(err) && retryAfterOf(err) > 0
}

// isStopping ignores case, because codes are in lower case under /v1.
func isStopping(err *Error) bool {
	return strings.EqualFold(string(err.Code), string(CodeShuttingDown))
}

// isPassing reports whether an error is temporary: the server is away or overloaded.
func isPassing(err error) bool {
	var connection *ConnectionError
	return errors.As(err, &connection) || isAway(err) || statusOf(err) == http.StatusTooManyRequests
}

func isAway(err error) bool {
	switch statusOf(err) {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func statusOf(err error) int {
	var answered *Error
	var foreign *ProtocolError
	switch {
	case errors.As(err, &answered):
		return answered.Status
	case errors.As(err, &foreign):
		return foreign.Status
	}
	return 0
}

func retryAfterOf(err error) time.Duration {
	var answered *Error
	var foreign *ProtocolError
	switch {
	case errors.As(err, &answered):
		return answered.RetryAfter
	case errors.As(err, &foreign):
		return foreign.RetryAfter
	}
	return 0
}

// backoff returns a random delay below a bound that doubles, so that clients that lost their server together do not
// return together.
func backoff(failures int, random float64) time.Duration {
	bound := longestDelay
	if failures < 6 {
		bound = min(firstDelay<<failures, longestDelay)
	}
	return time.Duration(random * float64(bound))
}

// Interruption is a lost connection of a stream, which the client will resume at the same position.
type Interruption struct {
	// Why the connection was lost.
	Err error

	// Number of failures since the last item arrived.
	Attempt int

	// Time until the next attempt.
	Delay time.Duration
}

// resumption decides when to resume a lost stream.
type resumption struct {
	client         *Client
	onInterruption func(Interruption)
	failures       int
}

// succeeded is called when an item arrives: the next loss starts with the shortest backoff.
func (r *resumption) succeeded() { r.failures = 0 }

// failed returns nil when it is time to retry, or the error if retrying would not help.
func (r *resumption) failed(ctx context.Context, err error) error {
	if !isPassing(err) {
		return err
	}
	delay := retryAfterOf(err) + backoff(r.failures, r.client.timing.random())
	r.failures++
	if r.onInterruption != nil {
		r.onInterruption(Interruption{Err: err, Attempt: r.failures, Delay: delay})
	}
	return r.client.timing.sleep(ctx, delay)
}

// ended is like failed, for a stream that the server ended normally. The first retry is immediate.
func (r *resumption) ended(ctx context.Context) error {
	if r.failures == 0 {
		r.failures = 1
		return nil
	}
	address := r.client.address
	return r.failed(ctx, &ConnectionError{Message: fmt.Sprintf("%s ended the stream", address), URL: address})
}
