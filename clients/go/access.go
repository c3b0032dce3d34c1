package llamactl

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// AuditParams filters rows of the audit trail.
type AuditParams struct {
	// Most rows to return; 0: one page, or all rows in a stream.
	Limit int

	// Only rows with a smaller Seq; 0: all.
	BeforeSeq int64

	// Only rows of this subject; empty: all.
	Subject string

	// Only rows of this operation, such as startInstance; empty: all.
	Action string

	// Only rows with this target; empty: all.
	Target string

	// "part": Subject, Action and Target match any part, in upper or lower case; empty: the whole text.
	Match string

	// Only rows of this time or later; zero: all.
	Since time.Time

	// Only rows of before this time; zero: all.
	Until time.Time

	// Only rows with this status, such as 403, or of this class, such as 4xx; empty: all.
	Status string
}

func (p AuditParams) query() url.Values {
	query := url.Values{}
	setNumber(query, "limit", int64(p.Limit))
	setNumber(query, "before_seq", p.BeforeSeq)
	setText(query, "subject", p.Subject)
	setText(query, "action", p.Action)
	setText(query, "target", p.Target)
	setText(query, "match", p.Match)
	setTime(query, "since", p.Since)
	setTime(query, "until", p.Until)
	setText(query, "status", p.Status)
	return query
}

func setTime(query url.Values, name string, value time.Time) {
	if !value.IsZero() {
		query.Set(name, value.UTC().Format(time.RFC3339Nano))
	}
}

// Login returns a token. This client does not use it: pass it to [Client.With] and [WithToken].
func (c *Client) Login(body Login) (*LoggedIn, error) {
	return c.LoginContext(context.Background(), body)
}

// LoginContext is [Client.Login] with a context.
func (c *Client) LoginContext(ctx context.Context, body Login) (*LoggedIn, error) {
	return fetch[LoggedIn](ctx, c, request{method: http.MethodPost, path: []string{loginPath}, body: body})
}

// GetMe returns who you are to the server, and whether it has accounts.
func (c *Client) GetMe() (*Me, error) {
	return c.GetMeContext(context.Background())
}

// GetMeContext is [Client.GetMe] with a context.
func (c *Client) GetMeContext(ctx context.Context) (*Me, error) {
	return fetch[Me](ctx, c, request{method: http.MethodGet, path: []string{"/api/me"}})
}

// LoginBrowser logs in a web page of the server's own origin. Programs use [Client.Login].
func (c *Client) LoginBrowser(body Login) (*LoggedIn, error) {
	return c.LoginBrowserContext(context.Background(), body)
}

// LoginBrowserContext is [Client.LoginBrowser] with a context.
func (c *Client) LoginBrowserContext(ctx context.Context, body Login) (*LoggedIn, error) {
	return fetch[LoggedIn](ctx, c, request{method: http.MethodPost, path: []string{"/api/auth/browser"}, body: body})
}

// CreateBrowserToken returns a token for 15 minutes, by the cookie of a web page.
func (c *Client) CreateBrowserToken() (*Token, error) {
	return c.CreateBrowserTokenContext(context.Background())
}

// CreateBrowserTokenContext is [Client.CreateBrowserToken] with a context.
func (c *Client) CreateBrowserTokenContext(ctx context.Context) (*Token, error) {
	return fetch[Token](ctx, c, request{method: http.MethodPost, path: []string{"/api/auth/browser/token"}})
}

// LogoutBrowser ends the log-in of a web page, by its cookie.
func (c *Client) LogoutBrowser() (*Message, error) {
	return c.LogoutBrowserContext(context.Background())
}

// LogoutBrowserContext is [Client.LogoutBrowser] with a context.
func (c *Client) LogoutBrowserContext(ctx context.Context) (*Message, error) {
	return fetch[Message](ctx, c, request{method: http.MethodDelete, path: []string{"/api/auth/browser"}})
}

// RefreshToken exchanges a valid token for a new one.
func (c *Client) RefreshToken() (*Token, error) {
	return c.RefreshTokenContext(context.Background())
}

// RefreshTokenContext is [Client.RefreshToken] with a context.
func (c *Client) RefreshTokenContext(ctx context.Context) (*Token, error) {
	return fetch[Token](ctx, c, request{method: http.MethodPost, path: []string{"/api/auth/refresh"}})
}

// Logout revokes the token of this client.
func (c *Client) Logout() (*Message, error) {
	return c.LogoutContext(context.Background())
}

// LogoutContext is [Client.Logout] with a context.
func (c *Client) LogoutContext(ctx context.Context) (*Message, error) {
	return fetch[Message](ctx, c, request{method: http.MethodPost, path: []string{"/api/auth/logout"}})
}

// ListSessions lists your own log-ins, newest first.
func (c *Client) ListSessions() ([]Session, error) {
	return c.ListSessionsContext(context.Background())
}

// ListSessionsContext is [Client.ListSessions] with a context.
func (c *Client) ListSessionsContext(ctx context.Context) ([]Session, error) {
	var answer SessionList
	err := c.send(ctx, request{method: http.MethodGet, path: []string{"/api/auth/sessions"}}, &answer)
	return answer.Sessions, err
}

// EndSession ends one of your log-ins: revokes its tokens and closes connections that they opened.
func (c *Client) EndSession(id string) (*Message, error) {
	return c.EndSessionContext(context.Background(), id)
}

// EndSessionContext is [Client.EndSession] with a context.
func (c *Client) EndSessionContext(ctx context.Context, id string) (*Message, error) {
	return fetch[Message](ctx, c, request{method: http.MethodDelete, path: []string{"/api/auth/sessions/", id}})
}

// EndSessionsParams are the options of [Client.EndAllSessions].
type EndSessionsParams struct {
	// Whether the log-in of this client's token goes on.
	Others bool
}

func (p EndSessionsParams) query() url.Values {
	query := url.Values{}
	if p.Others {
		query.Set("others", "true")
	}
	return query
}

// EndAllSessions ends your log-ins: all, or all but the one of this client's token.
func (c *Client) EndAllSessions(params ...EndSessionsParams) (*SessionsEnded, error) {
	return c.EndAllSessionsContext(context.Background(), params...)
}

// EndAllSessionsContext is [Client.EndAllSessions] with a context.
func (c *Client) EndAllSessionsContext(ctx context.Context, params ...EndSessionsParams) (*SessionsEnded, error) {
	query := first(params).query()
	return fetch[SessionsEnded](ctx, c, request{method: http.MethodDelete, path: []string{"/api/auth/sessions"}, query: query})
}

// ChangePassword changes your own password, which revokes all your tokens and keys.
func (c *Client) ChangePassword(body ChangePassword) (*Message, error) {
	return c.ChangePasswordContext(context.Background(), body)
}

// ChangePasswordContext is [Client.ChangePassword] with a context.
func (c *Client) ChangePasswordContext(ctx context.Context, body ChangePassword) (*Message, error) {
	return fetch[Message](ctx, c, request{method: http.MethodPut, path: []string{"/api/auth/password"}, body: body})
}

// ListUsers lists all accounts.
func (c *Client) ListUsers() ([]User, error) {
	return c.ListUsersContext(context.Background())
}

// ListUsersContext is [Client.ListUsers] with a context.
func (c *Client) ListUsersContext(ctx context.Context) ([]User, error) {
	var answer UserList
	err := c.send(ctx, request{method: http.MethodGet, path: []string{"/api/users"}}, &answer)
	return answer.Users, err
}

// CreateUser creates an account.
func (c *Client) CreateUser(body CreateUser) (*UserChanged, error) {
	return c.CreateUserContext(context.Background(), body)
}

// CreateUserContext is [Client.CreateUser] with a context.
func (c *Client) CreateUserContext(ctx context.Context, body CreateUser) (*UserChanged, error) {
	return fetch[UserChanged](ctx, c, request{method: http.MethodPost, path: []string{"/api/users"}, body: body})
}

// UpdateUser changes role, password or limits of an account, or disables or enables it.
func (c *Client) UpdateUser(username string, body UpdateUser) (*UserChanged, error) {
	return c.UpdateUserContext(context.Background(), username, body)
}

// UpdateUserContext is [Client.UpdateUser] with a context.
func (c *Client) UpdateUserContext(ctx context.Context, username string, body UpdateUser) (*UserChanged, error) {
	return fetch[UserChanged](ctx, c, request{method: http.MethodPut, path: []string{"/api/users/", username}, body: body})
}

// DeleteUser deletes an account with its keys.
func (c *Client) DeleteUser(username string) (*Message, error) {
	return c.DeleteUserContext(context.Background(), username)
}

// DeleteUserContext is [Client.DeleteUser] with a context.
func (c *Client) DeleteUserContext(ctx context.Context, username string) (*Message, error) {
	return fetch[Message](ctx, c, request{method: http.MethodDelete, path: []string{"/api/users/", username}})
}

// ListUserSessions lists the log-ins of an account, newest first.
func (c *Client) ListUserSessions(username string) ([]Session, error) {
	return c.ListUserSessionsContext(context.Background(), username)
}

// ListUserSessionsContext is [Client.ListUserSessions] with a context.
func (c *Client) ListUserSessionsContext(ctx context.Context, username string) ([]Session, error) {
	var answer SessionList
	err := c.send(ctx, request{method: http.MethodGet, path: []string{"/api/users/", username, "/sessions"}}, &answer)
	return answer.Sessions, err
}

// EndUserSession ends a log-in of an account: revokes its tokens and closes connections that they opened.
func (c *Client) EndUserSession(username, id string) (*Message, error) {
	return c.EndUserSessionContext(context.Background(), username, id)
}

// EndUserSessionContext is [Client.EndUserSession] with a context.
func (c *Client) EndUserSessionContext(ctx context.Context, username, id string) (*Message, error) {
	return fetch[Message](ctx, c, request{method: http.MethodDelete, path: []string{"/api/users/", username, "/sessions/", id}})
}

// EndUserSessions ends all log-ins of an account. Its keys stay valid.
func (c *Client) EndUserSessions(username string) (*SessionsEnded, error) {
	return c.EndUserSessionsContext(context.Background(), username)
}

// EndUserSessionsContext is [Client.EndUserSessions] with a context.
func (c *Client) EndUserSessionsContext(ctx context.Context, username string) (*SessionsEnded, error) {
	return fetch[SessionsEnded](ctx, c, request{method: http.MethodDelete, path: []string{"/api/users/", username, "/sessions"}})
}

// ListKeys lists your own keys; for admins, all keys.
func (c *Client) ListKeys() ([]Key, error) {
	return c.ListKeysContext(context.Background())
}

// ListKeysContext is [Client.ListKeys] with a context.
func (c *Client) ListKeysContext(ctx context.Context) ([]Key, error) {
	var answer KeyList
	err := c.send(ctx, request{method: http.MethodGet, path: []string{"/api/keys"}}, &answer)
	return answer.Keys, err
}

// CreateKey creates a key for a program. Only this answer shows the key.
func (c *Client) CreateKey(body CreateKey) (*KeyCreated, error) {
	return c.CreateKeyContext(context.Background(), body)
}

// CreateKeyContext is [Client.CreateKey] with a context.
func (c *Client) CreateKeyContext(ctx context.Context, body CreateKey) (*KeyCreated, error) {
	return fetch[KeyCreated](ctx, c, request{method: http.MethodPost, path: []string{"/api/keys"}, body: body})
}

// UpdateKey changes the name or the end of a key: your own, or for admins any.
func (c *Client) UpdateKey(id string, body UpdateKey) (*KeyChanged, error) {
	return c.UpdateKeyContext(context.Background(), id, body)
}

// UpdateKeyContext is [Client.UpdateKey] with a context.
func (c *Client) UpdateKeyContext(ctx context.Context, id string, body UpdateKey) (*KeyChanged, error) {
	return fetch[KeyChanged](ctx, c, request{method: http.MethodPut, path: []string{"/api/keys/", id}, body: body})
}

// DeleteKey revokes a key: your own, or for admins any.
func (c *Client) DeleteKey(id string) (*Message, error) {
	return c.DeleteKeyContext(context.Background(), id)
}

// DeleteKeyContext is [Client.DeleteKey] with a context.
func (c *Client) DeleteKeyContext(ctx context.Context, id string) (*Message, error) {
	return fetch[Message](ctx, c, request{method: http.MethodDelete, path: []string{"/api/keys/", id}})
}

// GetAudit returns one page of the audit trail, newest row first; [Client.StreamAudit] returns all of it.
func (c *Client) GetAudit(params ...AuditParams) ([]AuditRow, error) {
	return c.GetAuditContext(context.Background(), params...)
}

// GetAuditContext is [Client.GetAudit] with a context.
func (c *Client) GetAuditContext(ctx context.Context, params ...AuditParams) ([]AuditRow, error) {
	var answer Audit
	err := c.send(ctx, request{method: http.MethodGet, path: []string{"/api/audit"}, query: first(params).query()}, &answer)
	return answer.Audit, err
}

// CreateTicket creates a ticket for one WebSocket, for clients that cannot send a token.
func (c *Client) CreateTicket() (*Ticket, error) {
	return c.CreateTicketContext(context.Background())
}

// CreateTicketContext is [Client.CreateTicket] with a context.
func (c *Client) CreateTicketContext(ctx context.Context) (*Ticket, error) {
	return fetch[Ticket](ctx, c, request{method: http.MethodPost, path: []string{"/api/ws/ticket"}})
}
