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
	"regexp"
	"strings"
	"syscall"
	"time"
)

// CodeUnknownModel is the code under /v1 for [CodeInstanceNotFound].
const CodeUnknownModel Code = "model_not_found"

// Error makes a code usable as the target of [errors.Is].
func (c Code) Error() string { return string(c) }

// Error is an error answer of llamactl or of an engine.
type Error struct {
	// Cause and fix, for a person.
	Message string

	// The kind of error, for programs; stable. Under /v1, the code or type in the answer.
	Code Code

	// HTTP status. For an error in the middle of a stream, the status that matches its type.
	Status int

	// More about the error; may be empty.
	Details string

	// The id of the request in the server's log.
	RequestID string

	// Every problem of the request, if the server knows which parts are wrong.
	Problems []Problem

	// Why the engine did not start, for [CodeStartFailed].
	Reason string

	// Time after which the same request may succeed; 0: unknown.
	RetryAfter time.Duration
}

func (e *Error) Error() string {
	text := e.Message
	for _, problem := range e.Problems {
		// The message contains the first problem, and is the text of a single one.
		if !strings.Contains(e.Message, problem.Message) {
			text = moreFollow.ReplaceAllString(text, "") + "; " + problem.sentence()
		}
	}
	return "llamactl: " + text
}

// moreFollow is the end of a message about several problems.
var moreFollow = regexp.MustCompile(`( \(and \d+ more\))?\.?$`)

// goesOn is the beginning of a message whose subject is its path.
var goesOn = regexp.MustCompile(`^(can|cannot|is|may|must|needs|runs|takes|was) `)

func (p Problem) sentence() string {
	if goesOn.MatchString(p.Message) {
		return p.Path + " " + p.Message
	}
	return p.Path + ": " + p.Message
}

// Is reports whether the target is the error's [Code].
func (e *Error) Is(target error) bool {
	code, isCode := target.(Code)
	return isCode && code == e.Code
}

// ConnectionError means that no answer came, or an incomplete one.
type ConnectionError struct {
	// Cause and fix, for a person.
	Message string

	// The URL of the request.
	URL string

	// Whether it is certain that the server got nothing of the request.
	Unsent bool

	// The error of the platform; may be nil.
	Err error

	isTimeout bool
}

func (e *ConnectionError) Error() string { return "llamactl: " + e.Message }

// Unwrap returns the error of the platform.
func (e *ConnectionError) Unwrap() error { return e.Err }

// Timeout reports whether the answer took too long. The server may still have done what the request asked for.
func (e *ConnectionError) Timeout() bool { return e.isTimeout }

// ProtocolError means that an answer or message is not from llamactl: the page of a proxy, a redirect, another program.
type ProtocolError struct {
	// Cause and fix, for a person.
	Message string

	// The URL of the request.
	URL string

	// HTTP status of the answer; 0: it had none.
	Status int

	// Time after which the same request may succeed; 0: unknown.
	RetryAfter time.Duration

	// The error of the parser; may be nil.
	Err error
}

func (e *ProtocolError) Error() string { return "llamactl: " + e.Message }

// Unwrap returns the error of the parser.
func (e *ProtocolError) Unwrap() error { return e.Err }

// callerError returns why the context ended: [context.Canceled] or [context.DeadlineExceeded], with its cause if any.
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

// connectionError converts an error of the platform to one whose message says what would work.
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
		return "nothing listens there; start the server with `llamactl up`, or give the address of another"
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

// originOf returns scheme and host of a URL.
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
