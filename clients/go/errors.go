package llamactl

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// CodeUnknownModel is what answers under /v1 have instead of [CodeInstanceNotFound].
const CodeUnknownModel Code = "model_not_found"

// Error makes a code something that [errors.Is] finds in the error of a call.
func (c Code) Error() string { return string(c) }

// Error is an error that llamactl, or an engine behind it, answered.
type Error struct {
	// What happened, and what would work; for a person.
	Message string

	// The same for a program; stable. Under /v1 whatever code or type stands there.
	Code Code

	// HTTP status; of an error that came in the middle of a stream, the one that it would have had.
	Status int

	// More about it; may be empty.
	Details string

	// By which the request is found in the server's log.
	RequestID string

	// Every problem of the request, where it can be told which part is at fault.
	Problems []Problem

	// Why an engine did not start, with [CodeStartFailed].
	Reason string

	// After which the same request may succeed; 0: nothing was said of it.
	RetryAfter time.Duration
}

func (e *Error) Error() string {
	text := e.Message
	for _, problem := range e.Problems {
		// One that stands alone is often the message itself.
		if !strings.Contains(text, problem.Message) {
			text += fmt.Sprintf("; %s: %s", problem.Path, problem.Message)
		}
	}
	return "llamactl: " + text
}

// Is tells whether the target is the error's [Code].
func (e *Error) Is(target error) bool {
	code, isCode := target.(Code)
	return isCode && code == e.Code
}

// ConnectionError is that no answer came, or that it broke off.
type ConnectionError struct {
	// What happened, and what would work; for a person.
	Message string

	// Of the request.
	URL string

	// It is certain that the server has seen nothing of the request.
	Unsent bool

	// What the platform said; may be nil.
	Err error

	isTimeout bool
}

func (e *ConnectionError) Error() string { return "llamactl: " + e.Message }

// Unwrap is what the platform said.
func (e *ConnectionError) Unwrap() error { return e.Err }

// Timeout tells whether the answer took too long. The server may have done what was asked.
func (e *ConnectionError) Timeout() bool { return e.isTimeout }

// ProtocolError is that what answered, or a message of it, is not llamactl's: the page of a proxy, a redirection,
// another program.
type ProtocolError struct {
	// What happened, and what would work; for a person.
	Message string

	// Of the request.
	URL string

	// HTTP status of the answer; 0 where it had none.
	Status int

	// After which the same request may succeed; 0: nothing was said of it.
	RetryAfter time.Duration

	// What could not be read; may be nil.
	Err error
}

func (e *ProtocolError) Error() string { return "llamactl: " + e.Message }

// Unwrap is what could not be read.
func (e *ProtocolError) Unwrap() error { return e.Err }

// callerError is why the caller gave up: [context.Canceled] or [context.DeadlineExceeded], and the cause if it gave one.
func callerError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == err {
		return fmt.Errorf("llamactl: %w", err)
	}
	return fmt.Errorf("llamactl: %w: %w", err, cause)
}

func timeoutError(address string, after time.Duration) *ConnectionError {
	return &ConnectionError{
		Message:   fmt.Sprintf("%s did not answer within %v", originOf(address), after),
		URL:       address,
		isTimeout: true,
	}
}

// connectionError is what the platform said when no answer came, with what would work.
func connectionError(address string, err error) *ConnectionError {
	var operation *net.OpError
	isUnsent := errors.As(err, &operation) && operation.Op == "dial"
	var timeout interface{ Timeout() bool }
	isTimeout := errors.As(err, &timeout) && timeout.Timeout()
	return &ConnectionError{
		Message:   fmt.Sprintf("no answer from %s: %s", originOf(address), meaningOf(err)),
		URL:       address,
		Unsent:    isUnsent,
		Err:       err,
		isTimeout: isTimeout && !isUnsent,
	}
}

func meaningOf(err error) string {
	var name *net.DNSError
	var record tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there; start the server with `llamactl serve`, or give the address of another"
	case errors.As(err, &name):
		return "the name of the host is not known; is it spelled right?"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.ENETDOWN):
		return "there is no way to that host from here"
	case errors.Is(err, syscall.ETIMEDOUT):
		return "the host does not answer; is it on, and does a firewall let the port through?"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was lost; was the server stopped?"
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "what listens there does not speak HTTPS; try http://"
	case errors.As(err, &hostname):
		return "its certificate is for another name; use the name that it is for"
	case errors.As(err, &authority):
		return "its certificate is not trusted here; give WithHTTPClient a client that trusts it"
	}
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	return fmt.Sprintf("the request failed (%v)", err)
}

// originOf is the part of a URL that says where the server is.
func originOf(address string) string {
	given, err := url.Parse(address)
	if err != nil {
		return address
	}
	return given.Scheme + "://" + given.Host
}

func pathIn(address string) string {
	given, err := url.Parse(address)
	if err != nil {
		return address
	}
	return given.Path
}
