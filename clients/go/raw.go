package llamactl

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// Request is any request, for paths without a method.
type Request struct {
	// The HTTP method, in upper or lower case.
	Method string

	// The path after the server's address: /api/instances. Use [url.PathEscape] for names in it.
	Path string

	Query  url.Values
	Header http.Header

	// Sent as JSON; nil: no body.
	Body any
}

// Response is the complete answer to a [Request].
type Response struct {
	Status int
	Header http.Header
	Body   []byte

	answer *answer
}

// Decode parses the JSON of the answer.
func (r *Response) Decode(into any) error { return r.answer.decode(into) }

// Do sends any request and returns status, header and body of its answer, for example for an ETag. A POST under /v1 has
// no timeout.
func (c *Client) Do(r Request) (*Response, error) {
	return c.DoContext(context.Background(), r)
}

// DoContext is [Client.Do] with a context.
func (c *Client) DoContext(ctx context.Context, r Request) (*Response, error) {
	method, path := strings.ToUpper(r.Method), "/"+strings.TrimPrefix(r.Path, "/")
	got, err := c.read(ctx, request{
		method: method, path: []string{path}, query: r.Query, header: r.Header, body: r.Body,
		isPatient: method == http.MethodPost && strings.HasPrefix(path, "/v1/"),
	})
	if err != nil {
		return nil, err
	}
	return &Response{Status: got.status, Header: got.header, Body: got.body, answer: got}, nil
}
