package llamactl

import (
	"context"
	"net/http"
	"time"
)

// Client is a client of one llamactl server. Its methods are the operations of the API with the same names. It is safe
// for concurrent use.
type Client struct {
	// The address of the server, without a slash at its end; or why the address is invalid.
	address      string
	addressError error

	http         *http.Client
	header       http.Header
	timeout      time.Duration
	retries      int
	tokens       TokenSource
	isTokenAsked bool
	timing       timing
}

// NewClient returns a client of the server at a URL, which includes the base path if the server has one. An empty URL
// means http://127.0.0.1:8080. The client removes /api at the end; if the base path ends with /api, write it twice:
// https://example.org/api/api. If the URL is invalid, every call returns the error.
func NewClient(url string, options ...Option) *Client {
	c := &Client{
		header:  http.Header{"User-Agent": {"llamactl-go-client/" + Version}},
		timeout: defaultTimeout,
		retries: defaultRetries,
		tokens:  func(context.Context) (string, error) { return "", nil },
		timing:  platformTiming{},
	}
	c.address, c.addressError = addressOf(url)
	WithHTTPClient(&http.Client{})(c)
	return c.With(options...)
}

// With returns a copy of the client with other options, such as another timeout or another key.
func (c *Client) With(options ...Option) *Client {
	other := *c
	other.header = c.header.Clone()
	for _, option := range options {
		option(&other)
	}
	return &other
}

// URL returns the address of the server, without a slash at the end.
func (c *Client) URL() string { return c.address }

// Ptr returns a pointer to a value, for optional fields.
func Ptr[T any](value T) *T { return &value }
