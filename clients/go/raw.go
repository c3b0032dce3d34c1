package llamactl

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// Request is any request, for what has no method of its own.
type Request struct {
	// In any case.
	Method string

	// From the server's address on: /api/instances. [url.PathEscape] is for names in it.
	Path string

	Query  url.Values
	Header http.Header

	// Sent as JSON; nil: none.
	Body any
}

// Response is the answer to a [Request], whole.
type Response struct {
	Status int
	Header http.Header
	Body   []byte

	answer *answer
}

// Decode reads the JSON of the answer.
func (r *Response) Decode(into any) error { return r.answer.decode(into) }

// Do sends any request, and gives status and header of its answer too: for an ETag. Answers of a model, under /v1, may
// take as long as they take.
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
