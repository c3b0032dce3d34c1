// Code generated from contract/ by npm run generate. DO NOT EDIT.

package llamactl

import "time"

type ActiveRequest struct {
	// Its `X-Request-Id`; with `~` and a number behind it where another one has the same.
	ID string `json:"id"`

	// Who made it: `user:NAME`, `key:ID (NAME)` or `anonymous`; nil for viewers, unless it is their own.
	Caller *string `json:"caller"`

	// nil: none has been found for it yet, or none has this name.
	Instance *string `json:"instance"`

	// As it was asked for, at most 200 characters; nil: asked for by name, under `/proxy`.
	Model *string `json:"model"`

	// `v1`: the gateway; `proxy`: the pass-through of the instance. One of v1, proxy.
	Door string `json:"door"`

	Method string `json:"method"`

	// As the engine gets it, without the query, at most 200 characters.
	Path string `json:"path"`

	// When it was known what it is for: its body had come as far as that takes.
	StartedAt time.Time `json:"started_at"`

	// Seconds until an engine had it, the last one if its engine died and it was sent again; nil: none has it now.
	Waited *float64 `json:"waited"`

	// The answer comes in events, or over a WebSocket; nil: not known yet.
	Stream *bool `json:"stream"`

	// Seconds from `started_at`, waiting included; nil: nothing came yet, or the answer is no stream.
	TimeToFirstToken *float64 `json:"time_to_first_token"`

	// Of the prompt, cached ones too, as the engine told; nil: it did not.
	TokensIn *int `json:"tokens_in"`

	// Generated so far, as the engine told, else as counted.
	TokensOut *int `json:"tokens_out"`

	// `tokens_out` is counted in pieces of the stream: the engine did not tell.
	TokensEstimated bool `json:"tokens_estimated"`

	// From the first to the last that came; nil: not enough came, or no stream.
	TokensPerSecond *float64 `json:"tokens_per_second"`

	// Of the answer’s body, so far.
	BytesOut int64 `json:"bytes_out"`

	// `starting`: waits until the instance runs; `queued`: until it is its turn; `processing`: the engine has it;
	// `streaming`: the answer comes.
	Phase RequestPhase `json:"phase"`
}

type Alert struct {
	Level AlertLevel `json:"level"`

	// What kind; stable.
	Code string `json:"code"`

	// What is wrong and what would help, for a person.
	Message string `json:"message"`

	// Whose it is; absent: the whole system.
	Instance string `json:"instance,omitzero"`

	RaisedAt time.Time `json:"raised_at"`
}

type AlertLevel string

const (
	AlertLevelWarning AlertLevel = "warning"
	AlertLevelError   AlertLevel = "error"
)

type AlertState string

const (
	AlertStateRaised  AlertState = "raised"
	AlertStateCleared AlertState = "cleared"
)

type Alerts struct {
	Alerts []Alert `json:"alerts"`
}

type Applied struct {
	Message string `json:"message"`

	// Nothing was changed: these are the steps that would be made.
	DryRun bool `json:"dry_run"`

	// In the order of the document, then what is removed.
	Results []FleetStep `json:"results"`
}

type Audit struct {
	// Newest first.
	Audit []AuditRow `json:"audit"`
}

type AuditRow struct {
	Seq       int64     `json:"seq"`
	Timestamp time.Time `json:"timestamp"`

	// `user:NAME`, `key:ID (NAME)`, or `anonymous`.
	Subject string `json:"subject"`

	// Where the request came from.
	Address string `json:"address"`

	// The id of the operation: `createInstance`.
	Action string `json:"action"`

	// The instance, user or key it was about.
	Target *string `json:"target"`

	// Of the answer.
	Status int `json:"status"`

	RequestID string `json:"request_id"`
}

type BatchResult struct {
	Message string      `json:"message"`
	Results []BatchStep `json:"results"`
}

type BatchStep struct {
	Name string `json:"name"`

	// nil when no such instance exists.
	Status *Status `json:"status"`

	Error string `json:"error,omitzero"`
}

type ChangePassword struct {
	CurrentPassword string `json:"current_password"`
	NewPassword     string `json:"new_password"`
}

type Code string

const (
	// The request is malformed or breaks a rule; `errors` lists every problem. With status 408 it never came whole.
	CodeValidationError Code = "VALIDATION_ERROR"

	// The body is not valid JSON.
	CodeInvalidJSON Code = "INVALID_JSON"

	// llamactl sets this option itself.
	CodeReservedOption Code = "RESERVED_OPTION"

	// The option can run code or read files; it needs `security.allow_privileged: true` in the configuration file.
	CodePrivilegedOption Code = "PRIVILEGED_OPTION"

	// Credentials are missing or not known.
	CodeUnauthorized Code = "UNAUTHORIZED"

	// The user name or the password is wrong.
	CodeInvalidCredentials Code = "INVALID_CREDENTIALS"

	// The token is no longer valid; log in again.
	CodeTokenExpired Code = "TOKEN_EXPIRED"

	// This caller, host or origin may not do that.
	CodeForbidden Code = "FORBIDDEN"

	// Nothing answers at this path.
	CodeNotFound Code = "NOT_FOUND"

	// No instance has this name.
	CodeInstanceNotFound Code = "INSTANCE_NOT_FOUND"

	// The path exists, the method does not; `Allow` lists those that do.
	CodeMethodNotAllowed Code = "METHOD_NOT_ALLOWED"

	// Another instance has this name (names ignore case).
	CodeInstanceExists Code = "INSTANCE_EXISTS"

	// The instance has to be stopped first.
	CodeInstanceRunning Code = "INSTANCE_RUNNING"

	// The instance has to run first.
	CodeInstanceNotRunning Code = "INSTANCE_NOT_RUNNING"

	// Another instance has this name or alias.
	CodeAliasConflict Code = "ALIAS_CONFLICT"

	// The port belongs to another instance, a live run or llamactl itself, or the range is used up.
	CodePortConflict Code = "PORT_CONFLICT"

	// A process that is not ours listens on the port.
	CodePortInUse Code = "PORT_IN_USE"

	// The model file, or a part of it, is not there, or is no model.
	CodeModelNotFound Code = "MODEL_NOT_FOUND"

	// The engine's program is not there or cannot be executed; `llamactl doctor` looks for it, `llamactl quickstart`
	// gets a llama-server.
	CodeEngineNotFound Code = "ENGINE_NOT_FOUND"

	// Authentication is off, so there is nobody to log in.
	CodeAuthDisabled Code = "AUTH_DISABLED"

	// An environment variable or a flag sets this key to another value.
	CodeConfigPinned Code = "CONFIG_PINNED"

	// The configuration file cannot be written.
	CodeConfigReadOnly Code = "CONFIG_READ_ONLY"

	// No slot is free and none can be freed; under `/v1` with status 503 also: there is no memory for the body.
	CodeCapacityExceeded Code = "CAPACITY_EXCEEDED"

	// The instance has changed since the `ETag` in `If-Match` was read.
	CodePreconditionFailed Code = "PRECONDITION_FAILED"

	// The body, or with status 431 the header, is larger than is read.
	CodePayloadTooLarge Code = "PAYLOAD_TOO_LARGE"

	// The URL is longer than is read.
	CodeURITooLong Code = "URI_TOO_LONG"

	// The body has to be `application/json`; for `POST /api/apply` YAML will do too.
	CodeUnsupportedMediaType Code = "UNSUPPORTED_MEDIA_TYPE"

	// A limit of the caller is used up: requests at once, or requests or tokens of a minute; `Retry-After` says when
	// to try again.
	CodeRateLimited Code = "RATE_LIMITED"

	// An operator ended the request to the engine before it was answered.
	CodeRequestCancelled Code = "REQUEST_CANCELLED"

	// A fault of llamactl; the log has the details under the `request_id`.
	CodeInternalError Code = "INTERNAL_ERROR"

	// The engine did not become ready; `reason` says why.
	CodeStartFailed Code = "START_FAILED"

	// llamactl is stopping or has not finished starting.
	CodeShuttingDown Code = "SHUTTING_DOWN"
)

type Config struct {
	Server ConfigServer `json:"server"`

	// State, logs and secrets; mode 0700.
	DataDir string `json:"data_dir"`

	Auth      ConfigAuth              `json:"auth"`
	Security  ConfigSecurity          `json:"security"`
	RateLimit ConfigRateLimit         `json:"rate_limit"`
	Instances ConfigInstances         `json:"instances"`
	Groups    map[string]ConfigGroup  `json:"groups"`
	Engines   map[string]ConfigEngine `json:"engines"`
	Models    ConfigModels            `json:"models"`
	Logs      ConfigLogs              `json:"logs"`
	Stats     ConfigStats             `json:"stats"`
	Gateway   ConfigGateway           `json:"gateway"`
	Alerts    ConfigAlerts            `json:"alerts"`
}

type ConfigAlerts struct {
	Webhook string   `json:"webhook"`
	Command []string `json:"command"`
}

type ConfigAuth struct {
	Enabled bool `json:"enabled"`

	// Seconds, or a number with s, m, h or d.
	TokenTTL any `json:"token_ttl"`

	// Seconds, or a number with s, m, h or d.
	SessionTTL any `json:"session_ttl"`

	// One of required, open.
	Inference string `json:"inference"`
}

type ConfigEngine struct {
	// Program; `${HOST}`, `${PORT}`, `${MODEL_PATH}` and `${NAME}` are filled in.
	Command string `json:"command"`

	// The same are filled in, and `${API_KEY}`: the random key of the run.
	Args []string `json:"args"`

	Environment map[string]string `json:"environment"`
	Kind        string            `json:"kind,omitzero"`
	HealthPath  string            `json:"health_path,omitzero"`

	// Variable in which the engine takes the random key of each run.
	APIKeyEnv string `json:"api_key_env,omitzero"`
}

type ConfigGateway struct {
	LoadingKeepalive float64 `json:"loading_keepalive"`
	AliasesInModels  bool    `json:"aliases_in_models"`
	BodyMemoryMB     float64 `json:"body_memory_mb"`

	// Per client address without an account; 0: no limit.
	MaxInFlight int `json:"max_in_flight"`

	// Per client address without an account; 0: no limit.
	RequestsPerMinute int `json:"requests_per_minute"`

	// Per client address without an account; 0: no limit.
	TokensPerMinute int `json:"tokens_per_minute"`
}

type ConfigGroup struct {
	MaxRunning *int  `json:"max_running,omitzero"`
	Exclusive  *bool `json:"exclusive,omitzero"`
	Pinned     *bool `json:"pinned,omitzero"`
}

type ConfigInstances struct {
	// Ports for instances that name none.
	PortRange [2]int `json:"port_range"`

	// 0: no limit.
	MaxRunning int `json:"max_running"`

	// Seconds; 0: never.
	IdleTimeout float64 `json:"idle_timeout"`

	// Seconds without any sign of progress (output, memory, CPU time, bytes read) before a start is given up.
	StartTimeout float64 `json:"start_timeout"`

	// Seconds that requests in flight may take to finish.
	StopTimeout float64 `json:"stop_timeout"`

	AutoRestart bool `json:"auto_restart"`
	MaxRestarts int  `json:"max_restarts"`
}

type ConfigLogs struct {
	MaxSizeMB  float64 `json:"max_size_mb"`
	MaxTotalMB float64 `json:"max_total_mb"`
}

type ConfigModels struct {
	Dirs       []string `json:"dirs"`
	HFEndpoint string   `json:"hf_endpoint"`
	HFToken    string   `json:"hf_token"`
}

// ConfigPatch: A part of the configuration. `"***"` leaves a secret alone, `null` goes back to the default.
type ConfigPatch map[string]any

type ConfigRateLimit struct {
	Enabled   bool `json:"enabled"`
	Regular   int  `json:"regular"`
	Intensive int  `json:"intensive"`
}

type ConfigSecurity struct {
	// Allow options that run code or read files, and any environment variable; let requests change engines.*,
	// alerts.command, data_dir and models.dirs. Only from the file.
	AllowPrivileged bool `json:"allow_privileged"`
}

type ConfigServer struct {
	// Address to listen on; other than loopback needs auth.enabled.
	Host string `json:"host"`

	Port      int    `json:"port"`
	BasePath  string `json:"base_path"`
	PublicURL string `json:"public_url"`

	// More host names under which browsers may reach us.
	AllowedHosts []string `json:"allowed_hosts"`

	AllowedOrigins []string `json:"allowed_origins"`
	TrustedProxies []string `json:"trusted_proxies"`
}

type ConfigSource struct {
	// One of default, file, environment, flag.
	From string `json:"from"`

	// The variable or the flag.
	Name string `json:"name,omitzero"`

	// In the file.
	Line *int `json:"line,omitzero"`
}

type ConfigStats struct {
	Interval float64 `json:"interval"`
}

type ConfigView struct {
	// As it is written now and holds from the next reload or start; secrets are `"***"`.
	Config Config `json:"config"`

	// By dotted key: `server.port`.
	Sources map[string]ConfigSource `json:"sources"`

	// Path of the configuration file; nil: there is none.
	File *string `json:"file"`

	// The running llamactl was started with other values.
	RestartRequired bool `json:"restart_required"`

	// The keys that differ.
	Pending []string `json:"pending"`

	// Why the file as it is now could not be used; then `config` is what llamactl runs with.
	Problem string `json:"problem,omitzero"`
}

type ConfigWritten struct {
	Message         string `json:"message"`
	RestartRequired bool   `json:"restart_required"`

	// The keys that this request changed.
	Changed []string `json:"changed"`

	Config Config `json:"config"`
}

type CreateInstance struct {
	// Unique without regard to case; cannot be changed.
	Name string `json:"name"`

	// `llama_cpp`, `custom`, or the name of a custom engine of the configuration.
	Engine string `json:"engine,omitzero"`

	// The model file; it may appear later, but must be there to start.
	ModelPath string `json:"model_path,omitzero"`

	// Left out: one is taken from `instances.port_range`.
	Port int `json:"port,omitzero"`

	Options EngineOptions `json:"options,omitzero"`

	// Passed to the engine as they are, last: they win over `options`.
	ExtraArgs []string `json:"extra_args,omitzero"`

	// Set for the engine. `"***"` in an update leaves the stored value alone.
	Environment map[string]string `json:"environment,omitzero"`

	// Replaces the engine's command. Privileged.
	Command []string `json:"command,omitzero"`

	// Answers 200 when the engine is ready. Default `/health`.
	HealthPath string `json:"health_path,omitzero"`

	// More names under which `/v1` finds the instance.
	Aliases []string `json:"aliases,omitzero"`

	// Not shown by `GET /v1/models`.
	Unlisted *bool `json:"unlisted,omitzero"`

	// Revive a run that the user wanted after the machine was rebooted.
	AutoStart *bool `json:"auto_start,omitzero"`

	// Restart a run that was ready and died. Default: `instances.auto_restart`.
	AutoRestart *bool `json:"auto_restart,omitzero"`

	// Restarts in a row before `failed`; -1: for ever. Default: `instances.max_restarts`.
	MaxRestarts *int `json:"max_restarts,omitzero"`

	// The first request under `/v1` starts it when it is stopped. Default true.
	OnDemand *bool `json:"on_demand,omitzero"`

	// Seconds without a request after which it is stopped; 0: never. Default: `instances.idle_timeout`.
	IdleTimeout *float64 `json:"idle_timeout,omitzero"`

	// Never stopped to make room for another, nor for idleness.
	Pinned *bool `json:"pinned,omitzero"`

	// Its limits stand in the configuration under `groups`.
	Group string `json:"group,omitzero"`

	// Requests at once; the others wait. Default: no limit.
	Concurrency int `json:"concurrency,omitzero"`

	// Requests that may wait; one more is refused. Default 1 000.
	QueueLimit *int `json:"queue_limit,omitzero"`

	// What the engine is told as `model` instead of what was asked for.
	UpstreamModel string `json:"upstream_model,omitzero"`

	// Fields that a JSON body under `/v1` gets when it lacks them.
	RequestDefaults map[string]any `json:"request_defaults,omitzero"`

	// Fields that are taken out of JSON bodies under `/v1`.
	RequestStrip []string `json:"request_strip,omitzero"`

	// Prompts of one request are not cached for another, so that callers cannot find out what others asked. Engine
	// `llama_cpp` only. Default false.
	Isolated *bool `json:"isolated,omitzero"`
}

type CreateKey struct {
	Name string `json:"name"`

	// Default `["inference"]`. A role at most as high as your own.
	Scopes []Scope `json:"scopes,omitzero"`

	// Only these instances, by name. Default all.
	Instances []string `json:"instances,omitzero"`

	// Default true.
	MayStart *bool `json:"may_start,omitzero"`

	// Default never.
	ExpiresAt time.Time `json:"expires_at,omitzero"`

	// For admins: whose it is. Default your own.
	Owner string `json:"owner,omitzero"`

	// Requests to `/v1` at once, those that wait for an engine included; 0: no limit.
	MaxInFlight *int `json:"max_in_flight,omitzero"`

	// Requests to `/v1` in any 60 seconds; 0: no limit.
	RequestsPerMinute *int `json:"requests_per_minute,omitzero"`

	// Tokens of prompts and answers in any 60 seconds, counted when an answer ends; 0: no limit.
	TokensPerMinute *int `json:"tokens_per_minute,omitzero"`
}

type CreateUser struct {
	// Unique without regard to case; cannot be changed.
	Username string `json:"username"`

	Password string `json:"password"`
	Role     Role   `json:"role"`

	// Requests to `/v1` at once, those that wait for an engine included; 0: no limit.
	MaxInFlight *int `json:"max_in_flight,omitzero"`

	// Requests to `/v1` in any 60 seconds; 0: no limit.
	RequestsPerMinute *int `json:"requests_per_minute,omitzero"`

	// Tokens of prompts and answers in any 60 seconds, counted when an answer ends; 0: no limit.
	TokensPerMinute *int `json:"tokens_per_minute,omitzero"`
}

// EngineOptions: The engine's own long flags in snake_case. `false` becomes `--no-x` where the engine has it;
// lists repeat the flag.
type EngineOptions map[string]any

type EventType string

const (
	EventTypeInstanceStatusChanged EventType = "instance_status_changed"
	EventTypeInstanceStatsUpdated  EventType = "instance_stats_updated"
	EventTypeInstanceCreated       EventType = "instance_created"
	EventTypeInstanceUpdated       EventType = "instance_updated"
	EventTypeInstanceDeleted       EventType = "instance_deleted"
	EventTypeSystemAlert           EventType = "system_alert"
	EventTypeDownloadProgress      EventType = "download_progress"
	EventTypeGap                   EventType = "gap"
)

type FinishedRequest struct {
	// Its `X-Request-Id`; with `~` and a number behind it where another one has the same.
	ID string `json:"id"`

	// Who made it: `user:NAME`, `key:ID (NAME)` or `anonymous`; nil for viewers, unless it is their own.
	Caller *string `json:"caller"`

	// nil: none has been found for it yet, or none has this name.
	Instance *string `json:"instance"`

	// As it was asked for, at most 200 characters; nil: asked for by name, under `/proxy`.
	Model *string `json:"model"`

	// `v1`: the gateway; `proxy`: the pass-through of the instance. One of v1, proxy.
	Door string `json:"door"`

	Method string `json:"method"`

	// As the engine gets it, without the query, at most 200 characters.
	Path string `json:"path"`

	// When it was known what it is for: its body had come as far as that takes.
	StartedAt time.Time `json:"started_at"`

	// Seconds until an engine had it, the last one if its engine died and it was sent again; nil: none has it now.
	Waited *float64 `json:"waited"`

	// The answer comes in events, or over a WebSocket; nil: not known yet.
	Stream *bool `json:"stream"`

	// Seconds from `started_at`, waiting included; nil: nothing came yet, or the answer is no stream.
	TimeToFirstToken *float64 `json:"time_to_first_token"`

	// Of the prompt, cached ones too, as the engine told; nil: it did not.
	TokensIn *int `json:"tokens_in"`

	// Generated so far, as the engine told, else as counted.
	TokensOut *int `json:"tokens_out"`

	// `tokens_out` is counted in pieces of the stream: the engine did not tell.
	TokensEstimated bool `json:"tokens_estimated"`

	// From the first to the last that came; nil: not enough came, or no stream.
	TokensPerSecond *float64 `json:"tokens_per_second"`

	// Of the answer’s body, so far.
	BytesOut int64 `json:"bytes_out"`

	// `ok`: the whole answer came; `client_error`, `engine_error`: the whole answer, a 4xx or 5xx of the engine;
	// `refused`: llamactl answered with an error; `aborted`: the caller left; `cancelled`: by `DELETE
	// /api/requests/{request_id}`; `broken`: the engine gave no answer or broke off in the middle.
	Outcome RequestOutcome `json:"outcome"`

	// Of the answer; nil: there was none.
	Status *int `json:"status"`

	// RFC 3339, UTC.
	FinishedAt time.Time `json:"finished_at"`

	// Seconds from `started_at`.
	Duration float64 `json:"duration"`
}

type Fleet struct {
	// Of this form; 1 is the only one.
	Version int `json:"version,omitzero"`

	// Each as in `POST /instances`: what is left out has its default, also where it was set before.
	Instances []CreateInstance `json:"instances"`
}

type FleetAction string

const (
	FleetActionCreate  FleetAction = "create"
	FleetActionChange  FleetAction = "change"
	FleetActionRestart FleetAction = "restart"
	FleetActionNothing FleetAction = "nothing"
	FleetActionRemove  FleetAction = "remove"
)

type FleetStep struct {
	Name   string      `json:"name"`
	Action FleetAction `json:"action"`

	// Settings that differ, dotted: `options.threads`.
	Changes []string `json:"changes"`

	// What was accepted but will need attention.
	Warnings []string `json:"warnings,omitzero"`

	// Why this step failed; the others were made all the same.
	Error string `json:"error,omitzero"`
}

type GPU struct {
	// The tool's own number.
	Index int `json:"index"`

	// One of nvidia, amd.
	Vendor string `json:"vendor"`

	Name string `json:"name"`

	// Bytes; nil: not told, as by one that shares the memory of the machine.
	MemoryTotal *int64 `json:"memory_total"`

	// Bytes; nil: not told.
	MemoryUsage *int64 `json:"memory_usage"`

	// 0–100; nil: not told.
	Utilization *float64 `json:"utilization"`

	// Degrees Celsius; nil: not told.
	Temperature *float64 `json:"temperature"`

	// Watts; nil: not told.
	Power *float64 `json:"power"`
}

type Gap struct {
	FromSeq int64 `json:"from_seq"`
	ToSeq   int64 `json:"to_seq"`
}

type GapEvent struct {
	// The first number of which nothing is known.
	FromSeq int64 `json:"from_seq"`

	// The last one; the frames that follow are complete again.
	ToSeq int64 `json:"to_seq"`

	// Of the newest event when this was told: what has a greater one came later.
	LastSeq int64 `json:"last_seq"`
}

type Health struct {
	Status HealthStatus `json:"status"`
	Checks HealthChecks `json:"checks"`

	// RFC 3339, UTC.
	LastCheck time.Time `json:"last_check"`

	// Of one that is stopped or has failed: what a start would be refused for now; absent: nothing that can be seen.
	StartObstacle *StartObstacle `json:"start_obstacle,omitzero"`
}

type HealthChecks struct {
	// One of running, stopped.
	Process string `json:"process"`

	// One of open, closed.
	Port string `json:"port"`

	// One of ok, loading, error, timeout, none.
	Response string `json:"response"`
}

type HealthStatus string

const (
	HealthStatusHealthy   HealthStatus = "healthy"
	HealthStatusStarting  HealthStatus = "starting"
	HealthStatusUnhealthy HealthStatus = "unhealthy"
	HealthStatusStopped   HealthStatus = "stopped"
)

type Instance struct {
	// Unique without regard to case; cannot be changed.
	Name string `json:"name"`

	Status Status `json:"status"`

	// `llama_cpp`, `custom`, or the name of a custom engine of the configuration.
	Engine string `json:"engine"`

	// Absent for an engine that needs none.
	ModelPath string `json:"model_path,omitzero"`

	// Where its engine listens, on loopback.
	Port int `json:"port"`

	// More names under which `/v1` finds the instance.
	Aliases []string `json:"aliases"`

	// Not shown by `GET /v1/models`.
	Unlisted bool `json:"unlisted"`

	// The first request under `/v1` starts it when it is stopped. Default true.
	OnDemand bool `json:"on_demand"`

	// Why it failed, or why it restarts.
	Reason *string `json:"reason"`

	// When the process of the present run began; nil: there is none.
	StartedAt *time.Time `json:"started_at"`

	// RFC 3339, UTC.
	CreatedAt time.Time `json:"created_at"`

	// RFC 3339, UTC.
	UpdatedAt time.Time `json:"updated_at"`

	// The engine's own process; nil exactly when no process runs.
	PID *int `json:"pid"`

	Options EngineOptions `json:"options"`

	// Passed to the engine as they are, last: they win over `options`.
	ExtraArgs []string `json:"extra_args"`

	// Set for the engine; secrets are `"***"`.
	Environment map[string]string `json:"environment"`

	// Replaces the engine's command. Privileged.
	Command []string `json:"command,omitzero"`

	// Answers 200 when the engine is ready. Default `/health`.
	HealthPath string `json:"health_path,omitzero"`

	// Revive a run that the user wanted after the machine was rebooted.
	AutoStart bool `json:"auto_start"`

	// As set, or the default of the configuration.
	AutoRestart bool `json:"auto_restart"`

	// As set, or the default of the configuration.
	MaxRestarts int `json:"max_restarts"`

	// As set, or the default of the configuration.
	IdleTimeout float64 `json:"idle_timeout"`

	// As set; a pinned group pins its members too.
	Pinned bool `json:"pinned"`

	// Its limits stand in the configuration under `groups`.
	Group string `json:"group,omitzero"`

	// Absent: no limit.
	Concurrency *int `json:"concurrency,omitzero"`

	// Requests that may wait; one more is refused. Default 1 000.
	QueueLimit int `json:"queue_limit"`

	// What the engine is told as `model` instead of what was asked for.
	UpstreamModel string `json:"upstream_model,omitzero"`

	// Fields that a JSON body under `/v1` gets when it lacks them.
	RequestDefaults map[string]any `json:"request_defaults"`

	// Fields that are taken out of JSON bodies under `/v1`.
	RequestStrip []string `json:"request_strip"`

	// Prompts of one request are not cached for another, so that callers cannot find out what others asked. Engine
	// `llama_cpp` only. Default false.
	Isolated bool `json:"isolated"`

	// Automatic restarts in a row; 0 again after five minutes of running.
	RestartCount int `json:"restart_count"`

	// The running engine was launched from other settings than the stored ones.
	RestartRequired bool `json:"restart_required"`

	// How the last run ended; nil: none has.
	LastExit *LastExit `json:"last_exit"`

	// The argv of the run, or of the next one; secrets masked.
	EffectiveCommand []string `json:"effective_command"`

	// nil exactly when no process runs.
	Stats *Stats `json:"stats"`
}

type InstanceCounts struct {
	Total      int `json:"total"`
	Stopped    int `json:"stopped"`
	Starting   int `json:"starting"`
	Running    int `json:"running"`
	Stopping   int `json:"stopping"`
	Restarting int `json:"restarting"`
	Failed     int `json:"failed"`
}

type InstanceCreated struct {
	Message  string   `json:"message"`
	Instance Instance `json:"instance"`

	// What was accepted but will need attention.
	Warnings []string `json:"warnings,omitzero"`
}

type InstanceCreatedEvent struct {
	Name string `json:"name"`
}

type InstanceDeletedEvent struct {
	Name string `json:"name"`
}

type InstanceList struct {
	Instances []InstanceSummary `json:"instances"`
}

type InstanceStatsUpdatedEvent struct {
	Name  string `json:"name"`
	Stats Stats  `json:"stats"`
}

type InstanceStatusChangedEvent struct {
	Name           string `json:"name"`
	Status         Status `json:"status"`
	PreviousStatus Status `json:"previous_status"`
	Reason         string `json:"reason,omitzero"`

	// Why it stops although nobody asked for that: another needs its slot, or it was not used for long.
	Cause StopCause `json:"cause,omitzero"`
}

type InstanceSummary struct {
	// Unique without regard to case; cannot be changed.
	Name string `json:"name"`

	Status Status `json:"status"`

	// `llama_cpp`, `custom`, or the name of a custom engine of the configuration.
	Engine string `json:"engine"`

	// Absent for an engine that needs none.
	ModelPath string `json:"model_path,omitzero"`

	// Where its engine listens, on loopback.
	Port int `json:"port"`

	// More names under which `/v1` finds the instance.
	Aliases []string `json:"aliases"`

	// Not shown by `GET /v1/models`.
	Unlisted bool `json:"unlisted"`

	// The first request under `/v1` starts it when it is stopped. Default true.
	OnDemand bool `json:"on_demand"`

	// Why it failed, or why it restarts.
	Reason *string `json:"reason"`

	// When the process of the present run began; nil: there is none.
	StartedAt *time.Time `json:"started_at"`

	// RFC 3339, UTC.
	CreatedAt time.Time `json:"created_at"`

	// RFC 3339, UTC.
	UpdatedAt time.Time `json:"updated_at"`
}

type InstanceUpdated struct {
	Message         string   `json:"message"`
	Instance        Instance `json:"instance"`
	RestartRequired bool     `json:"restart_required"`

	// What was accepted but will need attention.
	Warnings []string `json:"warnings,omitzero"`
}

type InstanceUpdatedEvent struct {
	Name string `json:"name"`
}

type Key struct {
	ID   string `json:"id"`
	Name string `json:"name"`

	// The account that it acts for.
	Owner string `json:"owner"`

	// Its first characters, to tell it from others.
	Prefix string `json:"prefix"`

	Scopes []Scope `json:"scopes"`

	// Only these; nil: all.
	Instances []string `json:"instances"`

	// A request with it may start an instance that is stopped.
	MayStart bool `json:"may_start"`

	// Requests to `/v1` at once, those that wait for an engine included; 0: no limit.
	MaxInFlight int `json:"max_in_flight"`

	// Requests to `/v1` in any 60 seconds; 0: no limit.
	RequestsPerMinute int `json:"requests_per_minute"`

	// Tokens of prompts and answers in any 60 seconds, counted when an answer ends; 0: no limit.
	TokensPerMinute int `json:"tokens_per_minute"`

	CreatedAt time.Time `json:"created_at"`

	// nil: never.
	ExpiresAt *time.Time `json:"expires_at"`

	// To the minute.
	LastUsedAt *time.Time `json:"last_used_at"`
}

type KeyCreated struct {
	Message string `json:"message"`

	// `llk_…`; shown once.
	Key string `json:"key"`

	Info Key `json:"info"`
}

type KeyList struct {
	Keys []Key `json:"keys"`
}

type LastExit struct {
	// Exit status; 128 + n for signal n; nil when it could not be learnt.
	Code *int `json:"code"`

	// The signal that ended it, such as `SIGKILL`.
	Signal *string `json:"signal"`

	// RFC 3339, UTC.
	At time.Time `json:"at"`

	// The cause in one sentence.
	Reason string `json:"reason"`

	// The engine's last lines of output.
	Lines []string `json:"lines"`
}

type Lifecycle struct {
	Message string `json:"message"`
	Status  Status `json:"status"`
}

type LogEntry struct {
	// RFC 3339, UTC: the engine's own clock, on the machine's time.
	Timestamp time.Time `json:"timestamp"`

	Level LogLevel `json:"level"`

	// Without control characters; one that is very long is cut and ends in an ellipsis.
	Message string `json:"message"`

	// Where the line ends in the instance's log: grows over runs, rotations and restarts of llamactl, with holes.
	Seq int64 `json:"seq"`
}

type LogLevel string

const (
	LogLevelDebug LogLevel = "debug"
	LogLevelInfo  LogLevel = "info"
	LogLevelWarn  LogLevel = "warn"
	LogLevelError LogLevel = "error"
)

type LoggedIn struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
	User      User      `json:"user"`
}

type Login struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

type Logs struct {
	Logs []LogEntry `json:"logs"`

	// The search for lines of this level ended before enough were found.
	Truncated bool `json:"truncated,omitzero"`

	// Lines after `after_seq` that are not kept any more.
	Gap *Gap `json:"gap,omitzero"`
}

type Message struct {
	Message string `json:"message"`
}

type NamesBody struct {
	// Only these instances.
	Names []string `json:"names,omitzero"`
}

type Probe struct {
	// One of ok, starting, stopping.
	Status string `json:"status"`
}

type Problem struct {
	// Where the problem is, dotted: `options.threads`; empty for the body as a whole.
	Path string `json:"path"`

	// What is wrong there and what would be right.
	Message string `json:"message"`
}

type RequestOutcome string

const (
	RequestOutcomeOk          RequestOutcome = "ok"
	RequestOutcomeClientError RequestOutcome = "client_error"
	RequestOutcomeEngineError RequestOutcome = "engine_error"
	RequestOutcomeRefused     RequestOutcome = "refused"
	RequestOutcomeAborted     RequestOutcome = "aborted"
	RequestOutcomeCancelled   RequestOutcome = "cancelled"
	RequestOutcomeBroken      RequestOutcome = "broken"
)

type RequestPhase string

const (
	RequestPhaseStarting   RequestPhase = "starting"
	RequestPhaseQueued     RequestPhase = "queued"
	RequestPhaseProcessing RequestPhase = "processing"
	RequestPhaseStreaming  RequestPhase = "streaming"
)

type Requests struct {
	// Oldest first.
	InFlight []ActiveRequest `json:"in_flight"`

	// Newest first.
	Finished []FinishedRequest `json:"finished"`
}

type Resources struct {
	// 0–100 of all cores.
	CPUUsage float64 `json:"cpu_usage"`

	// Bytes that programs could not have any more.
	MemoryUsage int64 `json:"memory_usage"`

	MemoryTotal int64 `json:"memory_total"`

	// Percent (0–100) of the data directory's filesystem.
	DiskUsage float64 `json:"disk_usage"`

	// Empty where no tool tells of any.
	GPUs []GPU `json:"gpus"`
}

type Role string

const (
	RoleViewer   Role = "viewer"
	RoleOperator Role = "operator"
	RoleAdmin    Role = "admin"
)

type Scope string

const (
	ScopeInference Scope = "inference"
	ScopeMetrics   Scope = "metrics"
	ScopeViewer    Scope = "viewer"
	ScopeOperator  Scope = "operator"
	ScopeAdmin     Scope = "admin"
)

type Session struct {
	ID string `json:"id"`

	// When the password was given.
	CreatedAt time.Time `json:"created_at"`

	// When a token was last refreshed; nil: never.
	RefreshedAt *time.Time `json:"refreshed_at"`

	// When its newest token ends.
	ExpiresAt time.Time `json:"expires_at"`

	// When it ends for good: no refresh goes beyond (`auth.session_ttl`).
	EndsAt time.Time `json:"ends_at"`

	// Client address of the log-in, or of its last refresh.
	Address string `json:"address"`

	// What the client called itself then; at most 200 characters.
	UserAgent *string `json:"user_agent"`

	// This request was made with a token of it.
	Current bool `json:"current"`
}

type SessionList struct {
	// Newest log-in first.
	Sessions []Session `json:"sessions"`
}

type StartObstacle struct {
	// Code of the refusal of a start. `VALIDATION_ERROR`: the configuration no longer has the engine.
	// `RESERVED_OPTION`, `PRIVILEGED_OPTION`: a stored variable may not be set. One of MODEL_NOT_FOUND,
	// ENGINE_NOT_FOUND, PORT_IN_USE, VALIDATION_ERROR, RESERVED_OPTION, PRIVILEGED_OPTION.
	Code string `json:"code"`

	// What it is and what would work, for a person.
	Message string `json:"message"`
}

type Stats struct {
	// Resident memory of all its processes, bytes.
	MemoryUsage int64 `json:"memory_usage"`

	// Percent of one core: 400 is four cores busy.
	CPUUsage float64 `json:"cpu_usage"`

	// Of all its processes.
	Threads int `json:"threads"`

	// Read since the engine was spawned, from disks and caches, bytes.
	ReadBytes int64 `json:"read_bytes"`

	// Written since then, bytes.
	WriteBytes int64 `json:"write_bytes"`

	// Bytes on all GPUs; nil: no tool tells.
	GPUMemoryUsage *int64 `json:"gpu_memory_usage"`

	// Seconds since the engine was spawned.
	Uptime float64 `json:"uptime"`
}

type StatsHistory struct {
	Name string `json:"name"`

	// The time looked back on, seconds.
	Window float64 `json:"window"`

	// Seconds between two measurements: the shortest step.
	Interval float64 `json:"interval"`

	Points []StatsPoint `json:"points"`
}

type StatsPoint struct {
	// The end of the step.
	Timestamp time.Time `json:"timestamp"`

	// The length of the step; the further back, the longer.
	Seconds float64 `json:"seconds"`

	// Resident memory of all its processes, bytes.
	MemoryUsage int64 `json:"memory_usage"`

	// Percent of one core: 400 is four cores busy.
	CPUUsage float64 `json:"cpu_usage"`

	// Of all its processes.
	Threads int `json:"threads"`

	// Read since the engine was spawned, from disks and caches, bytes.
	ReadBytes int64 `json:"read_bytes"`

	// Written since then, bytes.
	WriteBytes int64 `json:"write_bytes"`

	// Bytes on all GPUs; nil: no tool tells.
	GPUMemoryUsage *int64 `json:"gpu_memory_usage"`

	// The highest of the step.
	CPUUsagePeak float64 `json:"cpu_usage_peak"`

	// The highest of the step.
	MemoryUsagePeak int64 `json:"memory_usage_peak"`
}

// Status: `running`: the engine answered its health check. `restarting`: going down, or waiting out a backoff,
// in order to come up. `failed`: gave up; `reason` says why.
type Status string

const (
	StatusStopped    Status = "stopped"
	StatusStarting   Status = "starting"
	StatusRunning    Status = "running"
	StatusStopping   Status = "stopping"
	StatusRestarting Status = "restarting"
	StatusFailed     Status = "failed"
)

type StopBody struct {
	// SIGKILL at once, also while a gentle stop drains. Default false.
	Force *bool `json:"force,omitzero"`

	// Seconds that requests in flight may take to finish. Default `instances.stop_timeout`.
	Timeout *float64 `json:"timeout,omitzero"`
}

type StopCause string

const (
	StopCauseEviction StopCause = "eviction"
	StopCauseIdle     StopCause = "idle"
)

type SystemAlertEvent struct {
	Level    AlertLevel `json:"level"`
	Code     string     `json:"code"`
	Message  string     `json:"message"`
	State    AlertState `json:"state"`
	Instance string     `json:"instance,omitzero"`
}

type SystemInfo struct {
	Hostname string `json:"hostname"`

	// One of linux, darwin.
	OS string `json:"os"`

	// In Go's names: amd64, arm64.
	Arch string `json:"arch"`

	CPUCount    int    `json:"cpu_count"`
	MemoryTotal int64  `json:"memory_total"`
	Version     string `json:"version"`

	// When the package was built; of a checkout: when its files were made or checked out.
	BuildTime time.Time `json:"build_time"`

	// Of the source; `-dirty` behind it: a package was built with changes. nil: not known.
	Commit *string `json:"commit"`
}

type SystemStatus struct {
	Version string `json:"version"`

	// Seconds; llamactl's own.
	Uptime float64 `json:"uptime"`

	Instances InstanceCounts `json:"instances"`
	Resources Resources      `json:"resources"`
}

type Ticket struct {
	// For one WebSocket, as `?ticket=`.
	Ticket string `json:"ticket"`

	ExpiresAt time.Time `json:"expires_at"`
}

type Token struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
}

type UpdateInstance struct {
	// `llama_cpp`, `custom`, or the name of a custom engine of the configuration.
	Engine Patch[string] `json:"engine,omitzero"`

	// The model file; it may appear later, but must be there to start.
	ModelPath Patch[string] `json:"model_path,omitzero"`

	// Left out: one is taken from `instances.port_range`.
	Port Patch[int] `json:"port,omitzero"`

	// The engine's own long flags in snake_case. `false` becomes `--no-x` where the engine has it; lists repeat the
	// flag. Merged key by key; nil removes one.
	Options Patch[map[string]any] `json:"options,omitzero"`

	// Passed to the engine as they are, last: they win over `options`.
	ExtraArgs Patch[[]string] `json:"extra_args,omitzero"`

	// Set for the engine. `"***"` in an update leaves the stored value alone. Merged name by name; nil removes one.
	Environment Patch[map[string]*string] `json:"environment,omitzero"`

	// Replaces the engine's command. Privileged.
	Command Patch[[]string] `json:"command,omitzero"`

	// Answers 200 when the engine is ready. Default `/health`.
	HealthPath Patch[string] `json:"health_path,omitzero"`

	// More names under which `/v1` finds the instance.
	Aliases Patch[[]string] `json:"aliases,omitzero"`

	// Not shown by `GET /v1/models`.
	Unlisted Patch[bool] `json:"unlisted,omitzero"`

	// Revive a run that the user wanted after the machine was rebooted.
	AutoStart Patch[bool] `json:"auto_start,omitzero"`

	// Restart a run that was ready and died. Default: `instances.auto_restart`.
	AutoRestart Patch[bool] `json:"auto_restart,omitzero"`

	// Restarts in a row before `failed`; -1: for ever. Default: `instances.max_restarts`.
	MaxRestarts Patch[int] `json:"max_restarts,omitzero"`

	// The first request under `/v1` starts it when it is stopped. Default true.
	OnDemand Patch[bool] `json:"on_demand,omitzero"`

	// Seconds without a request after which it is stopped; 0: never. Default: `instances.idle_timeout`.
	IdleTimeout Patch[float64] `json:"idle_timeout,omitzero"`

	// Never stopped to make room for another, nor for idleness.
	Pinned Patch[bool] `json:"pinned,omitzero"`

	// Its limits stand in the configuration under `groups`.
	Group Patch[string] `json:"group,omitzero"`

	// Requests at once; the others wait. Default: no limit.
	Concurrency Patch[int] `json:"concurrency,omitzero"`

	// Requests that may wait; one more is refused. Default 1 000.
	QueueLimit Patch[int] `json:"queue_limit,omitzero"`

	// What the engine is told as `model` instead of what was asked for.
	UpstreamModel Patch[string] `json:"upstream_model,omitzero"`

	// Fields that a JSON body under `/v1` gets when it lacks them.
	RequestDefaults Patch[map[string]any] `json:"request_defaults,omitzero"`

	// Fields that are taken out of JSON bodies under `/v1`.
	RequestStrip Patch[[]string] `json:"request_strip,omitzero"`

	// Prompts of one request are not cached for another, so that callers cannot find out what others asked. Engine
	// `llama_cpp` only. Default false.
	Isolated Patch[bool] `json:"isolated,omitzero"`

	// Accepted when it is the instance’s own: a name cannot change.
	Name string `json:"name,omitzero"`
}

type UpdateUser struct {
	Role     Role  `json:"role,omitzero"`
	Disabled *bool `json:"disabled,omitzero"`

	// Revokes all tokens and keys of the account.
	Password string `json:"password,omitzero"`

	// Requests to `/v1` at once, those that wait for an engine included; 0: no limit.
	MaxInFlight *int `json:"max_in_flight,omitzero"`

	// Requests to `/v1` in any 60 seconds; 0: no limit.
	RequestsPerMinute *int `json:"requests_per_minute,omitzero"`

	// Tokens of prompts and answers in any 60 seconds, counted when an answer ends; 0: no limit.
	TokensPerMinute *int `json:"tokens_per_minute,omitzero"`
}

type User struct {
	Username string `json:"username"`
	Role     Role   `json:"role"`

	// None of its tokens and keys is taken.
	Disabled bool `json:"disabled"`

	// Requests to `/v1` at once, those that wait for an engine included; 0: no limit.
	MaxInFlight int `json:"max_in_flight"`

	// Requests to `/v1` in any 60 seconds; 0: no limit.
	RequestsPerMinute int `json:"requests_per_minute"`

	// Tokens of prompts and answers in any 60 seconds, counted when an answer ends; 0: no limit.
	TokensPerMinute int `json:"tokens_per_minute"`

	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	LastLoginAt *time.Time `json:"last_login_at"`
}

type UserChanged struct {
	Message string `json:"message"`
	User    User   `json:"user"`
}

type UserList struct {
	Users []User `json:"users"`
}

type errorBody struct {
	// What happened and what would work, for a person.
	Error string `json:"error"`

	// The same for a program; stable.
	Code Code `json:"code"`

	// More about it; may be empty.
	Details string `json:"details"`

	// The `X-Request-Id` of the answer, to be found in the log.
	RequestID string `json:"request_id"`

	// Every problem with the part of the request at fault, where that is known, up to 100. Checking stops there, and
	// `details` says so.
	Errors []Problem `json:"errors,omitzero"`

	// Why the engine did not start, when `code` is `START_FAILED`.
	Reason string `json:"reason,omitzero"`
}

type subscription struct {
	Type string `json:"type"`

	// Names, in any case, also of instances still to come. Left out: all that the caller may see.
	Instances []string `json:"instances,omitzero"`

	// Left out: all.
	Types []EventType `json:"types,omitzero"`
}

func (*InstanceStatusChangedEvent) eventData() {}

func (*InstanceCreatedEvent) eventData() {}

func (*InstanceUpdatedEvent) eventData() {}

func (*InstanceDeletedEvent) eventData() {}

func (*SystemAlertEvent) eventData() {}

func (*InstanceStatsUpdatedEvent) eventData() {}

func (*GapEvent) eventData() {}

// newEventData has room for what an event of this type carries; nil: the type is not known.
func newEventData(kind EventType) EventData {
	switch kind {
	case EventTypeInstanceStatusChanged:
		return new(InstanceStatusChangedEvent)
	case EventTypeInstanceCreated:
		return new(InstanceCreatedEvent)
	case EventTypeInstanceUpdated:
		return new(InstanceUpdatedEvent)
	case EventTypeInstanceDeleted:
		return new(InstanceDeletedEvent)
	case EventTypeSystemAlert:
		return new(SystemAlertEvent)
	case EventTypeInstanceStatsUpdated:
		return new(InstanceStatsUpdatedEvent)
	case EventTypeGap:
		return new(GapEvent)
	}
	return nil
}
