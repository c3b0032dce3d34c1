package llamactl

import (
	"context"
	"net/http"
	"time"
)

const (
	defaultTimeout = time.Minute
	defaultRetries = 2
)

// TokenSource gives the token of the moment; what it fails with, the call fails with. No text: no token.
type TokenSource func(ctx context.Context) (string, error)

// Option is one thing that a [Client] does otherwise.
type Option func(*Client)

// WithToken sends this with every request: the token of a login, or a key (llk_…).
func WithToken(token string) Option {
	return func(c *Client) {
		c.tokens = func(context.Context) (string, error) { return token, nil }
		c.isTokenAsked = false
	}
}

// WithAPIKey is [WithToken] for a key, under the name that one looks for.
func WithAPIKey(key string) Option { return WithToken(key) }

// WithTokenSource asks for the token before every request, and once more when the one that it gave was refused; nil: there
// is none.
func WithTokenSource(source TokenSource) Option {
	if source == nil {
		return WithToken("")
	}
	return func(c *Client) { c.tokens, c.isTokenAsked = source, true }
}

// WithHTTPClient sends requests through this one: for proxies, certificates, and tests. Its Timeout is taken for that of
// [WithTimeout]; redirections are not followed. nil: one like [http.DefaultClient].
func WithHTTPClient(client *http.Client) Option {
	return func(c *Client) {
		var own http.Client
		if client != nil {
			own = *client
		}
		if own.Timeout > 0 {
			c.timeout = own.Timeout
		}
		// It would bound streams, too.
		own.Timeout = 0
		// llamactl leads nobody elsewhere; followed, a POST would become a GET.
		own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		c.http = &own
	}
}

// WithTimeout bounds one try of a call, by default to a minute; of a stream, until it begins. 0: nothing does but the
// context. Calls that wait for an outcome, and answers of a model, take as long as they take.
func WithTimeout(timeout time.Duration) Option {
	return func(c *Client) { c.timeout = timeout }
}

// WithRetries says how often a request is sent again, if that cannot do twice what is asked; by default twice.
func WithRetries(retries int) Option {
	return func(c *Client) { c.retries = retries }
}

// WithUserAgent says who asks.
func WithUserAgent(name string) Option { return WithHeader("User-Agent", name) }

// WithHeader sends this with every request.
func WithHeader(name, value string) Option {
	return func(c *Client) { c.header.Set(name, value) }
}
