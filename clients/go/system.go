package llamactl

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// UsageParams are the options of [Client.GetUsage].
type UsageParams struct {
	// What the figures are summed by; empty: by key.
	By UsageGroup

	// How far back; 0: 30 days, which is the most.
	Window time.Duration
}

func (p UsageParams) query() url.Values {
	query := url.Values{}
	setText(query, "by", string(p.By))
	setNumber(query, "window", int64(p.Window.Seconds()))
	return query
}

// ListRequestsParams are the options of [Client.ListRequests].
type ListRequestsParams struct {
	// How many finished requests to return; nil: 50.
	Finished *int

	// Only requests that finished before this one, by Seq, for the next page; 0: the newest.
	BeforeSeq int64

	// Only requests for this instance; empty: all.
	Instance string

	// Only requests of this caller, as Caller names it; empty: all.
	Caller string

	// Only finished requests with this outcome; empty: all.
	Outcome RequestOutcome

	// Only finished requests that took longer; 0: all.
	SlowerThan time.Duration
}

func (p ListRequestsParams) query() url.Values {
	query := url.Values{}
	if p.Finished != nil {
		query.Set("finished", strconv.Itoa(*p.Finished))
	}
	setNumber(query, "before_seq", p.BeforeSeq)
	setText(query, "instance", p.Instance)
	setText(query, "caller", p.Caller)
	setText(query, "outcome", string(p.Outcome))
	if p.SlowerThan > 0 {
		query.Set("slower_than", strconv.FormatFloat(p.SlowerThan.Seconds(), 'f', -1, 64))
	}
	return query
}

// ListEventsParams are the options of [Client.ListEvents].
type ListEventsParams struct {
	// Only events about this instance; empty: all.
	Instance string

	// Only events with a smaller Seq; 0: the newest.
	BeforeSeq int64

	// How many; 0: 100.
	Limit int

	// Only events of this type; empty: all.
	Type EventType
}

func (p ListEventsParams) query() url.Values {
	query := AlertHistoryParams{Instance: p.Instance, BeforeSeq: p.BeforeSeq, Limit: p.Limit}.query()
	setText(query, "type", string(p.Type))
	return query
}

// AlertHistoryParams are the options of [Client.GetAlertHistory].
type AlertHistoryParams struct {
	// Only alerts about this instance; empty: all.
	Instance string

	// Only alerts with a smaller Seq; 0: the newest.
	BeforeSeq int64

	// How many; 0: 100.
	Limit int
}

func (p AlertHistoryParams) query() url.Values {
	query := url.Values{}
	setText(query, "instance", p.Instance)
	setNumber(query, "before_seq", p.BeforeSeq)
	setNumber(query, "limit", int64(p.Limit))
	return query
}

// GetSystemLogsParams are the options of [Client.GetSystemLogs].
type GetSystemLogsParams struct {
	// How many lines; 0: 200.
	Lines int

	// Lines of this level and above; empty: all.
	Level LogLevel

	// Only lines that contain this text; empty: all.
	Q string
}

func (p GetSystemLogsParams) query() url.Values {
	query := url.Values{}
	setNumber(query, "lines", int64(p.Lines))
	setText(query, "level", string(p.Level))
	setText(query, "q", p.Q)
	return query
}

// SearchModelsParams are the options of [Client.SearchModels].
type SearchModelsParams struct {
	// Most repositories; 0: 20.
	Limit int
}

func (p SearchModelsParams) query(words string) url.Values {
	query := url.Values{"q": {words}}
	setNumber(query, "limit", int64(p.Limit))
	return query
}

// ListQuantsParams are the options of [Client.ListQuants].
type ListQuantsParams struct {
	// Branch, tag or commit; empty: main.
	Revision string
}

func (p ListQuantsParams) query(repo string) url.Values {
	query := url.Values{"repo": {repo}}
	setText(query, "revision", p.Revision)
	return query
}

// GetSystemStatus returns the number of instances by status, and resource usage of the machine.
func (c *Client) GetSystemStatus() (*SystemStatus, error) {
	return c.GetSystemStatusContext(context.Background())
}

// GetSystemStatusContext is [Client.GetSystemStatus] with a context.
func (c *Client) GetSystemStatusContext(ctx context.Context) (*SystemStatus, error) {
	return fetch[SystemStatus](ctx, c, request{method: http.MethodGet, path: []string{"/api/system/status"}})
}

// GetSystemStatsParams are the options of [Client.GetSystemStats].
type GetSystemStatsParams struct {
	// How far back; 0: one hour.
	Window time.Duration
}

func (p GetSystemStatsParams) query() url.Values {
	query := url.Values{}
	setNumber(query, "window", int64(p.Window.Seconds()))
	return query
}

// GetSystemStats returns CPU, memory, disk and GPUs of the last hours.
func (c *Client) GetSystemStats(params ...GetSystemStatsParams) (*SystemStats, error) {
	return c.GetSystemStatsContext(context.Background(), params...)
}

// GetSystemStatsContext is [Client.GetSystemStats] with a context.
func (c *Client) GetSystemStatsContext(ctx context.Context, params ...GetSystemStatsParams) (*SystemStats, error) {
	return fetch[SystemStats](ctx, c, request{method: http.MethodGet, path: []string{"/api/system/stats"}, query: first(params).query()})
}

// GetSystemInfo describes the machine and the version of llamactl.
func (c *Client) GetSystemInfo() (*SystemInfo, error) {
	return c.GetSystemInfoContext(context.Background())
}

// GetSystemInfoContext is [Client.GetSystemInfo] with a context.
func (c *Client) GetSystemInfoContext(ctx context.Context) (*SystemInfo, error) {
	return fetch[SystemInfo](ctx, c, request{method: http.MethodGet, path: []string{"/api/system/info"}})
}

// GetSystemAlerts lists the alerts that are raised now.
func (c *Client) GetSystemAlerts() ([]Alert, error) {
	return c.GetSystemAlertsContext(context.Background())
}

// GetSystemAlertsContext is [Client.GetSystemAlerts] with a context.
func (c *Client) GetSystemAlertsContext(ctx context.Context) ([]Alert, error) {
	var answer Alerts
	err := c.send(ctx, request{method: http.MethodGet, path: []string{"/api/system/alerts"}}, &answer)
	return answer.Alerts, err
}

// TestAlerts sends a test alert to each configured receiver now, and returns why a receiver did not take it.
// An empty list: no receiver is configured.
func (c *Client) TestAlerts() ([]TestedReceiver, error) {
	return c.TestAlertsContext(context.Background())
}

// TestAlertsContext is [Client.TestAlerts] with a context.
func (c *Client) TestAlertsContext(ctx context.Context) ([]TestedReceiver, error) {
	var answer AlertTest
	err := c.send(ctx, request{method: http.MethodPost, path: []string{"/api/system/alerts/test"}}, &answer)
	return answer.Receivers, err
}

// ListEvents lists kept events, newest first. [Client.Events] yields new ones.
func (c *Client) ListEvents(params ...ListEventsParams) (*Events, error) {
	return c.ListEventsContext(context.Background(), params...)
}

// ListEventsContext is [Client.ListEvents] with a context.
func (c *Client) ListEventsContext(ctx context.Context, params ...ListEventsParams) (*Events, error) {
	return fetch[Events](ctx, c, request{method: http.MethodGet, path: []string{"/api/events"}, query: first(params).query()})
}

// GetAlertHistory lists alerts that were raised, and when they were cleared; the one that was raised last comes first.
func (c *Client) GetAlertHistory(params ...AlertHistoryParams) (*AlertHistory, error) {
	return c.GetAlertHistoryContext(context.Background(), params...)
}

// GetAlertHistoryContext is [Client.GetAlertHistory] with a context.
func (c *Client) GetAlertHistoryContext(ctx context.Context, params ...AlertHistoryParams) (*AlertHistory, error) {
	return fetch[AlertHistory](ctx, c, request{method: http.MethodGet, path: []string{"/api/system/alerts/history"}, query: first(params).query()})
}

// GetDoctor checks the server's machine, the configuration and the instances for problems; it takes up to 30 seconds.
func (c *Client) GetDoctor() (*Doctor, error) {
	return c.GetDoctorContext(context.Background())
}

// GetDoctorContext is [Client.GetDoctor] with a context.
func (c *Client) GetDoctorContext(ctx context.Context) (*Doctor, error) {
	return fetch[Doctor](ctx, c, request{method: http.MethodGet, path: []string{"/api/system/doctor"}})
}

// GetSystemLogs returns the last lines of llamactl's own log.
func (c *Client) GetSystemLogs(params ...GetSystemLogsParams) (*ServerLog, error) {
	return c.GetSystemLogsContext(context.Background(), params...)
}

// GetSystemLogsContext is [Client.GetSystemLogs] with a context.
func (c *Client) GetSystemLogsContext(ctx context.Context, params ...GetSystemLogsParams) (*ServerLog, error) {
	return fetch[ServerLog](ctx, c, request{method: http.MethodGet, path: []string{"/api/system/logs"}, query: first(params).query()})
}

// ReloadSystem replaces llamactl by a new process with the present configuration. No engine stops, no request is refused.
func (c *Client) ReloadSystem() (*Message, error) {
	return c.ReloadSystemContext(context.Background())
}

// ReloadSystemContext is [Client.ReloadSystem] with a context.
func (c *Client) ReloadSystemContext(ctx context.Context) (*Message, error) {
	return fetch[Message](ctx, c, request{method: http.MethodPost, path: []string{"/api/system/reload"}})
}

// ListEngines lists the engines of the configuration, with program and version.
func (c *Client) ListEngines() ([]Engine, error) {
	return c.ListEnginesContext(context.Background())
}

// ListEnginesContext is [Client.ListEngines] with a context.
func (c *Client) ListEnginesContext(ctx context.Context) ([]Engine, error) {
	var answer EngineList
	err := c.send(ctx, request{method: http.MethodGet, path: []string{"/api/engines"}}, &answer)
	return answer.Engines, err
}

// GetEngineOptions returns the options of the installed engine, from its own help.
func (c *Client) GetEngineOptions(engine string) (*EngineOptionList, error) {
	return c.GetEngineOptionsContext(context.Background(), engine)
}

// GetEngineOptionsContext is [Client.GetEngineOptions] with a context.
func (c *Client) GetEngineOptionsContext(ctx context.Context, engine string) (*EngineOptionList, error) {
	return fetch[EngineOptionList](ctx, c, request{method: http.MethodGet, path: []string{"/api/engines/", engine, "/options"}})
}

// ParseEngineCommand reads settings from a pasted command line, docker run or llama-swap model. It runs and changes nothing.
func (c *Client) ParseEngineCommand(body ParseBody) (*Parsed, error) {
	return c.ParseEngineCommandContext(context.Background(), body)
}

// ParseEngineCommandContext is [Client.ParseEngineCommand] with a context.
func (c *Client) ParseEngineCommandContext(ctx context.Context, body ParseBody) (*Parsed, error) {
	return fetch[Parsed](ctx, c, request{method: http.MethodPost, path: []string{"/api/engines/parse"}, body: body})
}

// ListModels lists the models in the folders of the server.
func (c *Client) ListModels() (*ModelList, error) {
	return c.ListModelsContext(context.Background())
}

// ListModelsContext is [Client.ListModels] with a context.
func (c *Client) ListModelsContext(ctx context.Context) (*ModelList, error) {
	return fetch[ModelList](ctx, c, request{method: http.MethodGet, path: []string{"/api/models"}})
}

// GetModel returns a model with its files, companions, metadata and chat template.
func (c *Client) GetModel(id string) (*ModelDetails, error) {
	return c.GetModelContext(context.Background(), id)
}

// GetModelContext is [Client.GetModel] with a context.
func (c *Client) GetModelContext(ctx context.Context, id string) (*ModelDetails, error) {
	return fetch[ModelDetails](ctx, c, request{method: http.MethodGet, path: []string{"/api/models/", id}})
}

// SearchModels searches the hub for repositories with GGUF files.
func (c *Client) SearchModels(q string, params ...SearchModelsParams) (*ModelSearch, error) {
	return c.SearchModelsContext(context.Background(), q, params...)
}

// SearchModelsContext is [Client.SearchModels] with a context.
func (c *Client) SearchModelsContext(ctx context.Context, q string, params ...SearchModelsParams) (*ModelSearch, error) {
	return fetch[ModelSearch](ctx, c, request{method: http.MethodGet, path: []string{"/api/models/search"}, query: first(params).query(q)})
}

// ListQuants lists the quants of a repository, with their files and whether they fit.
func (c *Client) ListQuants(repo string, params ...ListQuantsParams) (*QuantList, error) {
	return c.ListQuantsContext(context.Background(), repo, params...)
}

// ListQuantsContext is [Client.ListQuants] with a context.
func (c *Client) ListQuantsContext(ctx context.Context, repo string, params ...ListQuantsParams) (*QuantList, error) {
	return fetch[QuantList](ctx, c, request{method: http.MethodGet, path: []string{"/api/models/quants"}, query: first(params).query(repo)})
}

// ListStarters lists models to begin with, for each purpose and size of memory.
func (c *Client) ListStarters() (*StarterList, error) {
	return c.ListStartersContext(context.Background())
}

// ListStartersContext is [Client.ListStarters] with a context.
func (c *Client) ListStartersContext(ctx context.Context) (*StarterList, error) {
	return fetch[StarterList](ctx, c, request{method: http.MethodGet, path: []string{"/api/models/starters"}})
}

// Estimate returns the memory that a model needs with options, and whether it fits now. It starts nothing.
func (c *Client) Estimate(body EstimateRequest) (*Estimate, error) {
	return c.EstimateContext(context.Background(), body)
}

// EstimateContext is [Client.Estimate] with a context.
func (c *Client) EstimateContext(ctx context.Context, body EstimateRequest) (*Estimate, error) {
	return fetch[Estimate](ctx, c, request{method: http.MethodPost, path: []string{"/api/estimate"}, body: body})
}

// CreateDownload downloads a model. It returns the download of these files if there is one, which goes on if it was paused or failed.
func (c *Client) CreateDownload(body CreateDownload) (*Download, error) {
	return c.CreateDownloadContext(context.Background(), body)
}

// CreateDownloadContext is [Client.CreateDownload] with a context.
func (c *Client) CreateDownloadContext(ctx context.Context, body CreateDownload) (*Download, error) {
	return fetch[Download](ctx, c, request{method: http.MethodPost, path: []string{"/api/models/downloads"}, body: body})
}

// ListDownloads lists downloads that wait, run or failed, and those that ended in the last seven days, oldest first.
func (c *Client) ListDownloads() ([]Download, error) {
	return c.ListDownloadsContext(context.Background())
}

// ListDownloadsContext is [Client.ListDownloads] with a context.
func (c *Client) ListDownloadsContext(ctx context.Context) ([]Download, error) {
	var answer DownloadList
	err := c.send(ctx, request{method: http.MethodGet, path: []string{"/api/models/downloads"}}, &answer)
	return answer.Downloads, err
}

// GetDownload returns a download with the progress of its files.
func (c *Client) GetDownload(id string) (*Download, error) {
	return c.GetDownloadContext(context.Background(), id)
}

// GetDownloadContext is [Client.GetDownload] with a context.
func (c *Client) GetDownloadContext(ctx context.Context, id string) (*Download, error) {
	return fetch[Download](ctx, c, request{method: http.MethodGet, path: []string{"/api/models/downloads/", id}})
}

// PauseDownload pauses a download; the bytes that came are kept.
func (c *Client) PauseDownload(id string) (*Download, error) {
	return c.PauseDownloadContext(context.Background(), id)
}

// PauseDownloadContext is [Client.PauseDownload] with a context.
func (c *Client) PauseDownloadContext(ctx context.Context, id string) (*Download, error) {
	return fetch[Download](ctx, c, request{method: http.MethodPost, path: []string{"/api/models/downloads/", id, "/pause"}})
}

// ResumeDownload continues a download that is paused or failed.
func (c *Client) ResumeDownload(id string) (*Download, error) {
	return c.ResumeDownloadContext(context.Background(), id)
}

// ResumeDownloadContext is [Client.ResumeDownload] with a context.
func (c *Client) ResumeDownloadContext(ctx context.Context, id string) (*Download, error) {
	return fetch[Download](ctx, c, request{method: http.MethodPost, path: []string{"/api/models/downloads/", id, "/resume"}})
}

// VerifyModel reads the files of a model, and compares them with the hashes of their source. It has no timeout, because it takes a
// second for each GB.
func (c *Client) VerifyModel(id string) ([]CheckedFile, error) {
	return c.VerifyModelContext(context.Background(), id)
}

// VerifyModelContext is [Client.VerifyModel] with a context.
func (c *Client) VerifyModelContext(ctx context.Context, id string) ([]CheckedFile, error) {
	var answer ModelCheck
	err := c.send(ctx, request{method: http.MethodPost, path: []string{"/api/models/", id, "/verify"}, isPatient: true}, &answer)
	return answer.Files, err
}

// DeleteModel deletes the files of a model that a download made, if no instance uses it.
func (c *Client) DeleteModel(id string) (*Message, error) {
	return c.DeleteModelContext(context.Background(), id)
}

// DeleteModelContext is [Client.DeleteModel] with a context.
func (c *Client) DeleteModelContext(ctx context.Context, id string) (*Message, error) {
	return fetch[Message](ctx, c, request{method: http.MethodDelete, path: []string{"/api/models/", id}})
}

// DeleteDownload cancels a download and removes its incomplete files; a done or cancelled one leaves the list.
func (c *Client) DeleteDownload(id string) (*Message, error) {
	return c.DeleteDownloadContext(context.Background(), id)
}

// DeleteDownloadContext is [Client.DeleteDownload] with a context.
func (c *Client) DeleteDownloadContext(ctx context.Context, id string) (*Message, error) {
	return fetch[Message](ctx, c, request{method: http.MethodDelete, path: []string{"/api/models/downloads/", id}})
}

// GetUsage returns requests and tokens of the last days by key, account or instance: your own; for admins, all.
func (c *Client) GetUsage(params ...UsageParams) (*Usage, error) {
	return c.GetUsageContext(context.Background(), params...)
}

// GetUsageContext is [Client.GetUsage] with a context.
func (c *Client) GetUsageContext(ctx context.Context, params ...UsageParams) (*Usage, error) {
	return fetch[Usage](ctx, c, request{method: http.MethodGet, path: []string{"/api/usage"}, query: first(params).query()})
}

// ListRequests lists requests to engines: all in flight and the last finished ones.
func (c *Client) ListRequests(params ...ListRequestsParams) (*Requests, error) {
	return c.ListRequestsContext(context.Background(), params...)
}

// ListRequestsContext is [Client.ListRequests] with a context.
func (c *Client) ListRequestsContext(ctx context.Context, params ...ListRequestsParams) (*Requests, error) {
	return fetch[Requests](ctx, c, request{method: http.MethodGet, path: []string{"/api/requests"}, query: first(params).query()})
}

// CancelRequest cancels a request of any caller: the engine stops working on it.
func (c *Client) CancelRequest(id string) (*Message, error) {
	return c.CancelRequestContext(context.Background(), id)
}

// CancelRequestContext is [Client.CancelRequest] with a context.
func (c *Client) CancelRequestContext(ctx context.Context, id string) (*Message, error) {
	return fetch[Message](ctx, c, request{method: http.MethodDelete, path: []string{"/api/requests/", id}})
}

// GetMetrics returns metrics in the text format of Prometheus.
func (c *Client) GetMetrics() (string, error) {
	return c.GetMetricsContext(context.Background())
}

// GetMetricsContext is [Client.GetMetrics] with a context.
func (c *Client) GetMetricsContext(ctx context.Context) (string, error) {
	got, err := c.read(ctx, request{method: http.MethodGet, path: []string{"/metrics"}, header: http.Header{"Accept": {"text/plain"}}})
	if err != nil {
		return "", err
	}
	return string(got.body), nil
}

// GetConfig returns the configuration, the source of each value, and changes that wait for a restart.
func (c *Client) GetConfig() (*ConfigView, error) {
	return c.GetConfigContext(context.Background())
}

// GetConfigContext is [Client.GetConfig] with a context.
func (c *Client) GetConfigContext(ctx context.Context) (*ConfigView, error) {
	return fetch[ConfigView](ctx, c, request{method: http.MethodGet, path: []string{"/api/config"}})
}

// UpdateConfig changes a part of the configuration file; it takes effect at the next reload or start.
func (c *Client) UpdateConfig(body ConfigPatch) (*ConfigWritten, error) {
	return c.UpdateConfigContext(context.Background(), body)
}

// UpdateConfigContext is [Client.UpdateConfig] with a context.
func (c *Client) UpdateConfigContext(ctx context.Context, body ConfigPatch) (*ConfigWritten, error) {
	return fetch[ConfigWritten](ctx, c, request{method: http.MethodPut, path: []string{"/api/config"}, body: body})
}

// GetOpenAPI returns the OpenAPI document of the server.
func (c *Client) GetOpenAPI() (json.RawMessage, error) {
	return c.GetOpenAPIContext(context.Background())
}

// GetOpenAPIContext is [Client.GetOpenAPI] with a context.
func (c *Client) GetOpenAPIContext(ctx context.Context) (json.RawMessage, error) {
	var answer json.RawMessage
	err := c.send(ctx, request{method: http.MethodGet, path: []string{"/api/openapi.json"}}, &answer)
	return answer, err
}

// GetLiveness reports whether the process answers.
func (c *Client) GetLiveness() (*Probe, error) {
	return c.GetLivenessContext(context.Background())
}

// GetLivenessContext is [Client.GetLiveness] with a context.
func (c *Client) GetLivenessContext(ctx context.Context) (*Probe, error) {
	return fetch[Probe](ctx, c, request{method: http.MethodGet, path: []string{"/livez"}})
}

// GetReadiness returns ok, or whether the server is starting or stopping, when it accepts no requests.
func (c *Client) GetReadiness() (*Probe, error) {
	return c.GetReadinessContext(context.Background())
}

// GetReadinessContext is [Client.GetReadiness] with a context.
func (c *Client) GetReadinessContext(ctx context.Context) (*Probe, error) {
	return fetch[Probe](ctx, c, request{method: http.MethodGet, path: []string{"/readyz"}, otherStatuses: []int{http.StatusServiceUnavailable}})
}

// GetHealth is the same as [Client.GetReadiness].
func (c *Client) GetHealth() (*Probe, error) {
	return c.GetHealthContext(context.Background())
}

// GetHealthContext is [Client.GetHealth] with a context.
func (c *Client) GetHealthContext(ctx context.Context) (*Probe, error) {
	return fetch[Probe](ctx, c, request{method: http.MethodGet, path: []string{"/health"}, otherStatuses: []int{http.StatusServiceUnavailable}})
}
