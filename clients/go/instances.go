package llamactl

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// ListInstancesParams filters instances.
type ListInstancesParams struct {
	// Only instances with this status; empty: all.
	Status Status
}

// CreateInstanceParams are the options of [Client.CreateInstance].
type CreateInstanceParams struct {
	// Change nothing; Preview of the answer says what would happen.
	DryRun bool
}

// UpdateInstanceParams are the options of [Client.UpdateInstance].
type UpdateInstanceParams struct {
	// The ETag that the settings must still have; otherwise the call fails with [CodePreconditionFailed]. Empty: any.
	IfMatch string

	// Restart the engine now if it runs with other settings.
	Restart bool

	// Change nothing; Preview of the answer says what would happen.
	DryRun bool
}

// StartParams are the options of [Client.StartInstance].
type StartParams struct {
	// Return when the outcome is known instead of at once. The call then has no timeout.
	Wait bool
}

// StopParams are the options of [Client.StopInstance] and [Client.RestartInstance].
type StopParams struct {
	// Kill the engine at once, even while a normal stop drains.
	Force bool

	// How long in-flight requests may take to finish; nil: the default of the configuration.
	Timeout *time.Duration

	// Return when the outcome is known instead of at once. The call then has no timeout.
	Wait bool
}

func (p StopParams) body() any {
	if !p.Force && p.Timeout == nil {
		return nil
	}
	body := StopBody{Force: &p.Force}
	if p.Timeout != nil {
		body.Timeout = Ptr(p.Timeout.Seconds())
	}
	return body
}

// GetInstanceLogsParams filters lines of a log.
type GetInstanceLogsParams struct {
	// Number of lines; 0: 100.
	Lines int

	// Lines of this level and above; empty: all.
	Level LogLevel

	// Only lines after this one; 0: all.
	AfterSeq int64

	// Only lines before this one, the last of them; 0: all. Not with AfterSeq.
	BeforeSeq int64

	// Only lines whose message contains this text, ignoring case; empty: all.
	Text string
}

func (p GetInstanceLogsParams) query() url.Values {
	query := url.Values{}
	setNumber(query, "lines", int64(p.Lines))
	setText(query, "level", string(p.Level))
	setNumber(query, "after_seq", p.AfterSeq)
	setNumber(query, "before_seq", p.BeforeSeq)
	setText(query, "q", p.Text)
	return query
}

// GetInstanceStatsParams are the options of [Client.GetInstanceStats].
type GetInstanceStatsParams struct {
	// How far back; 0: one hour.
	Window time.Duration
}

func (p GetInstanceStatsParams) query() url.Values {
	query := url.Values{}
	setNumber(query, "window", int64(p.Window.Seconds()))
	return query
}

// ListInstances lists all instances, oldest first.
func (c *Client) ListInstances(params ...ListInstancesParams) ([]InstanceSummary, error) {
	return c.ListInstancesContext(context.Background(), params...)
}

// ListInstancesContext is [Client.ListInstances] with a context.
func (c *Client) ListInstancesContext(ctx context.Context, params ...ListInstancesParams) ([]InstanceSummary, error) {
	query := url.Values{}
	setText(query, "status", string(first(params).Status))
	var answer InstanceList
	err := c.send(ctx, request{method: http.MethodGet, path: []string{"/api/instances"}, query: query}, &answer)
	return answer.Instances, err
}

// GetInstance returns an instance with all its fields.
func (c *Client) GetInstance(name string) (*Instance, error) {
	return c.GetInstanceContext(context.Background(), name)
}

// GetInstanceContext is [Client.GetInstance] with a context.
func (c *Client) GetInstanceContext(ctx context.Context, name string) (*Instance, error) {
	return fetch[Instance](ctx, c, request{method: http.MethodGet, path: []string{"/api/instances/", name}})
}

// CreateInstance creates an instance; it does not start it.
func (c *Client) CreateInstance(body CreateInstance, params ...CreateInstanceParams) (*InstanceCreated, error) {
	return c.CreateInstanceContext(context.Background(), body, params...)
}

// CreateInstanceContext is [Client.CreateInstance] with a context.
func (c *Client) CreateInstanceContext(ctx context.Context, body CreateInstance, params ...CreateInstanceParams) (*InstanceCreated, error) {
	query := url.Values{}
	if first(params).DryRun {
		query.Set("dry_run", "true")
	}
	return fetch[InstanceCreated](ctx, c, request{method: http.MethodPost, path: []string{"/api/instances"}, query: query, body: body})
}

// UpdateInstance changes settings: [Set] gives a value, [Remove] restores the default. A running engine keeps its
// settings until it restarts.
func (c *Client) UpdateInstance(name string, body UpdateInstance, params ...UpdateInstanceParams) (*InstanceUpdated, error) {
	return c.UpdateInstanceContext(context.Background(), name, body, params...)
}

// UpdateInstanceContext is [Client.UpdateInstance] with a context.
func (c *Client) UpdateInstanceContext(ctx context.Context, name string, body UpdateInstance, params ...UpdateInstanceParams) (*InstanceUpdated, error) {
	p := first(params)
	query, header := url.Values{}, http.Header{}
	if p.Restart {
		query.Set("apply", "restart")
	}
	if p.DryRun {
		query.Set("dry_run", "true")
	}
	if p.IfMatch != "" {
		header.Set("If-Match", p.IfMatch)
	}
	return fetch[InstanceUpdated](ctx, c, request{method: http.MethodPut, path: []string{"/api/instances/", name}, query: query, header: header, body: body})
}

// RenameInstance gives an instance another name, in any state. Its logs, statistics and keys follow, and its engine
// runs on.
func (c *Client) RenameInstance(name, newName string) (*InstanceUpdated, error) {
	return c.RenameInstanceContext(context.Background(), name, newName)
}

// RenameInstanceContext is [Client.RenameInstance] with a context.
func (c *Client) RenameInstanceContext(ctx context.Context, name, newName string) (*InstanceUpdated, error) {
	return fetch[InstanceUpdated](ctx, c, request{method: http.MethodPost, path: []string{"/api/instances/", name, "/rename"}, body: RenameInstance{Name: newName}})
}

// DeleteInstance deletes an instance that does not run; it waits for a stop in progress.
func (c *Client) DeleteInstance(name string) (*Message, error) {
	return c.DeleteInstanceContext(context.Background(), name)
}

// DeleteInstanceContext is [Client.DeleteInstance] with a context.
func (c *Client) DeleteInstanceContext(ctx context.Context, name string) (*Message, error) {
	return fetch[Message](ctx, c, request{method: http.MethodDelete, path: []string{"/api/instances/", name}, isPatient: true})
}

// StartInstance starts an instance. With Wait, a failed start returns [CodeStartFailed] and the reason.
func (c *Client) StartInstance(name string, params ...StartParams) (*Lifecycle, error) {
	return c.StartInstanceContext(context.Background(), name, params...)
}

// StartInstanceContext is [Client.StartInstance] with a context.
func (c *Client) StartInstanceContext(ctx context.Context, name string, params ...StartParams) (*Lifecycle, error) {
	return fetch[Lifecycle](ctx, c, command(name, "/start", first(params).Wait, nil))
}

// StopInstance stops an instance; in-flight requests may finish first.
func (c *Client) StopInstance(name string, params ...StopParams) (*Lifecycle, error) {
	return c.StopInstanceContext(context.Background(), name, params...)
}

// StopInstanceContext is [Client.StopInstance] with a context.
func (c *Client) StopInstanceContext(ctx context.Context, name string, params ...StopParams) (*Lifecycle, error) {
	p := first(params)
	return fetch[Lifecycle](ctx, c, command(name, "/stop", p.Wait, p.body()))
}

// RestartInstance stops an instance, then starts it; it starts a stopped one.
func (c *Client) RestartInstance(name string, params ...StopParams) (*Lifecycle, error) {
	return c.RestartInstanceContext(context.Background(), name, params...)
}

// RestartInstanceContext is [Client.RestartInstance] with a context.
func (c *Client) RestartInstanceContext(ctx context.Context, name string, params ...StopParams) (*Lifecycle, error) {
	p := first(params)
	return fetch[Lifecycle](ctx, c, command(name, "/restart", p.Wait, p.body()))
}

// GetInstanceHealth probes the engine now.
func (c *Client) GetInstanceHealth(name string) (*Health, error) {
	return c.GetInstanceHealthContext(context.Background(), name)
}

// GetInstanceHealthContext is [Client.GetInstanceHealth] with a context.
func (c *Client) GetInstanceHealthContext(ctx context.Context, name string) (*Health, error) {
	return fetch[Health](ctx, c, request{method: http.MethodGet, path: []string{"/api/instances/", name, "/health"}})
}

// GetInstanceLogs returns the last lines of output, across runs and rotations; [Client.FollowLogs] continues with new ones.
func (c *Client) GetInstanceLogs(name string, params ...GetInstanceLogsParams) (*Logs, error) {
	return c.GetInstanceLogsContext(context.Background(), name, params...)
}

// GetInstanceLogsContext is [Client.GetInstanceLogs] with a context.
func (c *Client) GetInstanceLogsContext(ctx context.Context, name string, params ...GetInstanceLogsParams) (*Logs, error) {
	return fetch[Logs](ctx, c, request{method: http.MethodGet, path: []string{"/api/instances/", name, "/logs"}, query: first(params).query()})
}

// GetInstanceStats returns memory, CPU, I/O and requests of the last hours.
func (c *Client) GetInstanceStats(name string, params ...GetInstanceStatsParams) (*StatsHistory, error) {
	return c.GetInstanceStatsContext(context.Background(), name, params...)
}

// GetInstanceStatsContext is [Client.GetInstanceStats] with a context.
func (c *Client) GetInstanceStatsContext(ctx context.Context, name string, params ...GetInstanceStatsParams) (*StatsHistory, error) {
	return fetch[StatsHistory](ctx, c, request{method: http.MethodGet, path: []string{"/api/instances/", name, "/stats"}, query: first(params).query()})
}

// GetInstanceWhy explains the state of an instance: the cause, the evidence, and what helps. It probes the engine.
func (c *Client) GetInstanceWhy(name string) (*Why, error) {
	return c.GetInstanceWhyContext(context.Background(), name)
}

// GetInstanceWhyContext is [Client.GetInstanceWhy] with a context.
func (c *Client) GetInstanceWhyContext(ctx context.Context, name string) (*Why, error) {
	return fetch[Why](ctx, c, request{method: http.MethodGet, path: []string{"/api/instances/", name, "/why"}})
}

// GetFleetStatsParams are the options of [Client.GetFleetStats].
type GetFleetStatsParams struct {
	// How far back; 0: 15 minutes.
	Window time.Duration

	// How many steps; 0: 60.
	Points int
}

func (p GetFleetStatsParams) query() url.Values {
	query := url.Values{}
	setNumber(query, "window", int64(p.Window.Seconds()))
	setNumber(query, "points", int64(p.Points))
	return query
}

// GetFleetStats returns resources and requests of all instances over time, in equal steps.
func (c *Client) GetFleetStats(params ...GetFleetStatsParams) (*FleetStats, error) {
	return c.GetFleetStatsContext(context.Background(), params...)
}

// GetFleetStatsContext is [Client.GetFleetStats] with a context.
func (c *Client) GetFleetStatsContext(ctx context.Context, params ...GetFleetStatsParams) (*FleetStats, error) {
	return fetch[FleetStats](ctx, c, request{method: http.MethodGet, path: []string{"/api/stats"}, query: first(params).query()})
}

// EstimateInstance returns the memory that an instance needs, also with other options, and whether it fits now.
func (c *Client) EstimateInstance(name string, body InstanceEstimateRequest) (*Estimate, error) {
	return c.EstimateInstanceContext(context.Background(), name, body)
}

// EstimateInstanceContext is [Client.EstimateInstance] with a context.
func (c *Client) EstimateInstanceContext(ctx context.Context, name string, body InstanceEstimateRequest) (*Estimate, error) {
	return fetch[Estimate](ctx, c, request{method: http.MethodPost, path: []string{"/api/instances/", name, "/estimate"}, body: body})
}

// StartAllInstances starts all stopped and failed instances, or only the named ones of them.
func (c *Client) StartAllInstances(names ...string) (*BatchResult, error) {
	return c.StartAllInstancesContext(context.Background(), names...)
}

// StartAllInstancesContext is [Client.StartAllInstances] with a context.
func (c *Client) StartAllInstancesContext(ctx context.Context, names ...string) (*BatchResult, error) {
	return fetch[BatchResult](ctx, c, batch("/api/instances/start-all", names))
}

// StopAllInstances stops all instances that run, start or restart, or only the named ones of them.
func (c *Client) StopAllInstances(names ...string) (*BatchResult, error) {
	return c.StopAllInstancesContext(context.Background(), names...)
}

// StopAllInstancesContext is [Client.StopAllInstances] with a context.
func (c *Client) StopAllInstancesContext(ctx context.Context, names ...string) (*BatchResult, error) {
	return fetch[BatchResult](ctx, c, batch("/api/instances/stop-all", names))
}

// RestartAllInstances restarts the named instances; it starts stopped ones.
func (c *Client) RestartAllInstances(names ...string) (*BatchResult, error) {
	return c.RestartAllInstancesContext(context.Background(), names...)
}

// RestartAllInstancesContext is [Client.RestartAllInstances] with a context.
func (c *Client) RestartAllInstancesContext(ctx context.Context, names ...string) (*BatchResult, error) {
	return fetch[BatchResult](ctx, c, request{method: http.MethodPost, path: []string{"/api/instances/restart-all"}, body: NamedBody{Names: names}})
}

// DeleteAllInstances deletes the named instances that do not run; it waits for stops in progress.
func (c *Client) DeleteAllInstances(names ...string) (*BatchResult, error) {
	return c.DeleteAllInstancesContext(context.Background(), names...)
}

// DeleteAllInstancesContext is [Client.DeleteAllInstances] with a context.
func (c *Client) DeleteAllInstancesContext(ctx context.Context, names ...string) (*BatchResult, error) {
	return fetch[BatchResult](ctx, c, request{method: http.MethodPost, path: []string{"/api/instances/delete-all"}, body: NamedBody{Names: names}, isPatient: true})
}

// command returns the request of a command that can wait for its outcome.
func command(name, verb string, wait bool, body any) request {
	query := url.Values{}
	if wait {
		query.Set("wait", "true")
	}
	return request{method: http.MethodPost, path: []string{"/api/instances/", name, verb}, query: query, body: body, isPatient: wait}
}

func batch(path string, names []string) request {
	r := request{method: http.MethodPost, path: []string{path}}
	if len(names) > 0 {
		r.body = NamesBody{Names: names}
	}
	return r
}

// fetch sends a request and returns its answer.
func fetch[Result any](ctx context.Context, c *Client, r request) (*Result, error) {
	var answer Result
	if err := c.send(ctx, r, &answer); err != nil {
		return nil, err
	}
	return &answer, nil
}

// first returns the optional parameters, or empty ones.
func first[Params any](given []Params) Params {
	if len(given) > 0 {
		return given[0]
	}
	var none Params
	return none
}

func setText(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}

func setNumber(query url.Values, name string, value int64) {
	if value != 0 {
		query.Set(name, strconv.FormatInt(value, 10))
	}
}
