package llamactl

import (
	"context"
	"net/http"
	"time"
)

// Client is a llamactl server. Its methods are the operations of the API, of the same names. It may be used by many
// goroutines at once.
type Client struct {
	// Where the server is, without a slash at its end; or why there is nowhere to send anything.
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

// NewClient is a client of the server at an address, with its base path if it has one; without one, of
// http://127.0.0.1:8080. A /api at its end is taken for that of the API: of a server whose base path ends so it is given
// twice, https://example.org/api/api. What is wrong with the address, every call says.
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

// With is the same client with other options: another timeout for one call, another key.
func (c *Client) With(options ...Option) *Client {
	other := *c
	other.header = c.header.Clone()
	for _, option := range options {
		option(&other)
	}
	return &other
}

// URL is where the server is, without a slash at the end.
func (c *Client) URL() string { return c.address }

// Ptr is a pointer to a value: for fields of which nothing, too, can be said.
func Ptr[T any](value T) *T { return &value }
