package llamactl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	mediaJSON   = "application/json"
	mediaYAML   = "application/yaml"
	mediaLines  = "application/x-ndjson"
	mediaEvents = "text/event-stream"
	// A 401 of this path is about the credentials in the body, not about the token.
	loginPath = "/api/auth/login"
)

// request is one request.
type request struct {
	method string
	// The arguments of pathOf: parts with an odd index are names.
	path   []string
	query  url.Values
	header http.Header
	// Sent as JSON, unless content is set.
	body        any
	content     []byte
	contentType string
	// Statuses other than 2xx that are not errors.
	otherStatuses []int
	// Whether the request has no timeout.
	isPatient bool
	// Whether the request is not retried, because a stream retries itself.
	isOnce bool
}

// answer is an answer with its body.
type answer struct {
	url    string
	status int
	header http.Header
	body   []byte
}

// openAnswer is an answer with an unread body. The reader must close it.
type openAnswer struct {
	url      string
	header   http.Header
	body     io.ReadCloser
	deadline *deadline
}

func (a *openAnswer) close() {
	a.deadline.close()
	// The rest of the body is not wanted, so an error of closing does not matter.
	_ = a.body.Close()
}

// send sends a request and decodes the JSON of its answer.
func (c *Client) send(ctx context.Context, r request, into any) error {
	got, err := c.read(ctx, r)
	if err != nil {
		return err
	}
	return got.decode(into)
}

func (a *answer) decode(into any) error {
	if err := json.Unmarshal(a.body, into); err != nil {
		said := fmt.Sprintf("%s answered %s with something that is not llamactl's (%v): %s",
			originOf(a.url), pathIn(a.url), err, excerpt(a.body))
		return &ProtocolError{Message: said, URL: a.url, Status: a.status, Err: err}
	}
	return nil
}

// read sends a request and reads its answer.
func (c *Client) read(ctx context.Context, r request) (*answer, error) {
	got, err := again(ctx, c, r, func(d *deadline, address, token string) (*answer, error) {
		defer d.close()
		opened, err := c.try(d, r, address, token)
		if err != nil {
			return nil, err
		}
		defer opened.Body.Close()
		body, err := io.ReadAll(opened.Body)
		if err != nil {
			return nil, connectionError(address, err)
		}
		return &answer{url: address, status: opened.StatusCode, header: opened.Header, body: body}, nil
	})
	return got, err
}

// open sends a request and returns its answer with an unread body. The timeout applies until the body begins.
func (c *Client) open(ctx context.Context, r request, media string) (*openAnswer, error) {
	return again(ctx, c, r, func(d *deadline, address, token string) (*openAnswer, error) {
		opened, err := c.try(d, r, address, token)
		if err != nil {
			return nil, err
		}
		d.within(0, address)
		got := &openAnswer{url: address, header: opened.Header, body: opened.Body, deadline: d}
		if !isMedia(opened.Header, media) {
			got.close()
			said := fmt.Sprintf("%s answered %q instead of %s", address, opened.Header.Get("Content-Type"), media)
			return nil, &ProtocolError{Message: said, URL: address, Status: opened.StatusCode}
		}
		return got, nil
	})
}

func isMedia(header http.Header, media string) bool {
	return len(header.Get("Content-Type")) >= len(media) && header.Get("Content-Type")[:len(media)] == media
}

// again retries until an attempt succeeds or retrying does not help. The caller closes the deadline of the result.
func again[Result any](
	ctx context.Context, c *Client, r request, once func(d *deadline, address, token string) (Result, error),
) (result Result, err error) {
	address, err := c.addressOf(r)
	if err != nil {
		return result, err
	}
	limit := c.retries
	if r.isOnce {
		limit = 0
	}
	lasts := isLasting(r.method, address)
	isFreshToken := !c.isTokenAsked
	for retries := 0; ; {
		if ctx.Err() != nil {
			return result, callerError(ctx)
		}
		d := newDeadline(ctx, c.timing)
		if !r.isPatient {
			d.within(c.timeout, address)
		}
		token, failure := c.token(d)
		if failure == nil {
			if result, failure = once(d, address, token); failure == nil {
				return result, nil
			}
		}
		if reason := d.reason(); reason != nil {
			failure = reason
		}
		d.close()
		if ctx.Err() != nil {
			return result, failure
		}
		if statusOf(failure) == http.StatusUnauthorized && !isFreshToken && pathIn(address) != loginPath {
			isFreshToken = true
			continue
		}
		wait, isRepeated := retryDelay(r.method, lasts, failure, retries, limit, c.timing.random())
		if !isRepeated {
			return result, failure
		}
		if err := c.timing.sleep(ctx, wait); err != nil {
			return result, err
		}
		retries++
	}
}

// token returns the current token. It checks the characters, because the platform reports invalid ones like a missing
// server.
func (c *Client) token(ctx context.Context) (string, error) {
	given, err := c.tokens(ctx)
	token := strings.TrimSpace(given)
	if err == nil && strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New("llamactl: the token holds characters that no token has; it is given without Bearer")
	}
	return token, err
}

func (c *Client) addressOf(r request) (string, error) {
	if c.addressError != nil {
		return "", c.addressError
	}
	path, err := pathOf(r.path...)
	if err != nil {
		return "", err
	}
	// The path of a Request may already have a query.
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	if len(r.query) > 0 {
		path += separator + r.query.Encode()
	}
	return c.address + path, nil
}

// try sends a request once, and returns an error for an error status.
func (c *Client) try(d *deadline, r request, address, token string) (*http.Response, error) {
	content, contentType := r.content, r.contentType
	if content == nil && r.body != nil {
		encoded, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("llamactl: the body cannot be sent: %w", err)
		}
		content, contentType = encoded, mediaJSON
	}
	var body io.Reader
	if content != nil {
		body = bytes.NewReader(content)
	}
	sent, err := http.NewRequestWithContext(d, r.method, address, body)
	if err != nil {
		return nil, fmt.Errorf("llamactl: %w", err)
	}
	sent.Header = c.headerOf(r, token)
	if contentType != "" {
		sent.Header.Set("Content-Type", contentType)
	}
	got, err := c.http.Do(sent)
	if err != nil {
		return nil, connectionError(address, err)
	}
	if got.StatusCode/100 == 2 || slices.Contains(r.otherStatuses, got.StatusCode) {
		return got, nil
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		return nil, connectionError(address, err)
	}
	return nil, refusal(address, got, text)
}

func (c *Client) headerOf(r request, token string) http.Header {
	header := c.header.Clone()
	if header.Get("Accept") == "" {
		header.Set("Accept", mediaJSON)
	}
	for name, values := range r.header {
		header[http.CanonicalHeaderKey(name)] = values
	}
	if token != "" && header.Get("Authorization") == "" {
		header.Set("Authorization", "Bearer "+token)
	}
	return header
}

// refusal returns the error in an answer that is not a success.
func refusal(address string, got *http.Response, text []byte) error {
	if got.StatusCode/100 == 3 {
		where := "elsewhere"
		if to, err := got.Location(); err == nil {
			where = "to " + to.String()
		}
		said := fmt.Sprintf("%s leads %s; give the client that address", address, where)
		return &ProtocolError{Message: said, URL: address, Status: got.StatusCode}
	}
	return answerError(address, got.StatusCode, got.Header, text)
}
