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

// TokenSource returns the current token; an empty text means no token. If it fails, the call fails with its error.
type TokenSource func(ctx context.Context) (string, error)

// Option is an option of a [Client].
type Option func(*Client)

// WithToken sends the token of a log-in, or a key (llk_…), with every request.
func WithToken(token string) Option {
	return func(c *Client) {
		c.tokens = func(context.Context) (string, error) { return token, nil }
		c.isTokenAsked = false
	}
}

// WithAPIKey is [WithToken] for a key.
func WithAPIKey(key string) Option { return WithToken(key) }

// WithTokenSource calls a source before every request, and once more if the server refuses its token; nil: no token.
func WithTokenSource(source TokenSource) Option {
	if source == nil {
		return WithToken("")
	}
	return func(c *Client) { c.tokens, c.isTokenAsked = source, true }
}

// WithHTTPClient sends requests through an [http.Client], for proxies, certificates and tests. Its Timeout is used like
// that of [WithTimeout]. Redirects are not followed. nil: a client like [http.DefaultClient].
func WithHTTPClient(client *http.Client) Option {
	return func(c *Client) {
		var own http.Client
		if client != nil {
			own = *client
		}
		if own.Timeout > 0 {
			c.timeout = own.Timeout
		}
		// The timeout of http.Client would also end streams.
		own.Timeout = 0
		// llamactl never redirects. If the client followed a redirect, a POST would become a GET.
		own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		c.http = &own
	}
}

// WithTimeout sets the timeout of one attempt of a call, or until a stream begins. Default one minute; 0: only the
// context ends a call. It does not apply to calls with Wait or to answers of a model.
func WithTimeout(timeout time.Duration) Option {
	return func(c *Client) { c.timeout = timeout }
}

// WithRetries sets how often a request is retried, by default twice. The client retries only if that cannot do something
// twice.
func WithRetries(retries int) Option {
	return func(c *Client) { c.retries = retries }
}

// WithUserAgent sets the header User-Agent.
func WithUserAgent(name string) Option { return WithHeader("User-Agent", name) }

// WithHeader sends a header with every request.
func WithHeader(name, value string) Option {
	return func(c *Client) { c.header.Set(name, value) }
}
