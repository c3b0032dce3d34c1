package llamactl

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// ApplyParams are the options of [Client.ApplyFleet].
type ApplyParams struct {
	// Remove instances that the document does not name.
	Prune bool

	// Change nothing; return the steps that would be made.
	DryRun bool
}

func (p ApplyParams) query() url.Values {
	query := url.Values{}
	if p.Prune {
		query.Set("prune", "true")
	}
	if p.DryRun {
		query.Set("dry_run", "true")
	}
	return query
}

// ApplyFleet creates, changes and removes instances to match a document; only changed ones restart.
func (c *Client) ApplyFleet(document Fleet, params ...ApplyParams) (*Applied, error) {
	return c.ApplyFleetContext(context.Background(), document, params...)
}

// ApplyFleetContext is [Client.ApplyFleet] with a context.
func (c *Client) ApplyFleetContext(ctx context.Context, document Fleet, params ...ApplyParams) (*Applied, error) {
	if document.Instances == nil {
		document.Instances = []CreateInstance{}
	}
	return fetch[Applied](ctx, c, request{method: http.MethodPost, path: []string{"/api/apply"}, query: first(params).query(), body: document, isPatient: true})
}

// ApplyFleetText is [Client.ApplyFleet] for the text of a document, in YAML or JSON.
func (c *Client) ApplyFleetText(document []byte, params ...ApplyParams) (*Applied, error) {
	return c.ApplyFleetTextContext(context.Background(), document, params...)
}

// ApplyFleetTextContext is [Client.ApplyFleetText] with a context.
func (c *Client) ApplyFleetTextContext(ctx context.Context, document []byte, params ...ApplyParams) (*Applied, error) {
	return fetch[Applied](ctx, c, request{
		method: http.MethodPost, path: []string{"/api/apply"}, query: first(params).query(),
		content: document, contentType: mediaYAML, isPatient: true,
	})
}

// ExportFleetParams are the options of [Client.ExportFleet].
type ExportFleetParams struct {
	// Only these instances; nil: all.
	Names []string
}

func (p ExportFleetParams) query() url.Values {
	query := url.Values{}
	setText(query, "names", strings.Join(p.Names, ","))
	return query
}

// ExportFleet returns all instances, with their environment, as a document for [Client.ApplyFleet].
func (c *Client) ExportFleet(params ...ExportFleetParams) (*Fleet, error) {
	return c.ExportFleetContext(context.Background(), params...)
}

// ExportFleetContext is [Client.ExportFleet] with a context.
func (c *Client) ExportFleetContext(ctx context.Context, params ...ExportFleetParams) (*Fleet, error) {
	return fetch[Fleet](ctx, c, request{method: http.MethodGet, path: []string{"/api/export"}, query: first(params).query()})
}

// ExportFleetYAML returns the same document as YAML text.
func (c *Client) ExportFleetYAML(params ...ExportFleetParams) (string, error) {
	return c.ExportFleetYAMLContext(context.Background(), params...)
}

// ExportFleetYAMLContext is [Client.ExportFleetYAML] with a context.
func (c *Client) ExportFleetYAMLContext(ctx context.Context, params ...ExportFleetParams) (string, error) {
	got, err := c.read(ctx, request{
		method: http.MethodGet, path: []string{"/api/export"}, query: first(params).query(), header: http.Header{"Accept": {mediaYAML}},
	})
	if err != nil {
		return "", err
	}
	return string(got.body), nil
}
