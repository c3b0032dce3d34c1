package llamactl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
)

// StreamAudit yields the whole audit trail, newest row first; [Client.GetAudit] returns one page of it. Only one chunk of
// it is in memory at a time.
func (c *Client) StreamAudit(params ...AuditParams) iter.Seq2[AuditRow, error] {
	return c.StreamAuditContext(context.Background(), params...)
}

// StreamAuditContext is [Client.StreamAudit] with a context.
func (c *Client) StreamAuditContext(ctx context.Context, params ...AuditParams) iter.Seq2[AuditRow, error] {
	return stream(func(yield func(AuditRow) error) error {
		answer, err := c.open(ctx, request{
			method: http.MethodGet, path: []string{"/api/audit"}, query: first(params).query(),
			header: http.Header{"Accept": {mediaLines}},
		}, mediaLines)
		if err != nil {
			return err
		}
		defer answer.close()
		lines := newLinesOf(answer, c.timeout)
		for {
			line, err := lines.next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			var row AuditRow
			if err := json.Unmarshal(line, &row); err != nil {
				said := fmt.Sprintf("%s sent something that is no row: %s", answer.url, excerpt(line))
				return &ProtocolError{Message: said, URL: answer.url, Err: err}
			}
			if err := yield(row); err != nil {
				return err
			}
		}
	})
}
