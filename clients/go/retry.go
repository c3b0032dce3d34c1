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
	// Before the first retry; doubled before each that follows.
	firstDelay   = 250 * time.Millisecond
	longestDelay = 10 * time.Second
	// Whoever is told to wait for longer is told so, instead of being kept waiting.
	longestRetryAfter = time.Minute
)

// retryDelay is how long to wait until a request that failed is sent again; false: it is not. A request that may have
// done something already is never repeated: only those that read are, and those of which it is certain that nothing was
// done.
//
// A request that is lasting may be done although the answer is that the server stops.
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

// isLasting: a command that waits for its outcome goes on without whoever waits, and settings that are to hold at once may
// be stored already.
func isLasting(method, address string) bool {
	if method == http.MethodGet {
		return false
	}
	_, text, _ := strings.Cut(address, "?")
	// What is no query asks for neither.
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

// Under /v1 codes are in small letters.
func isStopping(err *Error) bool {
	return strings.EqualFold(string(err.Code), string(CodeShuttingDown))
}

// isPassing tells whether an error is of the kind that passes: the server is away, or has too much to do.
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

// backoff is anything up to the bound that doubles: clients that lost their server together do not come back together.
func backoff(failures int, random float64) time.Duration {
	bound := longestDelay
	if failures < 6 {
		bound = min(firstDelay<<failures, longestDelay)
	}
	return time.Duration(random * float64(bound))
}

// Interruption is that a stream was broken, and will be resumed where it was.
type Interruption struct {
	// What ended it.
	Err error

	// How often it was tried to resume it since something came last.
	Attempt int

	// Until the next try.
	Delay time.Duration
}

// resumption decides when a stream that was lost is resumed.
type resumption struct {
	client         *Client
	onInterruption func(Interruption)
	failures       int
}

// succeeded: something came, and the next loss is a new one.
func (r *resumption) succeeded() { r.failures = 0 }

// failed returns when it is time to try again; or the error, if trying again would not help.
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

// ended is the same for a stream that the server ended in order, which is looked into at once when it is the first time.
func (r *resumption) ended(ctx context.Context) error {
	if r.failures == 0 {
		r.failures = 1
		return nil
	}
	address := r.client.address
	return r.failed(ctx, &ConnectionError{Message: fmt.Sprintf("%s ended the stream", address), URL: address})
}
