// Code generated from contract/ by npm run generate. DO NOT EDIT.

package llamactl

import "time"

type ActiveRequest struct {
	// Its `X-Request-Id`, followed by `~` and a number if another request has the same one.
	ID string `json:"id"`

	// `user:NAME`, `key:ID (NAME)` or `anonymous`; viewers get nil for requests of others. `address:ADDRESS`:
	// refused before it had a record, without valid credentials; with the beginning of an unknown key:
	// `address:ADDRESS (llk_3RCRoi…)`.
	Caller *string `json:"caller"`

	// nil: not yet known, or no instance has this name.
	Instance *string `json:"instance"`

	// The `model` of the request, at most 200 characters; nil: the path names the instance, under `/proxy`, or the
	// request was refused before its body was read.
	Model *string `json:"model"`

	// `v1`: the gateway; `proxy`: the pass-through of the instance. One of v1, proxy.
	Door string `json:"door"`

	Method string `json:"method"`

	// Path that the engine gets, without the query, at most 200 characters.
	Path string `json:"path"`

	// When llamactl had read enough of the body to know the model.
	StartedAt time.Time `json:"started_at"`

	// Seconds until an engine got the request; the last engine, if one died and llamactl retried. nil: no engine has
	// it now.
	Waited *float64 `json:"waited"`

	// Seconds of the wait for a slot and the start of the instance, so far.
	Starting float64 `json:"starting"`

	// Seconds of the wait for its turn at a running instance, so far.
	Queued float64 `json:"queued"`

	// Seconds in which the engine computed the prompt, as it reported; nil: not reported.
	PromptSeconds *float64 `json:"prompt_seconds"`

	// `User-Agent` of the request, at most 200 characters; nil: it has none, or it is of another caller and you are
	// a viewer.
	UserAgent *string `json:"user_agent"`

	// Whether the answer is a stream of events or a WebSocket; nil: not yet known.
	Stream *bool `json:"stream"`

	// Seconds from `started_at`, including waiting; nil: nothing came yet, or the answer is not a stream.
	TimeToFirstToken *float64 `json:"time_to_first_token"`

	// Tokens of the prompt, including cached ones, as the engine reported; nil: not reported.
	TokensIn *int `json:"tokens_in"`

	// Tokens of the prompt that the engine had computed before; nil: not reported.
	CachedTokens *int `json:"cached_tokens"`

	// Tokens generated so far, as the engine reported or else as counted.
	TokensOut *int `json:"tokens_out"`

	// Whether `tokens_out` is a count of stream chunks because the engine reported no number.
	TokensEstimated bool `json:"tokens_estimated"`

	// Rate between the first and the last token; nil: too few tokens, or not a stream.
	TokensPerSecond *float64 `json:"tokens_per_second"`

	// Bytes of the answer body sent so far.
	BytesOut int64 `json:"bytes_out"`

	// `starting`: waits for the instance to start; `queued`: waits for its turn; `processing`: the engine works on
	// it; `streaming`: the answer is arriving.
	Phase RequestPhase `json:"phase"`

	// Its place among the requests that wait for the instance; 1 is next. nil: it does not wait.
	Position *int `json:"position"`
}

type Alert struct {
	Level AlertLevel `json:"level"`

	// Kind of alert; stable.
	Code string `json:"code"`

	// Problem and fix, for a person.
	Message string `json:"message"`

	// The affected instance; absent: the whole system.
	Instance string `json:"instance,omitzero"`

	// The cause, if the alert is about the end of a run.
	Cause Cause `json:"cause,omitzero"`

	RaisedAt time.Time `json:"raised_at"`
}

type AlertHistory struct {
	// The one that was raised last comes first.
	Alerts []PastAlert `json:"alerts"`

	// Whether older ones match; ask for them with `before_seq`.
	More bool `json:"more"`

	// The oldest kept event of all instances: nothing is known of earlier times. nil: no event is kept.
	OldestSeq *int64 `json:"oldest_seq"`
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

type AlertTest struct {
	// The configured receivers; empty: neither setting is set.
	Receivers []TestedReceiver `json:"receivers"`
}

type Alerts struct {
	Alerts []Alert `json:"alerts"`
}

type Applied struct {
	Message string `json:"message"`

	// Whether this was a dry run: nothing changed, and `results` has the steps that would be made.
	DryRun bool `json:"dry_run"`

	// In the order of the document, then removals.
	Results []FleetStep `json:"results"`
}

type Audit struct {
	// Newest first.
	Audit []AuditRow `json:"audit"`
}

// AuditChange: An old and a new value. `null`: not set. `"***"`: a secret, whose value is not recorded. A long
// value is a text that ends in `…`.
type AuditChange struct {
	// Dotted: `options.ctx_size`, `server.port`, `role`.
	Path string `json:"path"`

	Before any `json:"before"`
	After  any `json:"after"`
}

type AuditRow struct {
	Seq       int64     `json:"seq"`
	Timestamp time.Time `json:"timestamp"`

	// `user:NAME`, `key:ID (NAME)`, or `anonymous`.
	Subject string `json:"subject"`

	// Client address of the request.
	Address string `json:"address"`

	// The id of the operation, such as `createInstance`.
	Action string `json:"action"`

	// The instance, user or key that the request named. Of an ended request: `ID (INSTANCE, CALLER)`. Of a batch:
	// `NAMES (DONE of ALL)`.
	Target *string `json:"target"`

	// HTTP status of the answer.
	Status int `json:"status"`

	RequestID string `json:"request_id"`

	// Old and new values of a change of configuration, instance, user or key. At most 50, of about 4 KB. Absent:
	// none are recorded.
	Changes []AuditChange `json:"changes,omitzero"`

	// How many changes `changes` leaves out. Absent: none.
	MoreChanges *int `json:"more_changes,omitzero"`
}

type BatchResult struct {
	Message string      `json:"message"`
	Results []BatchStep `json:"results"`
}

type BatchStep struct {
	Name string `json:"name"`

	// nil: no such instance exists, or it was deleted.
	Status *Status `json:"status"`

	Error string `json:"error,omitzero"`

	// The code that `error` would have as an answer; absent: none.
	Code string `json:"code,omitzero"`
}

type Caller struct {
	// `user`: a token of a log-in; `key`: a key; `anonymous`: authentication is off. One of anonymous, user, key.
	Kind string `json:"kind"`

	// The account, or the owner of the key; nil: anonymous.
	Username *string `json:"username"`

	// nil: only the scopes give rights.
	Role *Role `json:"role"`

	// Rights of a key besides its role: `inference`, `metrics`.
	Scopes []Scope `json:"scopes"`

	// The caller sees these instances only; nil: all.
	Instances []string `json:"instances"`

	// Whether its requests may start a stopped instance.
	MayStart bool `json:"may_start"`

	// When this token or key expires; nil: never.
	ExpiresAt *time.Time `json:"expires_at"`
}

// Cause: `wrong_file`: the file is no model, such as an adapter. `model_too_new`: the engine does not know its
// architecture. `killed`: by SIGKILL, mostly because memory ran out. `processor`: the engine was built for
// another one. `no_progress`: it loaded without any sign of work. `does_not_fit`: it needs more memory than it
// can get. `waits_for`: other instances must stop first. `no_slot`: pinned instances hold all slots.
type Cause string

const (
	CauseModelMissing    Cause = "model_missing"
	CauseModelUnreadable Cause = "model_unreadable"
	CauseModelDamaged    Cause = "model_damaged"
	CauseModelTooNew     Cause = "model_too_new"
	CauseWrongFile       Cause = "wrong_file"
	CausePortInUse       Cause = "port_in_use"
	CauseEngineMissing   Cause = "engine_missing"
	CauseLibraryMissing  Cause = "library_missing"
	CauseGPUMemory       Cause = "gpu_memory"
	CauseMemory          Cause = "memory"
	CauseKilled          Cause = "killed"
	CauseArgument        Cause = "argument"
	CauseProcessor       Cause = "processor"
	CauseCrash           Cause = "crash"
	CauseNoProgress      Cause = "no_progress"
	CauseNoAnswer        Cause = "no_answer"
	CauseEndedByItself   Cause = "ended_by_itself"
	CauseDoesNotFit      Cause = "does_not_fit"
	CauseWaitsFor        Cause = "waits_for"
	CauseNoSlot          Cause = "no_slot"
	CauseUnknown         Cause = "unknown"
)

type ChangePassword struct {
	CurrentPassword string `json:"current_password"`
	NewPassword     string `json:"new_password"`
}

type ChangedValue struct {
	// As in `changed`.
	Setting string `json:"setting"`

	// nil: it was not set.
	From any `json:"from"`

	// nil: it is no longer set.
	To any `json:"to"`
}

type CheckedFile struct {
	Path string `json:"path"`

	// `right`: its bytes are those that its source announced; `wrong`: they are others; `unknown`: nothing is known
	// to compare with; `unreadable`: see `reason`. One of right, wrong, unknown, unreadable.
	Result string `json:"result"`

	// The announced sha256, or git object id of 40 digits. Absent: none is known.
	Hash string `json:"hash,omitzero"`

	// The hash of a `wrong` file.
	Found string `json:"found,omitzero"`

	// Why a file cannot be read.
	Reason string `json:"reason,omitzero"`
}

type Code string

const (
	// The request is malformed or breaks a rule; `errors` lists every problem. With status 408 it was incomplete.
	CodeValidationError Code = "VALIDATION_ERROR"

	// The body is not valid JSON.
	CodeInvalidJSON Code = "INVALID_JSON"

	// llamactl sets this option itself.
	CodeReservedOption Code = "RESERVED_OPTION"

	// The option can run code or read files; it needs `security.allow_privileged: true` in the configuration file.
	CodePrivilegedOption Code = "PRIVILEGED_OPTION"

	// Credentials are missing or unknown.
	CodeUnauthorized Code = "UNAUTHORIZED"

	// The user name or the password is wrong.
	CodeInvalidCredentials Code = "INVALID_CREDENTIALS"

	// The token is no longer valid; log in again.
	CodeTokenExpired Code = "TOKEN_EXPIRED"

	// This caller, host or origin may not do that.
	CodeForbidden Code = "FORBIDDEN"

	// Nothing exists at this path.
	CodeNotFound Code = "NOT_FOUND"

	// No instance has this name.
	CodeInstanceNotFound Code = "INSTANCE_NOT_FOUND"

	// The path exists, the method does not; `Allow` lists those that do.
	CodeMethodNotAllowed Code = "METHOD_NOT_ALLOWED"

	// Another instance has this name (names ignore case).
	CodeInstanceExists Code = "INSTANCE_EXISTS"

	// The instance runs; stop it first.
	CodeInstanceRunning Code = "INSTANCE_RUNNING"

	// The instance does not run; start it first.
	CodeInstanceNotRunning Code = "INSTANCE_NOT_RUNNING"

	// Another instance has this name or alias.
	CodeAliasConflict Code = "ALIAS_CONFLICT"

	// The port belongs to another instance, a live run or llamactl itself, or no port of the range is free.
	CodePortConflict Code = "PORT_CONFLICT"

	// A process that is not from llamactl listens on the port.
	CodePortInUse Code = "PORT_IN_USE"

	// The model file, or a part of it, does not exist or is not a model.
	CodeModelNotFound Code = "MODEL_NOT_FOUND"

	// Instances or downloads use the model, so it cannot be deleted.
	CodeModelInUse Code = "MODEL_IN_USE"

	// The engine's program does not exist or cannot be executed; `llamactl doctor` looks for it, `llamactl
	// quickstart` installs a llama-server.
	CodeEngineNotFound Code = "ENGINE_NOT_FOUND"

	// Authentication is off, so no account can log in.
	CodeAuthDisabled Code = "AUTH_DISABLED"

	// An environment variable or a flag sets this key to another value.
	CodeConfigPinned Code = "CONFIG_PINNED"

	// The configuration file cannot be written.
	CodeConfigReadOnly Code = "CONFIG_READ_ONLY"

	// No slot is free and none can be freed; with status 503: no memory is left for the body.
	CodeCapacityExceeded Code = "CAPACITY_EXCEEDED"

	// The instance needs more memory than it can get; the message says what would fit.
	CodeDoesNotFit Code = "DOES_NOT_FIT"

	// The instance has changed since the `ETag` in `If-Match` was read.
	CodePreconditionFailed Code = "PRECONDITION_FAILED"

	// The body, or with status 431 the header, is too large.
	CodePayloadTooLarge Code = "PAYLOAD_TOO_LARGE"

	// The URL is too long.
	CodeURITooLong Code = "URI_TOO_LONG"

	// The body must be `application/json`; `POST /api/apply` also accepts YAML.
	CodeUnsupportedMediaType Code = "UNSUPPORTED_MEDIA_TYPE"

	// The caller reached a limit: concurrent requests, memory for their bodies, or requests or tokens per minute; or
	// a hub limits our requests. `Retry-After` says when to retry.
	CodeRateLimited Code = "RATE_LIMITED"

	// An operator cancelled the request before the engine answered it.
	CodeRequestCancelled Code = "REQUEST_CANCELLED"

	// A bug in llamactl; the log has the details under the `request_id`.
	CodeInternalError Code = "INTERNAL_ERROR"

	// The engine did not become ready; `reason` says why.
	CodeStartFailed Code = "START_FAILED"

	// A server that models come from did not answer, refused the request, or sent something unusable.
	CodeHubError Code = "HUB_ERROR"

	// llamactl is stopping or has not finished starting.
	CodeShuttingDown Code = "SHUTTING_DOWN"

	// The disk has no room for the files of the model.
	CodeDiskFull Code = "DISK_FULL"
)

type Config struct {
	Server ConfigServer `json:"server"`

	// State, logs and secrets; mode 0700.
	DataDir string `json:"data_dir"`

	Auth      ConfigAuth      `json:"auth"`
	Security  ConfigSecurity  `json:"security"`
	RateLimit ConfigRateLimit `json:"rate_limit"`
	Instances ConfigInstances `json:"instances"`

	// Groups of instances that share a limit, by name.
	Groups map[string]ConfigGroup `json:"groups"`

	Memory ConfigMemory `json:"memory"`

	// Values for the requests of instances that name the preset, by name.
	Presets map[string]ConfigPreset `json:"presets"`

	Engines map[string]ConfigEngine `json:"engines"`
	Models  ConfigModels            `json:"models"`
	Logs    ConfigLogs              `json:"logs"`

	// Saved contexts of instances with `keep_context: auto`.
	Contexts ConfigContexts `json:"contexts"`

	Stats   ConfigStats   `json:"stats"`
	Gateway ConfigGateway `json:"gateway"`
	Alerts  ConfigAlerts  `json:"alerts"`
}

type ConfigAlerts struct {
	// URL to which alerts are posted.
	Webhook string `json:"webhook"`

	// Program to run for each alert, with its arguments.
	Command []string `json:"command"`
}

type ConfigAuth struct {
	// Accounts and keys; off: every caller is an administrator.
	Enabled bool `json:"enabled"`

	// How long a token lasts without a refresh: seconds, or a number with s, m, h or d.
	TokenTTL any `json:"token_ttl"`

	// How long a log-in lasts with refreshes: seconds, or a number with s, m, h or d.
	SessionTTL any `json:"session_ttl"`

	// Whether /v1 needs a key while accounts are on. One of required, open.
	Inference string `json:"inference"`
}

type ConfigContexts struct {
	// Megabytes of all saved contexts; the oldest are removed first. 0: none is saved.
	MaxTotalMB float64 `json:"max_total_mb"`
}

type ConfigEngine struct {
	// Program; llamactl replaces `${HOST}`, `${PORT}`, `${MODEL_PATH}` and `${NAME}`.
	Command string `json:"command"`

	// llamactl replaces the same placeholders, and `${API_KEY}`: the random key of the run.
	Args []string `json:"args"`

	Environment map[string]string `json:"environment"`
	Kind        string            `json:"kind,omitzero"`
	HealthPath  string            `json:"health_path,omitzero"`

	// Variable from which the engine reads the random key of each run.
	APIKeyEnv string `json:"api_key_env,omitzero"`

	// Kinds of requests that it answers; left out: unknown.
	Capabilities []string `json:"capabilities,omitzero"`
}

type ConfigGateway struct {
	// Seconds between the comments that keep a stream open while it waits for its model; 0: none.
	LoadingKeepalive float64 `json:"loading_keepalive"`

	// List aliases in GET /v1/models too.
	AliasesInModels bool `json:"aliases_in_models"`

	// MiB for request bodies that are read to find their model.
	BodyMemoryMB float64 `json:"body_memory_mb"`

	// Requests to /v1 at once from one client address without an account; 0: no limit.
	MaxInFlight int `json:"max_in_flight"`

	// Requests to /v1 in any 60 seconds from one client address without an account; 0: no limit.
	RequestsPerMinute int `json:"requests_per_minute"`

	// Tokens in any 60 seconds for one client address without an account; 0: no limit.
	TokensPerMinute int `json:"tokens_per_minute"`
}

type ConfigGroup struct {
	// Instances of the group that may run at the same time; 0: no limit.
	MaxRunning *int `json:"max_running,omitzero"`

	// While one of the group runs, no others do, except pinned ones.
	Exclusive *bool `json:"exclusive,omitzero"`

	// Instances of the group are never stopped for others, nor because they are idle.
	Pinned *bool `json:"pinned,omitzero"`
}

type ConfigInstances struct {
	// Ports for instances without a `port`.
	PortRange [2]int `json:"port_range"`

	// Instances that may run at the same time; 0: no limit.
	MaxRunning int `json:"max_running"`

	// Seconds without a request after which an instance stops; 0: never. An instance can override it.
	IdleTimeout float64 `json:"idle_timeout"`

	// Seconds without any progress (output, memory, CPU time, bytes read) after which a start fails.
	StartTimeout float64 `json:"start_timeout"`

	// How many seconds in-flight requests may take to finish.
	StopTimeout float64 `json:"stop_timeout"`

	// Restart an engine that was ready and died. An instance can override it.
	AutoRestart bool `json:"auto_restart"`

	// Restarts in a row before an instance counts as failed; -1: no limit.
	MaxRestarts int `json:"max_restarts"`
}

type ConfigLogs struct {
	// Megabytes at which the log of an engine is rotated.
	MaxSizeMB float64 `json:"max_size_mb"`

	// Megabytes of all kept logs of one instance.
	MaxTotalMB float64 `json:"max_total_mb"`
}

type ConfigMemory struct {
	// auto: a start waits until the memory that it needs is free; off: memory limits no start. One of auto, off.
	Admission string `json:"admission"`

	// MiB of each device for other programs.
	ReserveMB int `json:"reserve_mb"`

	// Limits of devices by name (ram, nvidia:0) or UUID (GPU-…): limit_mb, the most MiB for all instances together.
	Devices map[string]ConfigMemoryDevicesValue `json:"devices"`

	// Factor of the memory of each device.
	Overcommit float64 `json:"overcommit"`
}

type ConfigMemoryDevicesValue struct {
	// Most MiB of the device for all instances together. Not set: all but reserve_mb.
	LimitMB *int `json:"limit_mb,omitzero"`
}

type ConfigModels struct {
	// Folders in which to look for model files.
	Dirs []string `json:"dirs"`

	// Folders of other programs that are scanned for models, where they exist.
	Sources ConfigModelsSources `json:"sources"`

	// Folder for downloads, in the layout of the Hugging Face cache. Empty: that cache itself.
	CacheDir string `json:"cache_dir"`

	// Megabytes per second of all downloads; 0: no limit.
	DownloadLimitMB float64 `json:"download_limit_mb"`

	// Server on which models are searched, and from which they are downloaded.
	HFEndpoint string `json:"hf_endpoint"`

	// Token for models that need one; only hf_endpoint gets it. Empty: HF_TOKEN, or the log-in of hf auth login.
	HFToken string `json:"hf_token"`

	// ModelScope, for references that begin with ms:.
	ModelscopeEndpoint string `json:"modelscope_endpoint"`

	// The registry of Ollama, for references that begin with ollama:.
	OllamaEndpoint string `json:"ollama_endpoint"`

	// The registry of Docker Hub, for references that begin with docker:.
	DockerEndpoint string `json:"docker_endpoint"`
}

type ConfigModelsSources struct {
	// Scan the cache of Hugging Face's programs for models.
	HuggingFace bool `json:"hugging_face"`

	// Scan the older cache of llama.cpp.
	LlamaCpp bool `json:"llama_cpp"`

	// Scan the models of Ollama.
	Ollama bool `json:"ollama"`

	// Scan the models of LM Studio.
	LmStudio bool `json:"lm_studio"`
}

// ConfigPatch: A part of the configuration. `"***"` keeps a secret, `null` restores the default.
type ConfigPatch map[string]any

type ConfigPreset struct {
	RequestDefaults map[string]any `json:"request_defaults,omitzero"`
	SystemPrompt    string         `json:"system_prompt,omitzero"`
}

type ConfigRateLimit struct {
	// Limit requests to the API, per caller.
	Enabled bool `json:"enabled"`

	// Ordinary requests per minute.
	Regular int `json:"regular"`

	// Expensive requests per minute: start, restart, apply, download, log-in.
	Intensive int `json:"intensive"`
}

type ConfigRules struct {
	// The event after which a change counts: a reload, or only a restart of llamactl; `none`: no event in this
	// version. One of reload, restart, none.
	Effect string `json:"effect"`

	// Whether answers hide it as `"***"`.
	Secret bool `json:"secret"`

	// Why a request cannot change it, as a sentence; nil: it can.
	Locked *string `json:"locked"`
}

type ConfigSecurity struct {
	// Allow options that run code or read files, and any environment variable; let requests change engines.*,
	// alerts.command, data_dir, models.dirs and models.cache_dir. Only from the file.
	AllowPrivileged bool `json:"allow_privileged"`
}

type ConfigServer struct {
	// Address to listen on; any other than loopback requires auth.enabled.
	Host string `json:"host"`

	// Port of the API and the gateway.
	Port int `json:"port"`

	// Path under which everything answers, for a reverse proxy that passes it on.
	BasePath string `json:"base_path"`

	// URL under which browsers reach llamactl, if not http://host:port.
	PublicURL string `json:"public_url"`

	// More host names under which browsers may reach llamactl.
	AllowedHosts []string `json:"allowed_hosts"`

	// More origins, such as https://chat.example.com, whose pages may use the API.
	AllowedOrigins []string `json:"allowed_origins"`

	// Addresses of reverse proxies whose X-Forwarded-For is trusted.
	TrustedProxies []string `json:"trusted_proxies"`
}

type ConfigSource struct {
	// One of default, file, environment, flag.
	From string `json:"from"`

	// Name of the variable or the flag.
	Name string `json:"name,omitzero"`

	// Line in the file.
	Line *int `json:"line,omitzero"`
}

type ConfigStats struct {
	// Seconds between two measurements of running engines.
	Interval float64 `json:"interval"`
}

type ConfigView struct {
	// As written now; it takes effect at the next reload or start. Secrets are `"***"`.
	Config Config `json:"config"`

	// By dotted key: `server.port`.
	Sources map[string]ConfigSource `json:"sources"`

	// By the same keys as `sources`.
	Rules map[string]ConfigRules `json:"rules"`

	// Path of the configuration file; nil: no file.
	File *string `json:"file"`

	// Whether the running llamactl uses other values.
	RestartRequired bool `json:"restart_required"`

	// The keys that differ.
	Pending []string `json:"pending"`

	// Why the current file is unusable; `config` then shows the values that llamactl runs with.
	Problem string `json:"problem,omitzero"`
}

type ConfigWritten struct {
	Message         string `json:"message"`
	RestartRequired bool   `json:"restart_required"`

	// The keys that this request changed.
	Changed []string `json:"changed"`

	Config Config `json:"config"`
}

type CreateDownload struct {
	// A reference: `org/repo:Q4_K_M`.
	Model string `json:"model"`

	// Branch, tag or commit. Default: the main branch.
	Revision string `json:"revision,omitzero"`
}

type CreateInstance struct {
	// Unique without regard to case; only `rename` changes it.
	Name string `json:"name"`

	// `llama_cpp`, `custom`, or the name of a custom engine in the configuration.
	Engine string `json:"engine,omitzero"`

	// The model file. It need not exist until the instance starts.
	ModelPath string `json:"model_path,omitzero"`

	// A model of `GET /models`: its reference (`org/repo:Q4_K_M`), name or id. llamactl finds its file, which
	// becomes `model_path`; give only one of the two.
	Model string `json:"model,omitzero"`

	// Left out: llamactl chooses one from `instances.port_range`.
	Port int `json:"port,omitzero"`

	Options EngineOptions `json:"options,omitzero"`

	// Passed to the engine unchanged, after `options`, which they override.
	ExtraArgs []string `json:"extra_args,omitzero"`

	// Environment variables of the engine. `"***"` in an update keeps the stored value.
	Environment map[string]string `json:"environment,omitzero"`

	// Replaces the engine's command. Privileged.
	Command []string `json:"command,omitzero"`

	// Path that answers 200 when the engine is ready. Default `/health`.
	HealthPath string `json:"health_path,omitzero"`

	// More names by which requests under `/v1` can select the instance.
	Aliases []string `json:"aliases,omitzero"`

	// Hide the instance from `GET /v1/models`.
	Unlisted *bool `json:"unlisted,omitzero"`

	// After a reboot of the machine, start the instance if it was meant to run.
	AutoStart *bool `json:"auto_start,omitzero"`

	// Restart the engine if it dies after it was ready. Default: `instances.auto_restart`.
	AutoRestart *bool `json:"auto_restart,omitzero"`

	// Restarts in a row before `failed`; -1: no limit. Default: `instances.max_restarts`.
	MaxRestarts *int `json:"max_restarts,omitzero"`

	// A request under `/v1` starts the instance if it is stopped. Default true.
	OnDemand *bool `json:"on_demand,omitzero"`

	// Stop the instance after this many seconds without a request; 0: never. Default: `instances.idle_timeout`.
	IdleTimeout *float64 `json:"idle_timeout,omitzero"`

	// Never evict the instance or stop it because it is idle.
	Pinned *bool `json:"pinned,omitzero"`

	// Group whose limits apply; `groups` in the configuration defines them.
	Group string `json:"group,omitzero"`

	// Most requests that the engine gets at once; others wait. Default: no limit.
	Concurrency int `json:"concurrency,omitzero"`

	// Most requests that may wait; llamactl refuses further ones. Default 1 000.
	QueueLimit *int `json:"queue_limit,omitzero"`

	// Replaces the `model` of each request before the engine gets it.
	UpstreamModel string `json:"upstream_model,omitzero"`

	// Fields that llamactl adds to JSON bodies under `/v1` that lack them. They override those of `preset`.
	RequestDefaults map[string]any `json:"request_defaults,omitzero"`

	// Fields that llamactl removes from JSON bodies under `/v1`.
	RequestStrip []string `json:"request_strip,omitzero"`

	// System prompt that llamactl adds to chats under `/v1` that have none. An empty text adds none, not even that
	// of `preset`.
	SystemPrompt string `json:"system_prompt,omitzero"`

	// Preset whose `request_defaults` and `system_prompt` apply; `presets` in the configuration defines them.
	Preset string `json:"preset,omitzero"`

	// Do not reuse cached prompts across requests, so that callers cannot find out prompts of others. Engine
	// `llama_cpp` only. Default false.
	Isolated *bool `json:"isolated,omitzero"`

	// `auto`: save the computed prompts of the engine when it stops, and restore them at its next start, so that a
	// long conversation continues without a wait. This stores conversations on disk. Engine `llama_cpp` only.
	// Default `off`. One of off, auto.
	KeepContext string `json:"keep_context,omitzero"`
}

type CreateKey struct {
	Name string `json:"name"`

	// Default `["inference"]`. A role must not be higher than your own.
	Scopes []Scope `json:"scopes,omitzero"`

	// Only these instances, by name. Default all.
	Instances []string `json:"instances,omitzero"`

	// Default true.
	MayStart *bool `json:"may_start,omitzero"`

	// Default never.
	ExpiresAt time.Time `json:"expires_at,omitzero"`

	// For admins: the account that gets the key. Default your own.
	Owner string `json:"owner,omitzero"`

	// Concurrent requests to `/v1`, including those that wait for an engine; 0: no limit.
	MaxInFlight *int `json:"max_in_flight,omitzero"`

	// Requests to `/v1` in any 60 seconds; 0: no limit.
	RequestsPerMinute *int `json:"requests_per_minute,omitzero"`

	// Prompt and answer tokens in any 60 seconds, counted when an answer ends; 0: no limit.
	TokensPerMinute *int `json:"tokens_per_minute,omitzero"`
}

type CreateUser struct {
	// Unique without regard to case; cannot be changed.
	Username string `json:"username"`

	Password string `json:"password"`
	Role     Role   `json:"role"`

	// Concurrent requests to `/v1`, including those that wait for an engine; 0: no limit.
	MaxInFlight *int `json:"max_in_flight,omitzero"`

	// Requests to `/v1` in any 60 seconds; 0: no limit.
	RequestsPerMinute *int `json:"requests_per_minute,omitzero"`

	// Prompt and answer tokens in any 60 seconds, counted when an answer ends; 0: no limit.
	TokensPerMinute *int `json:"tokens_per_minute,omitzero"`
}

type DecisionEvent struct {
	// The kind of decision. One of slot, eviction, memory, spared, closing, idle_stop, request, restart, admission,
	// retry, route.
	Decision string `json:"decision"`

	// Name of the instance that it is about; left out: none, or none that exists.
	Instance string `json:"instance,omitzero"`

	// Name of the instance for which this one is stopped, or not stopped.
	Other string `json:"other,omitzero"`

	// The decision and its reason, for people. It continues the name of the instance.
	Message string `json:"message"`

	// `X-Request-Id` of the request that it is about.
	RequestID string `json:"request_id,omitzero"`

	// The inputs of the decision and its outcome.
	Inputs map[string]any `json:"inputs"`
}

type DeviceEstimate struct {
	// `ram`, or a GPU by the vendor and number of its tool: `nvidia:0`.
	Device string `json:"device"`

	// Bytes of the device, or the share of a container.
	Total int64 `json:"total"`

	// Bytes that a start may take now. In RAM, models of running instances count fully, although their files are
	// only mapped.
	Free int64 `json:"free"`

	// Bytes that should be free: weights, cache and computation, and a margin.
	Need int64 `json:"need"`

	// Bytes of the weights.
	Weights int64 `json:"weights"`

	// Bytes of the cache of keys and values, which grows with the context.
	Cache int64 `json:"cache"`

	// Bytes to compute in.
	Compute int64 `json:"compute"`
}

type Doctor struct {
	// When the checks began.
	CheckedAt time.Time `json:"checked_at"`

	// How long they took, seconds.
	Duration float64 `json:"duration"`

	Findings []Finding `json:"findings"`
}

type Download struct {
	ID string `json:"id"`

	// The reference as people write it: `org/repo:Q4_K_M`.
	Model string `json:"model"`

	State DownloadState `json:"state"`

	// Bytes on this machine, of all files.
	DoneBytes int64 `json:"done_bytes"`

	TotalBytes int64 `json:"total_bytes"`

	// 0 unless bytes come.
	BytesPerSecond int64 `json:"bytes_per_second"`

	// Until all bytes are here; nil: unknown.
	EtaSeconds *int64 `json:"eta_seconds"`

	// Why it failed, or waits for room on the disk.
	Error *DownloadError `json:"error"`

	// Branch or tag.
	Revision string `json:"revision"`

	// `model_path` for an instance, when it is done: its first file, or its folder.
	Path string `json:"path"`

	Files []DownloadFile `json:"files"`

	// Sentences, such as about a file of another program that could not be checked; left out: none.
	Warnings []string `json:"warnings,omitzero"`

	// `anonymous`, `user:NAME` or `key:ID (NAME)`.
	CreatedBy string `json:"created_by"`

	// RFC 3339, UTC.
	CreatedAt time.Time `json:"created_at"`

	// nil: it is not done, failed or cancelled.
	FinishedAt *time.Time `json:"finished_at"`
}

type DownloadError struct {
	// One of HUB_ERROR, DISK_FULL, INTERNAL_ERROR.
	Code string `json:"code"`

	// Cause and fix, for a person.
	Message string `json:"message"`
}

type DownloadFile struct {
	// Within the repo.
	Path string `json:"path"`

	// Bytes.
	Size int64 `json:"size"`

	DoneBytes int64 `json:"done_bytes"`
}

type DownloadList struct {
	// Oldest first.
	Downloads []Download `json:"downloads"`
}

type DownloadProgressEvent struct {
	ID string `json:"id"`

	// The reference as people write it: `org/repo:Q4_K_M`.
	Model string `json:"model"`

	State DownloadState `json:"state"`

	// Bytes on this machine, of all files.
	DoneBytes int64 `json:"done_bytes"`

	TotalBytes int64 `json:"total_bytes"`

	// 0 unless bytes come.
	BytesPerSecond int64 `json:"bytes_per_second"`

	// Until all bytes are here; nil: unknown.
	EtaSeconds *int64 `json:"eta_seconds"`

	// Why it failed, or waits for room on the disk.
	Error *DownloadError `json:"error"`
}

type DownloadState string

const (
	DownloadStateQueued    DownloadState = "queued"
	DownloadStateRunning   DownloadState = "running"
	DownloadStateVerifying DownloadState = "verifying"
	DownloadStatePaused    DownloadState = "paused"
	DownloadStateDone      DownloadState = "done"
	DownloadStateFailed    DownloadState = "failed"
	DownloadStateCancelled DownloadState = "cancelled"
)

type DroppedText struct {
	Text string `json:"text"`
	Why  string `json:"why"`
}

type Engine struct {
	// The `engine` of instances.
	ID string `json:"id"`

	// Path of the program; nil: it was not found, or each instance gives its own `command`.
	Program *string `json:"program"`

	// As the program reports it; nil: unknown.
	Version *string `json:"version"`

	// Why the program is missing or cannot be read; nil: no problem.
	Problem *string `json:"problem"`

	// GPUs and accelerators that it can use; empty: only the CPU. nil: unknown.
	Devices []EngineDevice `json:"devices"`
}

type EngineDevice struct {
	// As the engine names it, for the option `device`: `CUDA0`.
	Name string `json:"name"`

	// `NVIDIA GeForce RTX 4090`.
	Description string `json:"description"`

	// Bytes; nil: not reported.
	MemoryTotal *int64 `json:"memory_total"`

	// Bytes; nil: not reported.
	MemoryFree *int64 `json:"memory_free"`
}

type EngineList struct {
	Engines []Engine `json:"engines"`
}

type EngineOption struct {
	// Its name in `options`, in snake_case. An engine may accept other names too.
	Key string `json:"key"`

	// The spellings on the command line of the engine, long ones first.
	Flags []string `json:"flags"`

	// The kind of its value. `number` and `text` may accept words that only `description` lists. One of switch,
	// number, text, choice, list.
	Type string `json:"type"`

	// The default in the words of the engine's help: `4096`, `auto`, `same as --threads`; nil: not given.
	Default *string `json:"default"`

	// All allowed values of a `choice`, or of the items of a `list`; nil: the help does not list them.
	Choices []string `json:"choices"`

	// The section of the engine's help: `common`, `sampling`; nil: none.
	Group *string `json:"group"`

	// The text of the engine's help, on one line.
	Description string `json:"description"`

	// Environment variables of the engine that set it.
	Variables []string `json:"variables"`

	// Why instances may not set it, or only with `security.allow_privileged`; nil: it is free.
	Guard *EngineOptionGuard `json:"guard"`
}

type EngineOptionGuard struct {
	// One of reserved, privileged.
	Kind string `json:"kind"`

	Why string `json:"why"`
}

type EngineOptionList struct {
	// In the order of the engine's help; empty if they are unknown.
	Options []EngineOption `json:"options"`

	// Why the options are unknown; nil: they are known.
	Problem *string `json:"problem"`
}

// EngineOptions: The engine's own long flags in snake_case. `false` becomes `--no-x` if the engine has that
// flag; a list repeats the flag.
type EngineOptions map[string]any

type Estimate struct {
	// Every device has enough free memory now.
	Fits bool `json:"fits"`

	// RAM, and the GPUs that may be used.
	PerDevice []DeviceEstimate `json:"per_device"`

	// Idle instances whose stop would make it fit, least recently used first; `another instance` for those that the
	// caller may not see. Empty: it fits, or no stop helps.
	MustStop []string `json:"must_stop"`

	// Options with which it would fit now; empty if it fits.
	Suggestions []EstimateSuggestion `json:"suggestions"`

	// The tokens that the estimate is for. Without `ctx_size`, the engine takes the trained context, or less if that
	// does not fit.
	Context int64 `json:"context"`

	// The layers on GPUs, the output included. Without `n_gpu_layers`, as many as fit.
	GPULayers int `json:"gpu_layers"`

	// Sentences about options that need attention, such as a context larger than the trained one; left out: none.
	Warnings []string `json:"warnings,omitzero"`

	// `measured`: an earlier run. `projected`: what the engine reported at an earlier start. `estimated`: from the
	// files alone. One of measured, projected, estimated.
	Source string `json:"source"`
}

type EstimateRequest struct {
	// A model of `GET /models`: its id, reference or name.
	Model string `json:"model,omitzero"`

	// Name of an instance.
	Instance string `json:"instance,omitzero"`

	// Any model file of the server. Only for admins.
	ModelPath string `json:"model_path,omitzero"`

	// Default: `llama_cpp`, or that of the instance.
	Engine string `json:"engine,omitzero"`

	// Options of the engine. Of an instance they are merged into its own, key by key; nil removes one.
	Options map[string]any `json:"options,omitzero"`

	// Names of the devices that may be used, as in `per_device`; left out: all. `ram` is always used.
	Devices []string `json:"devices,omitzero"`
}

type EstimateSuggestion struct {
	// For people: `a context of 8192 tokens`.
	Label string `json:"label"`

	// Options with which it fits, beside those given.
	Options EngineOptions `json:"options"`
}

type EventType string

const (
	EventTypeInstanceStatusChanged EventType = "instance_status_changed"
	EventTypeInstanceStartRefused  EventType = "instance_start_refused"
	EventTypeInstanceCreated       EventType = "instance_created"
	EventTypeInstanceUpdated       EventType = "instance_updated"
	EventTypeInstanceDeleted       EventType = "instance_deleted"
	EventTypeSystemAlert           EventType = "system_alert"
	EventTypeDownloadProgress      EventType = "download_progress"
	EventTypeInstanceStatsUpdated  EventType = "instance_stats_updated"
	EventTypeRequestsUpdated       EventType = "requests_updated"
	EventTypeRequestStarted        EventType = "request_started"
	EventTypeRequestFinished       EventType = "request_finished"
	EventTypeSystemStatsUpdated    EventType = "system_stats_updated"
	EventTypeInstanceLoadProgress  EventType = "instance_load_progress"
	EventTypeInstancesRefreshed    EventType = "instances_refreshed"
	EventTypeDecision              EventType = "decision"
	EventTypeLogLines              EventType = "log_lines"
	EventTypeLogGap                EventType = "log_gap"
	EventTypeGap                   EventType = "gap"
)

type Events struct {
	// Newest first.
	Events []Event `json:"events"`

	// Whether older ones match; ask for them with `before_seq`.
	More bool `json:"more"`

	// The oldest kept event of all instances: nothing is known of earlier times. nil: no event is kept.
	OldestSeq *int64 `json:"oldest_seq"`
}

type Evidence struct {
	// `process`, `port`, `last exit`, `log`, `restarts`, `memory`, `retry`, `waits for`, `tried` or `alert`.
	What string `json:"what"`

	Text string `json:"text"`

	// `text` as data; absent: a line of output, or the message of an alert.
	Phrase *Phrase `json:"phrase,omitzero"`

	// Why the last run ended, if `text` says it.
	Reason *Phrase `json:"reason,omitzero"`
}

type Finding struct {
	// The thing that was checked. Some checks have several findings. `unfinished`: the checks took too long. One of
	// configuration, data_dir, disk, database, gpu, engine, devices, service, models, port_range, port, open_files,
	// clock, alert, instance, unfinished.
	ID string `json:"id"`

	// `warning`: it works, but may fail later or could be better. `problem`: it does not work. One of ok, warning,
	// problem.
	Status string `json:"status"`

	// The finding, for people.
	Sentence string `json:"sentence"`

	// `sentence` as data, in its order; absent: a name, a path, or words of a program.
	Phrases []Phrase `json:"phrases,omitzero"`

	// The alert that it repeats; absent: none.
	Alert *FindingAlert `json:"alert,omitzero"`

	// The instance that it is about; absent: none.
	Instance string `json:"instance,omitzero"`

	// The steps against it, the best one first; empty: nothing to do.
	Remedies []Remedy `json:"remedies"`
}

type FindingAlert struct {
	// Kind of alert; stable.
	Code string `json:"code"`

	// One of warning, error.
	Level string `json:"level"`

	// The cause, if the alert is about the end of a run.
	Cause Cause `json:"cause,omitzero"`
}

type FinishedRequest struct {
	// Its `X-Request-Id`, followed by `~` and a number if another request has the same one.
	ID string `json:"id"`

	// `user:NAME`, `key:ID (NAME)` or `anonymous`; viewers get nil for requests of others. `address:ADDRESS`:
	// refused before it had a record, without valid credentials; with the beginning of an unknown key:
	// `address:ADDRESS (llk_3RCRoi…)`.
	Caller *string `json:"caller"`

	// nil: not yet known, or no instance has this name.
	Instance *string `json:"instance"`

	// The `model` of the request, at most 200 characters; nil: the path names the instance, under `/proxy`, or the
	// request was refused before its body was read.
	Model *string `json:"model"`

	// `v1`: the gateway; `proxy`: the pass-through of the instance. One of v1, proxy.
	Door string `json:"door"`

	Method string `json:"method"`

	// Path that the engine gets, without the query, at most 200 characters.
	Path string `json:"path"`

	// When llamactl had read enough of the body to know the model.
	StartedAt time.Time `json:"started_at"`

	// Seconds until an engine got the request; the last engine, if one died and llamactl retried. nil: no engine has
	// it now.
	Waited *float64 `json:"waited"`

	// Seconds of the wait for a slot and the start of the instance, so far.
	Starting float64 `json:"starting"`

	// Seconds of the wait for its turn at a running instance, so far.
	Queued float64 `json:"queued"`

	// Seconds in which the engine computed the prompt, as it reported; nil: not reported.
	PromptSeconds *float64 `json:"prompt_seconds"`

	// `User-Agent` of the request, at most 200 characters; nil: it has none, or it is of another caller and you are
	// a viewer.
	UserAgent *string `json:"user_agent"`

	// Whether the answer is a stream of events or a WebSocket; nil: not yet known.
	Stream *bool `json:"stream"`

	// Seconds from `started_at`, including waiting; nil: nothing came yet, or the answer is not a stream.
	TimeToFirstToken *float64 `json:"time_to_first_token"`

	// Tokens of the prompt, including cached ones, as the engine reported; nil: not reported.
	TokensIn *int `json:"tokens_in"`

	// Tokens of the prompt that the engine had computed before; nil: not reported.
	CachedTokens *int `json:"cached_tokens"`

	// Tokens generated so far, as the engine reported or else as counted.
	TokensOut *int `json:"tokens_out"`

	// Whether `tokens_out` is a count of stream chunks because the engine reported no number.
	TokensEstimated bool `json:"tokens_estimated"`

	// Rate between the first and the last token; nil: too few tokens, or not a stream.
	TokensPerSecond *float64 `json:"tokens_per_second"`

	// Bytes of the answer body sent so far.
	BytesOut int64 `json:"bytes_out"`

	// `ok`: complete answer; `client_error`, `engine_error`: complete answer with a 4xx or 5xx of the engine;
	// `refused`: llamactl answered with an error; `aborted`: the caller disconnected; `cancelled`: by `DELETE
	// /api/requests/{request_id}`, or by the end of the credentials, as `error` says; `broken`: the engine gave no
	// answer or an incomplete one, or llamactl was killed.
	Outcome RequestOutcome `json:"outcome"`

	// Grows with every finished request; for `before_seq`.
	Seq int64 `json:"seq"`

	// HTTP status of the answer; nil: no answer.
	Status *int `json:"status"`

	// Why it failed; nil: it did not, or the engine did not say.
	Error *RequestError `json:"error"`

	// RFC 3339, UTC.
	FinishedAt time.Time `json:"finished_at"`

	// Seconds from `started_at`.
	Duration float64 `json:"duration"`

	// How many refused requests the row stands for: of one caller, with one code, within a minute. Absent: one.
	Count int `json:"count,omitzero"`
}

type Fleet struct {
	// Version of this format; always 1.
	Version int `json:"version,omitzero"`

	// Each as in `POST /instances`: a setting that is left out gets its default, even if it was set before.
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

type FleetStats struct {
	// Length of the history, in seconds.
	Window float64 `json:"window"`

	// Length of a step.
	Seconds float64 `json:"seconds"`

	// The end of the last step.
	Until time.Time `json:"until"`

	// Without the instances that did not run in that time.
	Instances []InstanceSeries `json:"instances"`
}

type FleetStep struct {
	Name   string      `json:"name"`
	Action FleetAction `json:"action"`

	// Settings that differ, dotted: `options.threads`.
	Changes []string `json:"changes"`

	// Accepted settings that need attention.
	Warnings []string `json:"warnings,omitzero"`

	// Why this step failed; the other steps were made anyway.
	Error string `json:"error,omitzero"`
}

type Folder struct {
	// One of data, models.
	Kind string `json:"kind"`

	Path string `json:"path"`

	// Bytes of its filesystem, or of that of its nearest parent that exists; nil: unknown.
	DiskTotal *int64 `json:"disk_total"`

	// Bytes of it that llamactl may use; nil: unknown.
	DiskFree *int64 `json:"disk_free"`

	// A number that all folders of one filesystem share, and no others; nil: unknown.
	Filesystem *int64 `json:"filesystem"`
}

type FoundModel struct {
	// `org/repo`.
	Reference string `json:"reference"`

	// The hub's word: `text-generation`; nil: it has none.
	Purpose *string `json:"purpose"`

	// As its author names it; nil: unknown.
	License *string `json:"license"`

	// Downloads need a token of an account that accepted the conditions of the author.
	Gated bool `json:"gated"`

	// Of the last month; nil: unknown.
	Downloads *int64 `json:"downloads"`

	Likes *int64 `json:"likes"`

	// RFC 3339; nil: unknown.
	UpdatedAt *time.Time `json:"updated_at"`
}

type GPU struct {
	// The tool's own number for this GPU.
	Index int `json:"index"`

	// One of nvidia, amd.
	Vendor string `json:"vendor"`

	// `GPU-…`, as `CUDA_VISIBLE_DEVICES` takes it. It stays the same when numbers change; left out: not reported.
	Uuid string `json:"uuid,omitzero"`

	// `MIG-…`: the UUIDs of its MIG devices; left out: it has none.
	Slices []string `json:"slices,omitzero"`

	Name string `json:"name"`

	// Bytes; nil: not reported, for example because the GPU shares the memory of the machine.
	MemoryTotal *int64 `json:"memory_total"`

	// Bytes; nil: not reported.
	MemoryUsage *int64 `json:"memory_usage"`

	// 0–100; nil: not reported.
	Utilization *float64 `json:"utilization"`

	// Degrees Celsius; nil: not reported.
	Temperature *float64 `json:"temperature"`

	// Watts; nil: not reported.
	Power *float64 `json:"power"`
}

type Gap struct {
	FromSeq int64 `json:"from_seq"`
	ToSeq   int64 `json:"to_seq"`
}

type GapEvent struct {
	// `seq` of the first missing event.
	FromSeq int64 `json:"from_seq"`

	// `seq` of the last missing event; the frames after it are complete.
	ToSeq int64 `json:"to_seq"`

	// `seq` of the newest event when this frame was sent; later events have greater numbers.
	LastSeq int64 `json:"last_seq"`
}

type GpuPoint struct {
	// The tool's own number for this GPU, as in `GET /system/status`.
	Index int `json:"index"`

	// One of nvidia, amd.
	Vendor string `json:"vendor"`

	// Bytes; nil: not reported.
	MemoryUsage *int64 `json:"memory_usage"`

	// 0–100; nil: not reported.
	Utilization *float64 `json:"utilization"`

	// Degrees Celsius; nil: not reported.
	Temperature *float64 `json:"temperature"`

	// Watts; nil: not reported.
	Power *float64 `json:"power"`
}

type GpuUse struct {
	// The tool's own number for this GPU, as in `GET /system/status`.
	Index int `json:"index"`

	// Two vendors may have a GPU with the same number. One of nvidia, amd.
	Vendor string `json:"vendor,omitzero"`

	// As in `GET /system/status`; left out: not reported.
	Uuid string `json:"uuid,omitzero"`

	// Bytes.
	Memory int64 `json:"memory"`
}

type GroupLimits struct {
	Name string `json:"name"`

	// How many of its members run at once; nil: no limit.
	MaxRunning *int `json:"max_running"`

	// While a member runs, no instance outside of the group does, except pinned ones.
	Exclusive bool `json:"exclusive"`

	// Its members are never evicted, and do not stop when idle.
	Pinned bool `json:"pinned"`
}

type Health struct {
	Status HealthStatus `json:"status"`
	Checks HealthChecks `json:"checks"`

	// RFC 3339, UTC.
	LastCheck time.Time `json:"last_check"`

	// For a stopped or failed instance: why a start would fail now. For a running one: why it could not start again,
	// such as a file that is gone. Absent: no known problem.
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
	// Unique without regard to case; only `rename` changes it.
	Name string `json:"name"`

	Status Status `json:"status"`

	// `llama_cpp`, `custom`, or the name of a custom engine in the configuration.
	Engine string `json:"engine"`

	// As it was given; absent: the instance was given a `model_path`.
	Model string `json:"model,omitzero"`

	// Absent for an engine without a model file.
	ModelPath string `json:"model_path,omitzero"`

	// The model of this file in `GET /models`; nil: the file is none of them.
	ModelInfo *ModelInfo `json:"model_info"`

	// Kinds of requests that it answers, by its model and options; empty: llamactl does not know its engine or
	// model.
	Capabilities []InstanceCapability `json:"capabilities"`

	// Tokens that one request may have, prompt and answer together; nil: unknown.
	ContextSize *int `json:"context_size"`

	// How many requests its engine computes at once; nil: unknown.
	Slots *int `json:"slots"`

	// Loopback port of its engine.
	Port int `json:"port"`

	// Port of the running engine, which differs from `port` after a change until the next start; nil: none runs.
	RunningPort *int `json:"running_port"`

	// More names by which requests under `/v1` can select the instance.
	Aliases []string `json:"aliases"`

	// Hide the instance from `GET /v1/models`.
	Unlisted bool `json:"unlisted"`

	// A request under `/v1` starts the instance if it is stopped. Default true.
	OnDemand bool `json:"on_demand"`

	// Group whose limits apply; `groups` in the configuration defines them.
	Group string `json:"group,omitzero"`

	// The setting. Members of a pinned group are pinned too.
	Pinned bool `json:"pinned"`

	// Automatic restarts in a row; back to 0 after running for five minutes.
	RestartCount int `json:"restart_count"`

	// Whether the running engine was launched with other settings than the stored ones.
	RestartRequired bool `json:"restart_required"`

	// Requests that its engine works on.
	InFlight int `json:"in_flight"`

	// Requests that wait for its start, a slot or their turn.
	Waiting int `json:"waiting"`

	// Tokens of streamed answers that its engine generates, per second, over the last two seconds.
	TokensPerSecond float64 `json:"tokens_per_second"`

	// When its last request ended; nil: unknown, or none has ended.
	LastUsedAt *time.Time `json:"last_used_at"`

	// The instances that must stop, or free memory, before it can start; `another instance` for those that the
	// caller may not see. Empty: it does not wait for a slot or for memory.
	WaitsFor []string `json:"waits_for"`

	// Progress of its start; nil exactly when it is not `starting`.
	Load *Load `json:"load"`

	// When the current engine became ready; nil: it is not, or none runs.
	ReadyAt *time.Time `json:"ready_at"`

	// Seconds from the spawn of its engine until it was ready, at its last start; nil: unknown.
	LastLoadSeconds *float64 `json:"last_load_seconds"`

	// Why the instance failed or restarts; nil: neither.
	Reason *string `json:"reason"`

	// The cause in `reason`; absent: it has none.
	Cause Cause `json:"cause,omitzero"`

	// `reason` as data; absent: no kind of phrase.
	Phrase *Phrase `json:"phrase,omitzero"`

	// The last start that was refused since its status or settings changed, or why a start of a stopped instance
	// would be refused, as found by a look after each scan of models; nil: neither.
	Refused *RefusedStart `json:"refused"`

	// The memory that it holds on each device; absent: it does not run, or its need is unknown.
	Memory []InstanceMemory `json:"memory,omitzero"`

	// When the process of the current run started; nil: no process runs.
	StartedAt *time.Time `json:"started_at"`

	// RFC 3339, UTC.
	CreatedAt time.Time `json:"created_at"`

	// RFC 3339, UTC.
	UpdatedAt time.Time `json:"updated_at"`

	// The file that `model` names now, if it is another than `model_path`: the library has a newer version, which an
	// update with `model` takes. Otherwise absent.
	NewerModelPath string `json:"newer_model_path,omitzero"`

	// The engine's own process; nil exactly when no process runs.
	PID *int `json:"pid"`

	Options EngineOptions `json:"options"`

	// Passed to the engine unchanged, after `options`, which they override.
	ExtraArgs []string `json:"extra_args"`

	// Environment variables of the engine; secrets are `"***"`.
	Environment map[string]string `json:"environment"`

	// Replaces the engine's command. Privileged.
	Command []string `json:"command,omitzero"`

	// Path that answers 200 when the engine is ready. Default `/health`.
	HealthPath string `json:"health_path,omitzero"`

	// After a reboot of the machine, start the instance if it was meant to run.
	AutoStart bool `json:"auto_start"`

	// The setting, or the default of the configuration.
	AutoRestart bool `json:"auto_restart"`

	// The setting, or the default of the configuration.
	MaxRestarts int `json:"max_restarts"`

	// The setting, or the default of the configuration.
	IdleTimeout float64 `json:"idle_timeout"`

	// Absent: no limit.
	Concurrency *int `json:"concurrency,omitzero"`

	// Most requests that may wait; llamactl refuses further ones. Default 1 000.
	QueueLimit int `json:"queue_limit"`

	// Replaces the `model` of each request before the engine gets it.
	UpstreamModel string `json:"upstream_model,omitzero"`

	// Fields that llamactl adds to JSON bodies under `/v1` that lack them. They override those of `preset`.
	RequestDefaults map[string]any `json:"request_defaults"`

	// Fields that llamactl removes from JSON bodies under `/v1`.
	RequestStrip []string `json:"request_strip"`

	// System prompt that llamactl adds to chats under `/v1` that have none. An empty text adds none, not even that
	// of `preset`.
	SystemPrompt string `json:"system_prompt,omitzero"`

	// Preset whose `request_defaults` and `system_prompt` apply; `presets` in the configuration defines them.
	Preset string `json:"preset,omitzero"`

	// Do not reuse cached prompts across requests, so that callers cannot find out prompts of others. Engine
	// `llama_cpp` only. Default false.
	Isolated bool `json:"isolated"`

	// `auto`: save the computed prompts of the engine when it stops, and restore them at its next start, so that a
	// long conversation continues without a wait. This stores conversations on disk. Engine `llama_cpp` only.
	// Default `off`. One of off, auto.
	KeepContext string `json:"keep_context"`

	// The saved context; nil: none.
	Context *KeptContext `json:"context"`

	// How the last run ended; nil: no run has ended.
	LastExit *LastExit `json:"last_exit"`

	// The argv of the current or the next run; secrets are masked.
	EffectiveCommand []string `json:"effective_command"`

	// Measured now; nil exactly when no process runs.
	Stats *Stats `json:"stats"`
}

type InstanceCapability string

const (
	InstanceCapabilityChat       InstanceCapability = "chat"
	InstanceCapabilityEmbeddings InstanceCapability = "embeddings"
	InstanceCapabilityRerank     InstanceCapability = "rerank"
	InstanceCapabilityVision     InstanceCapability = "vision"
	InstanceCapabilityAudio      InstanceCapability = "audio"
	InstanceCapabilityImage      InstanceCapability = "image"
	InstanceCapabilityTools      InstanceCapability = "tools"
)

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

	// Accepted settings that need attention.
	Warnings []string `json:"warnings,omitzero"`

	// Present for `dry_run`: nothing was changed, and `instance` is as it would be.
	Preview *InstancePreview `json:"preview,omitzero"`
}

type InstanceCreatedEvent struct {
	Name string `json:"name"`

	// Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see
	// all instances.
	Caller string `json:"caller,omitzero"`
}

type InstanceDeletedEvent struct {
	Name string `json:"name"`

	// Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see
	// all instances.
	Caller string `json:"caller,omitzero"`
}

type InstanceEstimateRequest struct {
	// Options of the engine. Of an instance they are merged into its own, key by key; nil removes one.
	Options map[string]any `json:"options,omitzero"`

	// Names of the devices that may be used, as in `per_device`; left out: all. `ram` is always used.
	Devices []string `json:"devices,omitzero"`
}

type InstanceList struct {
	Instances []InstanceSummary `json:"instances"`
}

type InstanceLoadProgressEvent struct {
	Name string `json:"name"`
	Load Load   `json:"load"`
}

type InstanceMemory struct {
	// `ram`, or a GPU: `nvidia:0`.
	Device string `json:"device"`

	// Bytes that count as held by its run: weights, cache and computation, and a margin.
	Need int64 `json:"need"`

	// `measured`: by an earlier run; `projected`: the engine reported it; `estimated`: from the files. One of
	// measured, projected, estimated.
	Source string `json:"source"`
}

type InstancePreview struct {
	// Why it would be refused, beyond the form of the body, which gives an error as always; empty: it would succeed.
	Problems []Problem `json:"problems"`

	// Accepted settings that need attention.
	Warnings []string `json:"warnings"`

	// The argv of the next run; secrets are masked.
	EffectiveCommand []string `json:"effective_command"`

	// Settings that would differ, dotted: `options.threads`.
	Changes []string `json:"changes"`

	// Whether the running engine would keep older settings until a restart.
	RestartRequired bool `json:"restart_required"`

	// The memory that it would need; nil: unknown, for example because llamactl does not know its model.
	Estimate *Estimate `json:"estimate"`
}

type InstanceSeries struct {
	Name string `json:"name"`

	// Percent of one core, the average; nil: no run in that step.
	CPUUsage []float64 `json:"cpu_usage"`

	// Bytes, the average; nil: no run in that step.
	MemoryUsage []int64 `json:"memory_usage"`

	// Tokens generated, per second; nil: no run in that step.
	TokensPerSecond []float64 `json:"tokens_per_second"`

	// Requests that ended; nil: no run in that step.
	Requests []float64 `json:"requests"`

	// Most requests that waited at one time; nil: no run in that step.
	WaitingMax []float64 `json:"waiting_max"`
}

type InstanceStartRefusedEvent struct {
	Name string `json:"name"`

	// Error code that the start returned. One of MODEL_NOT_FOUND, ENGINE_NOT_FOUND, PORT_IN_USE, CAPACITY_EXCEEDED,
	// DOES_NOT_FIT, VALIDATION_ERROR, RESERVED_OPTION, PRIVILEGED_OPTION.
	Code string `json:"code"`

	// Message of that error. It names the program of an engine without the folder, which not every reader may see.
	Message string `json:"message"`

	// Who or what requested the start. Absent: unknown.
	Trigger *InstanceStartRefusedEventTrigger `json:"trigger,omitzero"`
}

type InstanceStartRefusedEventTrigger struct {
	// `command`: a start, stop or restart by a caller; `update`: a caller changed its settings; `demand`: a request
	// needed it; `eviction`: another instance needed its slot or memory; `idle`: its idle timeout passed;
	// `restart_policy`: its engine ended or hung; `server_start`: llamactl started. One of command, update, demand,
	// eviction, idle, restart_policy, server_start.
	Kind string `json:"kind"`

	// Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see
	// all instances.
	Caller string `json:"caller,omitzero"`

	// `X-Request-Id` of the request that started it on demand; absent like `caller`.
	RequestID string `json:"request_id,omitzero"`

	// Name of the instance that needed its slot or memory; absent: none, or one that you may not see.
	NeededBy string `json:"needed_by,omitzero"`
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

	// `reason` as data; absent: no kind of phrase.
	Phrase *Phrase `json:"phrase,omitzero"`

	// Why llamactl stops it without a request: `eviction`: another instance needs its slot; `idle`: its idle timeout
	// passed.
	Cause StopCause `json:"cause,omitzero"`

	// Who or what made it change; a later status of the same start or stop repeats it. Absent: unknown.
	Trigger *Trigger `json:"trigger,omitzero"`
}

type InstanceSummary struct {
	// Unique without regard to case; only `rename` changes it.
	Name string `json:"name"`

	Status Status `json:"status"`

	// `llama_cpp`, `custom`, or the name of a custom engine in the configuration.
	Engine string `json:"engine"`

	// As it was given; absent: the instance was given a `model_path`.
	Model string `json:"model,omitzero"`

	// Absent for an engine without a model file.
	ModelPath string `json:"model_path,omitzero"`

	// The model of this file in `GET /models`; nil: the file is none of them.
	ModelInfo *ModelInfo `json:"model_info"`

	// Kinds of requests that it answers, by its model and options; empty: llamactl does not know its engine or
	// model.
	Capabilities []InstanceCapability `json:"capabilities"`

	// Tokens that one request may have, prompt and answer together; nil: unknown.
	ContextSize *int `json:"context_size"`

	// How many requests its engine computes at once; nil: unknown.
	Slots *int `json:"slots"`

	// Loopback port of its engine.
	Port int `json:"port"`

	// Port of the running engine, which differs from `port` after a change until the next start; nil: none runs.
	RunningPort *int `json:"running_port"`

	// More names by which requests under `/v1` can select the instance.
	Aliases []string `json:"aliases"`

	// Hide the instance from `GET /v1/models`.
	Unlisted bool `json:"unlisted"`

	// A request under `/v1` starts the instance if it is stopped. Default true.
	OnDemand bool `json:"on_demand"`

	// Group whose limits apply; `groups` in the configuration defines them.
	Group string `json:"group,omitzero"`

	// The setting. Members of a pinned group are pinned too.
	Pinned bool `json:"pinned"`

	// Automatic restarts in a row; back to 0 after running for five minutes.
	RestartCount int `json:"restart_count"`

	// Whether the running engine was launched with other settings than the stored ones.
	RestartRequired bool `json:"restart_required"`

	// Requests that its engine works on.
	InFlight int `json:"in_flight"`

	// Requests that wait for its start, a slot or their turn.
	Waiting int `json:"waiting"`

	// Tokens of streamed answers that its engine generates, per second, over the last two seconds.
	TokensPerSecond float64 `json:"tokens_per_second"`

	// When its last request ended; nil: unknown, or none has ended.
	LastUsedAt *time.Time `json:"last_used_at"`

	// The instances that must stop, or free memory, before it can start; `another instance` for those that the
	// caller may not see. Empty: it does not wait for a slot or for memory.
	WaitsFor []string `json:"waits_for"`

	// Progress of its start; nil exactly when it is not `starting`.
	Load *Load `json:"load"`

	// When the current engine became ready; nil: it is not, or none runs.
	ReadyAt *time.Time `json:"ready_at"`

	// Seconds from the spawn of its engine until it was ready, at its last start; nil: unknown.
	LastLoadSeconds *float64 `json:"last_load_seconds"`

	// Why the instance failed or restarts; nil: neither.
	Reason *string `json:"reason"`

	// The cause in `reason`; absent: it has none.
	Cause Cause `json:"cause,omitzero"`

	// `reason` as data; absent: no kind of phrase.
	Phrase *Phrase `json:"phrase,omitzero"`

	// The last start that was refused since its status or settings changed, or why a start of a stopped instance
	// would be refused, as found by a look after each scan of models; nil: neither.
	Refused *RefusedStart `json:"refused"`

	// The memory that it holds on each device; absent: it does not run, or its need is unknown.
	Memory []InstanceMemory `json:"memory,omitzero"`

	// When the process of the current run started; nil: no process runs.
	StartedAt *time.Time `json:"started_at"`

	// RFC 3339, UTC.
	CreatedAt time.Time `json:"created_at"`

	// RFC 3339, UTC.
	UpdatedAt time.Time `json:"updated_at"`

	// The last measurement, at most `stats.interval` old; nil: no process runs, or it was not measured yet.
	Stats *Stats `json:"stats"`
}

type InstanceUpdated struct {
	Message         string   `json:"message"`
	Instance        Instance `json:"instance"`
	RestartRequired bool     `json:"restart_required"`

	// Accepted settings that need attention.
	Warnings []string `json:"warnings,omitzero"`

	// Present for `dry_run`: nothing was changed, and `instance` is as it would be.
	Preview *InstancePreview `json:"preview,omitzero"`
}

type InstanceUpdatedEvent struct {
	Name string `json:"name"`

	// Present after a rename: the name until now.
	PreviousName string `json:"previous_name,omitzero"`

	// The settings that changed: `port`, `options.ctx_size`. Absent: none of them.
	Changed []string `json:"changed,omitzero"`

	// The values of those in `changed` that are numbers, booleans or short texts: never secrets, variables,
	// arguments or prompts. Absent: none of them.
	Values []ChangedValue `json:"values,omitzero"`

	// The finding of llamactl, if no caller changed the instance.
	Reason string `json:"reason,omitzero"`

	// Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see
	// all instances.
	Caller string `json:"caller,omitzero"`
}

type InstancesRefreshedEvent struct {
	// `models`: a scan of models changed `model_info`; `starts`: a look changed `refused` of stopped instances. One
	// of models, starts.
	Reason string `json:"reason"`
}

type KeptContext struct {
	// Tokens of all saved conversations.
	Tokens int `json:"tokens"`

	// Size of their files.
	Bytes int `json:"bytes"`

	// When the newest of them was saved.
	SavedAt time.Time `json:"saved_at"`

	// The last measured use after a restore; nil: none was measured.
	Reuse *KeptContextReuse `json:"reuse"`
}

type KeptContextReuse struct {
	// RFC 3339, UTC.
	At time.Time `json:"at"`

	// Tokens that were restored at that start.
	Restored int `json:"restored"`

	// Tokens of the first request's prompt that the engine did not compute again; its `cache_n`.
	Reused int `json:"reused"`
}

type Key struct {
	ID   string `json:"id"`
	Name string `json:"name"`

	// The account that the key acts for.
	Owner string `json:"owner"`

	// Its first characters, to recognize it.
	Prefix string `json:"prefix"`

	Scopes []Scope `json:"scopes"`

	// The key works for these instances only; nil: all.
	Instances []string `json:"instances"`

	// Whether a request with this key may start a stopped instance.
	MayStart bool `json:"may_start"`

	// Concurrent requests to `/v1`, including those that wait for an engine; 0: no limit.
	MaxInFlight int `json:"max_in_flight"`

	// Requests to `/v1` in any 60 seconds; 0: no limit.
	RequestsPerMinute int `json:"requests_per_minute"`

	// Prompt and answer tokens in any 60 seconds, counted when an answer ends; 0: no limit.
	TokensPerMinute int `json:"tokens_per_minute"`

	CreatedAt time.Time `json:"created_at"`

	// nil: never.
	ExpiresAt *time.Time `json:"expires_at"`

	// Accurate to one minute, and never before `created_at`; nil: never.
	LastUsedAt *time.Time `json:"last_used_at"`
}

type KeyChanged struct {
	Message string `json:"message"`
	Key     Key    `json:"key"`
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

type LargestMemory struct {
	// One of gpu, ram.
	Kind string `json:"kind"`

	// Name of the GPU, or `memory`.
	Name string `json:"name"`

	// Bytes. For `ram`, no more than the control group allows.
	Total int64 `json:"total"`
}

type LastExit struct {
	// Exit status; 128 + n for signal n; nil: unknown.
	Code *int `json:"code"`

	// The signal that ended the engine, such as `SIGKILL`; nil: none or unknown.
	Signal *string `json:"signal"`

	// RFC 3339, UTC.
	At time.Time `json:"at"`

	// Why the run ended, in one sentence.
	Reason string `json:"reason"`

	// nil: it was stopped, so nothing was wrong.
	Cause *Cause `json:"cause"`

	// `reason` as data; absent: no kind of phrase.
	Phrase *Phrase `json:"phrase,omitzero"`

	// The engine's last lines of output.
	Lines []string `json:"lines"`
}

type Lifecycle struct {
	Message string `json:"message"`
	Status  Status `json:"status"`
}

type Load struct {
	// `queued`: waits for a slot; `preparing`: its launch is checked and spawned; `loading`: the engine loads its
	// model; `restoring`: the engine restores its saved context. One of queued, preparing, loading, restoring.
	Phase string `json:"phase"`

	// Estimated part that is done, below 1 until the engine is ready; nil: no estimate.
	Fraction *float64 `json:"fraction"`

	// Seconds since the engine was spawned; before that, since the start was requested.
	Elapsed float64 `json:"elapsed"`

	// Median of the last loads of the same model with the same options, in seconds from the spawn until the engine
	// was ready; nil: none was measured.
	UsualSeconds *float64 `json:"usual_seconds"`
}

type LogEntry struct {
	// RFC 3339, UTC, from the engine's own timestamps, converted to the machine's clock.
	Timestamp time.Time `json:"timestamp"`

	Level LogLevel `json:"level"`

	// Without control characters; a very long line is cut and ends in an ellipsis.
	Message string `json:"message"`

	// Position of the line's end in the instance's log. Grows across runs, rotations and restarts of llamactl; not
	// consecutive.
	Seq int64 `json:"seq"`

	// The line has no time of its own: `timestamp` is that of the line before it, or of the start of the run.
	// Absent: it has one.
	Untimed bool `json:"untimed,omitzero"`
}

type LogGapEvent struct {
	// The name in the subscription.
	Name string `json:"name"`

	// The lines with a greater `seq` are missing, up to `to_seq`.
	FromSeq int64 `json:"from_seq"`

	ToSeq int64 `json:"to_seq"`
}

type LogLevel string

const (
	LogLevelDebug LogLevel = "debug"
	LogLevelInfo  LogLevel = "info"
	LogLevelWarn  LogLevel = "warn"
	LogLevelError LogLevel = "error"
)

type LogLinesEvent struct {
	// The name in the subscription.
	Name string `json:"name"`

	Lines []LogEntry `json:"lines"`
}

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

	// The search stopped at its limit of bytes before it found enough lines.
	Truncated bool `json:"truncated,omitzero"`

	// Where a `truncated` search stopped. To go on, pass it as `before_seq`, or as `after_seq` if you gave one.
	NextSeq *int64 `json:"next_seq,omitzero"`

	// Lines after `after_seq` that are no longer kept.
	Gap *Gap `json:"gap,omitzero"`
}

type Me struct {
	// Whether accounts are on, so that callers need credentials.
	AuthEnabled bool `json:"auth_enabled"`

	// nil: this request has no valid credentials, and needs some.
	Caller *Caller `json:"caller"`

	// Version of llamactl; nil: the caller is unknown.
	Version *string `json:"version"`

	// Whether the generated password of the account `admin` is still in the file `admin-password` of the data
	// directory.
	FirstPasswordInFile bool `json:"first_password_in_file"`
}

type Message struct {
	Message string `json:"message"`
}

type Model struct {
	// Stable over scans and restarts. 16 characters.
	ID string `json:"id"`

	// `org/repo:Q4_K_M` of the hub, or `ms:…`, `ollama:…`, `docker:…` or `https://…` of another source; nil: the
	// file is in a plain folder.
	Ref *string `json:"ref"`

	// For people: the name of the file without its ending, or of the folder.
	Name string `json:"name"`

	// One of gguf, safetensors, mlx.
	Format string `json:"format"`

	// `llama`, `qwen3`, `bert`; nil: unknown.
	Architecture *string `json:"architecture"`

	// How many weights it has; nil: unknown.
	Parameters *int64 `json:"parameters"`

	// `Q4_K_M`, `F16`, `4bit`; nil: unknown.
	Quantization *string `json:"quantization"`

	// The context for which it was trained, in tokens; nil: unknown.
	Context *int64 `json:"context"`

	// Bytes of all its parts, without companions.
	Size int64 `json:"size"`

	// From its chat template, architecture and projector.
	Capabilities []string `json:"capabilities"`

	// One of folder, hugging_face, llama_cpp, ollama, lm_studio.
	Source string `json:"source"`

	// `model_path` for an instance: the file, its first part, or the folder.
	Path string `json:"path"`

	// RFC 3339, UTC.
	ModifiedAt time.Time `json:"modified_at"`

	// Names of the instances with this file; `another instance` for those that the caller may not see.
	UsedBy []string `json:"used_by"`

	// Why it cannot be loaded, in sentences; empty: no reason is known.
	Problems []string `json:"problems"`
}

type ModelCheck struct {
	// Its parts, then its companions.
	Files []CheckedFile `json:"files"`
}

type ModelCompanion struct {
	// One of projector, adapter, draft.
	Kind string `json:"kind"`

	Path string `json:"path"`

	// Bytes.
	Size int64 `json:"size"`
}

type ModelDetails struct {
	// Stable over scans and restarts. 16 characters.
	ID string `json:"id"`

	// `org/repo:Q4_K_M` of the hub, or `ms:…`, `ollama:…`, `docker:…` or `https://…` of another source; nil: the
	// file is in a plain folder.
	Ref *string `json:"ref"`

	// For people: the name of the file without its ending, or of the folder.
	Name string `json:"name"`

	// One of gguf, safetensors, mlx.
	Format string `json:"format"`

	// `llama`, `qwen3`, `bert`; nil: unknown.
	Architecture *string `json:"architecture"`

	// How many weights it has; nil: unknown.
	Parameters *int64 `json:"parameters"`

	// `Q4_K_M`, `F16`, `4bit`; nil: unknown.
	Quantization *string `json:"quantization"`

	// The context for which it was trained, in tokens; nil: unknown.
	Context *int64 `json:"context"`

	// Bytes of all its parts, without companions.
	Size int64 `json:"size"`

	// From its chat template, architecture and projector.
	Capabilities []string `json:"capabilities"`

	// One of folder, hugging_face, llama_cpp, ollama, lm_studio.
	Source string `json:"source"`

	// `model_path` for an instance: the file, its first part, or the folder.
	Path string `json:"path"`

	// RFC 3339, UTC.
	ModifiedAt time.Time `json:"modified_at"`

	// Names of the instances with this file; `another instance` for those that the caller may not see.
	UsedBy []string `json:"used_by"`

	// Why it cannot be loaded, in sentences; empty: no reason is known.
	Problems []string `json:"problems"`

	// Its parts, in order.
	Files []ModelFile `json:"files"`

	// Files beside it that belong to it, for options such as `mmproj`.
	Companions []ModelCompanion `json:"companions"`

	// Numbers and short texts of the header of a GGUF file. Lists and long texts are left out.
	Metadata map[string]any `json:"metadata"`

	// nil: it has none, or one of more than 1 MiB.
	ChatTemplate *string `json:"chat_template"`

	// That of Ollama for this model, for `system_prompt` of an instance; nil: it has none.
	SystemPrompt *string `json:"system_prompt"`

	// Ollama's parameters for this model, as `request_defaults` of an instance. Empty: it has none.
	RequestDefaults map[string]any `json:"request_defaults"`

	// Ollama's parameters that are no request defaults, under Ollama's names, such as `num_ctx`.
	OtherParameters map[string]any `json:"other_parameters"`

	// Messages with which Ollama begins each chat of this model. llamactl sends none. Absent: none.
	Messages []ModelDetailsMessagesItem `json:"messages,omitzero"`

	// The text of the licenses that Ollama has for this model. Absent: none.
	License string `json:"license,omitzero"`
}

type ModelDetailsMessagesItem struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

type ModelFile struct {
	Path string `json:"path"`

	// Bytes.
	Size int64 `json:"size"`
}

type ModelInfo struct {
	// Stable over scans and restarts. 16 characters.
	ID string `json:"id"`

	// For people: the name of the file without its ending, or of the folder.
	Name string `json:"name"`

	// `Q4_K_M`, `F16`, `4bit`; nil: unknown.
	Quantization *string `json:"quantization"`

	// Bytes of all its parts, without companions.
	Size int64 `json:"size"`

	// The context for which it was trained, in tokens; nil: unknown.
	Context *int64 `json:"context"`
}

type ModelList struct {
	// By name.
	Models []Model `json:"models"`

	// Folders of `models.dirs` that cannot be read, each with the reason, and that some folders cannot be watched,
	// in sentences; empty: none.
	Problems []string `json:"problems"`

	// The first scan, or one after a change, is not over: the list may lack models.
	Scanning bool `json:"scanning"`
}

type ModelSearch struct {
	// The most downloaded first.
	Models []FoundModel `json:"models"`

	// Base address of the hub that was searched.
	Hub string `json:"hub"`
}

type NamedBody struct {
	// The instances.
	Names []string `json:"names"`
}

type NamesBody struct {
	// Only these instances.
	Names []string `json:"names,omitzero"`
}

type ParseBody struct {
	// A command line of llama-server, a `docker run`, or a llama-swap configuration.
	Text string `json:"text"`
}

type Parsed struct {
	// The kind of text. One of command, docker, llama_swap.
	Format string `json:"format"`

	// One, or one for each model that could be read.
	Instances []ParsedInstance `json:"instances"`

	// Models of a llama-swap configuration that became no instance, and why. Left out: none.
	Unread []UnreadModel `json:"unread,omitzero"`

	// Global settings of a llama-swap configuration that became no setting of an instance, and their counterpart.
	// Left out: none.
	Dropped []DroppedText `json:"dropped,omitzero"`

	// The part of these that belongs into the configuration file of llamactl: `{"groups": …}`. Left out: the text
	// has no global settings, because it is no whole configuration of llama-swap.
	Configuration map[string]any `json:"configuration,omitzero"`
}

type ParsedInstance struct {
	// Its name in a llama-swap configuration; left out: the text has none.
	Model string `json:"model,omitzero"`

	// The line of this name in the text.
	Line int `json:"line,omitzero"`

	// For `POST /instances`, after a person has looked at them.
	Settings ParsedSettings `json:"settings"`

	// Parts of the text, and the setting that each became, dotted: `options.ctx_size`.
	Understood []UnderstoodText `json:"understood"`

	// Parts of the text that became no setting, and why.
	Dropped []DroppedText `json:"dropped"`
}

type ParsedSettings struct {
	// Unique without regard to case; only `rename` changes it.
	Name string `json:"name,omitzero"`

	// `llama_cpp`, `custom`, or the name of a custom engine in the configuration.
	Engine string `json:"engine,omitzero"`

	// A model of `GET /models`: its reference (`org/repo:Q4_K_M`), name or id. llamactl finds its file, which
	// becomes `model_path`; give only one of the two.
	Model string `json:"model,omitzero"`

	// The model file. It need not exist until the instance starts.
	ModelPath string `json:"model_path,omitzero"`

	// Left out: llamactl chooses one from `instances.port_range`.
	Port int `json:"port,omitzero"`

	Options EngineOptions `json:"options,omitzero"`

	// Passed to the engine unchanged, after `options`, which they override.
	ExtraArgs []string `json:"extra_args,omitzero"`

	// Environment variables of the engine. `"***"` in an update keeps the stored value.
	Environment map[string]string `json:"environment,omitzero"`

	// More names by which requests under `/v1` can select the instance.
	Aliases []string `json:"aliases,omitzero"`

	// Hide the instance from `GET /v1/models`.
	Unlisted *bool `json:"unlisted,omitzero"`

	// Stop the instance after this many seconds without a request; 0: never. Default: `instances.idle_timeout`.
	IdleTimeout *float64 `json:"idle_timeout,omitzero"`

	// Never evict the instance or stop it because it is idle.
	Pinned *bool `json:"pinned,omitzero"`

	// Group whose limits apply; `groups` in the configuration defines them.
	Group string `json:"group,omitzero"`

	// Most requests that the engine gets at once; others wait. Default: no limit.
	Concurrency int `json:"concurrency,omitzero"`

	// Replaces the `model` of each request before the engine gets it.
	UpstreamModel string `json:"upstream_model,omitzero"`

	// Fields that llamactl adds to JSON bodies under `/v1` that lack them. They override those of `preset`.
	RequestDefaults map[string]any `json:"request_defaults,omitzero"`

	// Fields that llamactl removes from JSON bodies under `/v1`.
	RequestStrip []string `json:"request_strip,omitzero"`
}

type PastAlert struct {
	// `seq` of the event with which it was raised; for `before_seq`.
	Seq int64 `json:"seq"`

	Level AlertLevel `json:"level"`

	// Kind of alert; stable.
	Code string `json:"code"`

	// The last message.
	Message string `json:"message"`

	// The affected instance; absent: the whole system.
	Instance string `json:"instance,omitzero"`

	// The cause, if the alert was about the end of a run.
	Cause Cause `json:"cause,omitzero"`

	// nil: before the oldest kept event.
	RaisedAt *time.Time `json:"raised_at"`

	// nil: it is still raised.
	ClearedAt *time.Time `json:"cleared_at"`
}

// Phrase: A sentence of the server as data, for programs that write it in another language.
type Phrase struct {
	Kind PhraseKind `json:"kind"`

	// The names and figures in it. Names of sizes end in `_bytes`. Absent: none.
	Data map[string]any `json:"data,omitzero"`
}

type PhraseKind string

const (
	PhraseKindRunsWell                  PhraseKind = "runs_well"
	PhraseKindRunsWithoutAnswer         PhraseKind = "runs_without_answer"
	PhraseKindPinnedDespiteIdleTimeout  PhraseKind = "pinned_despite_idle_timeout"
	PhraseKindSettingsWait              PhraseKind = "settings_wait"
	PhraseKindBlockedOnceStopped        PhraseKind = "blocked_once_stopped"
	PhraseKindChangedBlockedOnceStopped PhraseKind = "changed_blocked_once_stopped"
	PhraseKindWaitsToStart              PhraseKind = "waits_to_start"
	PhraseKindNeedsMemory               PhraseKind = "needs_memory"
	PhraseKindAboutToStart              PhraseKind = "about_to_start"
	PhraseKindLoads                     PhraseKind = "loads"
	PhraseKindStarts                    PhraseKind = "starts"
	PhraseKindStops                     PhraseKind = "stops"
	PhraseKindGoesDown                  PhraseKind = "goes_down"
	PhraseKindGoesDownBecause           PhraseKind = "goes_down_because"
	PhraseKindWillRestart               PhraseKind = "will_restart"
	PhraseKindNeverStarted              PhraseKind = "never_started"
	PhraseKindStoppedByCaller           PhraseKind = "stopped_by_caller"
	PhraseKindRunEnded                  PhraseKind = "run_ended"
	PhraseKindBlocked                   PhraseKind = "blocked"
	PhraseKindBlockedBeforeFirstStart   PhraseKind = "blocked_before_first_start"
	PhraseKindBlockedAfterChange        PhraseKind = "blocked_after_change"
	PhraseKindFailed                    PhraseKind = "failed"
	PhraseKindFailedBeforeChange        PhraseKind = "failed_before_change"
	PhraseKindGaveUp                    PhraseKind = "gave_up"
	PhraseKindAsAsked                   PhraseKind = "as_asked"
	PhraseKindEvicted                   PhraseKind = "evicted"
	PhraseKindIdle                      PhraseKind = "idle"
	PhraseKindRebooted                  PhraseKind = "rebooted"
	PhraseKindModelMissing              PhraseKind = "model_missing"
	PhraseKindModelUnreadable           PhraseKind = "model_unreadable"
	PhraseKindModelDamaged              PhraseKind = "model_damaged"
	PhraseKindModelTooNew               PhraseKind = "model_too_new"
	PhraseKindWrongFile                 PhraseKind = "wrong_file"
	PhraseKindPortInUse                 PhraseKind = "port_in_use"
	PhraseKindEngineMissing             PhraseKind = "engine_missing"
	PhraseKindLibraryMissing            PhraseKind = "library_missing"
	PhraseKindGPUMemory                 PhraseKind = "gpu_memory"
	PhraseKindMemory                    PhraseKind = "memory"
	PhraseKindKilled                    PhraseKind = "killed"
	PhraseKindArgument                  PhraseKind = "argument"
	PhraseKindProcessor                 PhraseKind = "processor"
	PhraseKindCrash                     PhraseKind = "crash"
	PhraseKindNoProgress                PhraseKind = "no_progress"
	PhraseKindNoAnswer                  PhraseKind = "no_answer"
	PhraseKindEndedByItself             PhraseKind = "ended_by_itself"
	PhraseKindDoesNotFit                PhraseKind = "does_not_fit"
	PhraseKindWaitsFor                  PhraseKind = "waits_for"
	PhraseKindNoSlot                    PhraseKind = "no_slot"
	PhraseKindUnknown                   PhraseKind = "unknown"
	PhraseKindLookAtOutput              PhraseKind = "look_at_output"
	PhraseKindFollowOutput              PhraseKind = "follow_output"
	PhraseKindUnpin                     PhraseKind = "unpin"
	PhraseKindSeeOthersMemory           PhraseKind = "see_others_memory"
	PhraseKindChooseModel               PhraseKind = "choose_model"
	PhraseKindChooseModelOrName         PhraseKind = "choose_model_or_name"
	PhraseKindOrChooseModel             PhraseKind = "or_choose_model"
	PhraseKindOrChooseModelOrName       PhraseKind = "or_choose_model_or_name"
	PhraseKindFetchLfsFile              PhraseKind = "fetch_lfs_file"
	PhraseKindDownloadAgain             PhraseKind = "download_again"
	PhraseKindChooseFileOfModel         PhraseKind = "choose_file_of_model"
	PhraseKindInstallNewerForModel      PhraseKind = "install_newer_for_model"
	PhraseKindFreePort                  PhraseKind = "free_port"
	PhraseKindAnotherPort               PhraseKind = "another_port"
	PhraseKindEndPortHolder             PhraseKind = "end_port_holder"
	PhraseKindInstallLlamaServer        PhraseKind = "install_llama_server"
	PhraseKindSetLlamaServerPath        PhraseKind = "set_llama_server_path"
	PhraseKindSeeProgram                PhraseKind = "see_program"
	PhraseKindChooseEngine              PhraseKind = "choose_engine"
	PhraseKindInstallLibrary            PhraseKind = "install_library"
	PhraseKindTestEngine                PhraseKind = "test_engine"
	PhraseKindRaiseKey                  PhraseKind = "raise_key"
	PhraseKindCheckOom                  PhraseKind = "check_oom"
	PhraseKindRaiseMaxRunning           PhraseKind = "raise_max_running"
	PhraseKindInstallForCPU             PhraseKind = "install_for_cpu"
	PhraseKindTryNewerLlamaServer       PhraseKind = "try_newer_llama_server"
	PhraseKindCheckModelFile            PhraseKind = "check_model_file"
	PhraseKindAllowMoreTime             PhraseKind = "allow_more_time"
	PhraseKindOneRequestAtOnce          PhraseKind = "one_request_at_once"
	PhraseKindLookForEndingOption       PhraseKind = "look_for_ending_option"
	PhraseKindDeleteInstance            PhraseKind = "delete_instance"
	PhraseKindContextForGPU             PhraseKind = "context_for_gpu"
	PhraseKindSeeGPUs                   PhraseKind = "see_gpus"
	PhraseKindCPUOnly                   PhraseKind = "cpu_only"
	PhraseKindPartToCPU                 PhraseKind = "part_to_cpu"
	PhraseKindMoreToCPU                 PhraseKind = "more_to_cpu"
	PhraseKindMakeReadable              PhraseKind = "make_readable"
	PhraseKindFindFilesAgain            PhraseKind = "find_files_again"
	PhraseKindStartWithoutProjector     PhraseKind = "start_without_projector"
	PhraseKindCorrectOption             PhraseKind = "correct_option"
	PhraseKindStartWithoutCompanion     PhraseKind = "start_without_companion"
	PhraseKindPutBack                   PhraseKind = "put_back"
	PhraseKindOrPutBack                 PhraseKind = "or_put_back"
	PhraseKindStopInstances             PhraseKind = "stop_instances"
	PhraseKindSmallerContext            PhraseKind = "smaller_context"
	PhraseKindContext                   PhraseKind = "context"
	PhraseKindContextFits               PhraseKind = "context_fits"
	PhraseKindCacheFits                 PhraseKind = "cache_fits"
	PhraseKindContextAndCacheFit        PhraseKind = "context_and_cache_fit"
	PhraseKindLayersFit                 PhraseKind = "layers_fit"
	PhraseKindExpertsFit                PhraseKind = "experts_fit"
	PhraseKindOptionsFit                PhraseKind = "options_fit"
	PhraseKindCorrectCommand            PhraseKind = "correct_command"
	PhraseKindCorrectArguments          PhraseKind = "correct_arguments"
	PhraseKindCorrectFurtherArguments   PhraseKind = "correct_further_arguments"
	PhraseKindCorrectVariable           PhraseKind = "correct_variable"
	PhraseKindSetVariable               PhraseKind = "set_variable"
	PhraseKindSetEngineVariable         PhraseKind = "set_engine_variable"
	PhraseKindCorrectOptions            PhraseKind = "correct_options"
	PhraseKindCheckVariables            PhraseKind = "check_variables"
	PhraseKindCheckEngineVariables      PhraseKind = "check_engine_variables"
	PhraseKindRemoveOption              PhraseKind = "remove_option"
	PhraseKindAnotherValue              PhraseKind = "another_value"
	PhraseKindUseFlag                   PhraseKind = "use_flag"
	PhraseKindUsePresentFile            PhraseKind = "use_present_file"
	PhraseKindOrUsePresentFile          PhraseKind = "or_use_present_file"
	PhraseKindUseNewerVersion           PhraseKind = "use_newer_version"
	PhraseKindPullWithOllama            PhraseKind = "pull_with_ollama"
	PhraseKindThenUseFile               PhraseKind = "then_use_file"
	PhraseKindTakeFileAndSettings       PhraseKind = "take_file_and_settings"
	PhraseKindOnlyFile                  PhraseKind = "only_file"
	PhraseKindStart                     PhraseKind = "start"
	PhraseKindStartWithNewSettings      PhraseKind = "start_with_new_settings"
	PhraseKindRestart                   PhraseKind = "restart"
	PhraseKindRestartThen               PhraseKind = "restart_then"
	PhraseKindRestartIfHanging          PhraseKind = "restart_if_hanging"
	PhraseKindRestartToApply            PhraseKind = "restart_to_apply"
	PhraseKindStopAtOnce                PhraseKind = "stop_at_once"
	PhraseKindRetryNow                  PhraseKind = "retry_now"
	PhraseKindGiveUp                    PhraseKind = "give_up"
	PhraseKindDoNotStart                PhraseKind = "do_not_start"
	PhraseKindProcess                   PhraseKind = "process"
	PhraseKindPort                      PhraseKind = "port"
	PhraseKindLastExit                  PhraseKind = "last_exit"
	PhraseKindRestarts                  PhraseKind = "restarts"
	PhraseKindTriedRemoved              PhraseKind = "tried_removed"
	PhraseKindTriedValue                PhraseKind = "tried_value"
	PhraseKindTriedOther                PhraseKind = "tried_other"
	PhraseKindRetriedForRequests        PhraseKind = "retried_for_requests"
	PhraseKindRetriedByHand             PhraseKind = "retried_by_hand"
	PhraseKindWaitsForNames             PhraseKind = "waits_for_names"
	PhraseKindNewerVersion              PhraseKind = "newer_version"
	PhraseKindDeviceShort               PhraseKind = "device_short"
	PhraseKindMemoryInUse               PhraseKind = "memory_in_use"
	PhraseKindCannotStart               PhraseKind = "cannot_start"
	PhraseKindCannotStartAgain          PhraseKind = "cannot_start_again"
	PhraseKindNoAlerts                  PhraseKind = "no_alerts"
	PhraseKindChecksUnfinished          PhraseKind = "checks_unfinished"
	PhraseKindNoConfigurationFile       PhraseKind = "no_configuration_file"
	PhraseKindConfigurationPending      PhraseKind = "configuration_pending"
	PhraseKindFilesReplacedByOllama     PhraseKind = "files_replaced_by_ollama"
	PhraseKindModelDeletedByOllama      PhraseKind = "model_deleted_by_ollama"
	PhraseKindBrokenModels              PhraseKind = "broken_models"
	PhraseKindDataDirOk                 PhraseKind = "data_dir_ok"
	PhraseKindDataDirForeign            PhraseKind = "data_dir_foreign"
	PhraseKindDataDirNotWritable        PhraseKind = "data_dir_not_writable"
	PhraseKindDataDirWritableByOthers   PhraseKind = "data_dir_writable_by_others"
	PhraseKindDataDirReadableByOthers   PhraseKind = "data_dir_readable_by_others"
	PhraseKindDiskFree                  PhraseKind = "disk_free"
	PhraseKindDiskLow                   PhraseKind = "disk_low"
	PhraseKindDownloadsNotWritable      PhraseKind = "downloads_not_writable"
	PhraseKindDatabaseNone              PhraseKind = "database_none"
	PhraseKindDatabaseWhole             PhraseKind = "database_whole"
	PhraseKindNoGPU                     PhraseKind = "no_gpu"
	PhraseKindGPUNotReported            PhraseKind = "gpu_not_reported"
	PhraseKindEngineFound               PhraseKind = "engine_found"
	PhraseKindEngineOld                 PhraseKind = "engine_old"
	PhraseKindEngineIsOther             PhraseKind = "engine_is_other"
	PhraseKindEngineLacksFlags          PhraseKind = "engine_lacks_flags"
	PhraseKindDevicesNotReported        PhraseKind = "devices_not_reported"
	PhraseKindDevicesCPUOnly            PhraseKind = "devices_cpu_only"
	PhraseKindDevicesLackGPU            PhraseKind = "devices_lack_gpu"
	PhraseKindServiceNone               PhraseKind = "service_none"
	PhraseKindServiceKillsEngines       PhraseKind = "service_kills_engines"
	PhraseKindServiceEndsAtLogout       PhraseKind = "service_ends_at_logout"
	PhraseKindModelsNoFolder            PhraseKind = "models_no_folder"
	PhraseKindModelsNone                PhraseKind = "models_none"
	PhraseKindModelsDirMissing          PhraseKind = "models_dir_missing"
	PhraseKindModelsDirNoFolder         PhraseKind = "models_dir_no_folder"
	PhraseKindPortFree                  PhraseKind = "port_free"
	PhraseKindPortOwn                   PhraseKind = "port_own"
	PhraseKindPortForeign               PhraseKind = "port_foreign"
	PhraseKindPortsLeft                 PhraseKind = "ports_left"
	PhraseKindOpenFiles                 PhraseKind = "open_files"
	PhraseKindClockWrong                PhraseKind = "clock_wrong"
	PhraseKindExplain                   PhraseKind = "explain"
	PhraseKindReload                    PhraseKind = "reload"
	PhraseKindCorrectFile               PhraseKind = "correct_file"
	PhraseKindUseOllamasFiles           PhraseKind = "use_ollamas_files"
	PhraseKindLetOllamaDownload         PhraseKind = "let_ollama_download"
	PhraseKindDeleteInstances           PhraseKind = "delete_instances"
	PhraseKindSeeReasons                PhraseKind = "see_reasons"
	PhraseKindAllowWriting              PhraseKind = "allow_writing"
	PhraseKindMakePrivate               PhraseKind = "make_private"
	PhraseKindOtherUserOrFolder         PhraseKind = "other_user_or_folder"
	PhraseKindOtherFolder               PhraseKind = "other_folder"
	PhraseKindOtherDownloadFolder       PhraseKind = "other_download_folder"
	PhraseKindFreeSpace                 PhraseKind = "free_space"
	PhraseKindSeeDiskUse                PhraseKind = "see_disk_use"
	PhraseKindSetEnginePath             PhraseKind = "set_engine_path"
	PhraseKindCorrectOrRemove           PhraseKind = "correct_or_remove"
	PhraseKindInstallNewerEngine        PhraseKind = "install_newer_engine"
	PhraseKindNameRightProgram          PhraseKind = "name_right_program"
	PhraseKindInstallGPUEngine          PhraseKind = "install_gpu_engine"
	PhraseKindKeepServicesRunning       PhraseKind = "keep_services_running"
	PhraseKindSetKillMode               PhraseKind = "set_kill_mode"
	PhraseKindUseCompleteUnit           PhraseKind = "use_complete_unit"
	PhraseKindGetModel                  PhraseKind = "get_model"
	PhraseKindAddFolder                 PhraseKind = "add_folder"
	PhraseKindCorrect                   PhraseKind = "correct"
	PhraseKindChoosePortOrStop          PhraseKind = "choose_port_or_stop"
	PhraseKindWiden                     PhraseKind = "widen"
	PhraseKindRaiseInShell              PhraseKind = "raise_in_shell"
	PhraseKindSetLimitInService         PhraseKind = "set_limit_in_service"
	PhraseKindSetClock                  PhraseKind = "set_clock"
	PhraseKindInstallTool               PhraseKind = "install_tool"
	PhraseKindModelPathMissing          PhraseKind = "model_path_missing"
	PhraseKindNameTaken                 PhraseKind = "name_taken"
	PhraseKindNamesInstance             PhraseKind = "names_instance"
	PhraseKindPortTaken                 PhraseKind = "port_taken"
	PhraseKindPortsUsedUp               PhraseKind = "ports_used_up"
	PhraseKindBadName                   PhraseKind = "bad_name"
	PhraseKindRequired                  PhraseKind = "required"
	PhraseKindUnknownSetting            PhraseKind = "unknown_setting"
	PhraseKindWrongType                 PhraseKind = "wrong_type"
	PhraseKindTooSmall                  PhraseKind = "too_small"
	PhraseKindTooLarge                  PhraseKind = "too_large"
	PhraseKindReservedSetting           PhraseKind = "reserved_setting"
	PhraseKindPrivilegedSetting         PhraseKind = "privileged_setting"
	PhraseKindUnknownOption             PhraseKind = "unknown_option"
	PhraseKindOptionOfOllama            PhraseKind = "option_of_ollama"
	PhraseKindSameOption                PhraseKind = "same_option"
	PhraseKindRemovedOption             PhraseKind = "removed_option"
	PhraseKindNeedsValue                PhraseKind = "needs_value"
	PhraseKindNeedsNumber               PhraseKind = "needs_number"
	PhraseKindNeedsSwitch               PhraseKind = "needs_switch"
	PhraseKindValueNotAllowed           PhraseKind = "value_not_allowed"
)

type Probe struct {
	// One of ok, starting, stopping.
	Status string `json:"status"`
}

type Problem struct {
	// Where the problem is, dotted: `options.threads`; empty for the whole body.
	Path string `json:"path"`

	// Problem, and the expected value.
	Message string `json:"message"`

	// `message` as data; absent: no kind of phrase.
	Phrase *Phrase `json:"phrase,omitzero"`
}

type Quant struct {
	// Names it: `org/repo:Q4_K_M`.
	Reference string `json:"reference"`

	// `Q4_K_M`; nil: the name of its file has none.
	Quantization *string `json:"quantization"`

	// The reference of the request means this one.
	Chosen bool `json:"chosen"`

	// Bytes of all its parts, without companions.
	Size int64 `json:"size"`

	// An estimate of `memory_needed` against the largest memory of the machine: `yes` leaves 15 % free, `tight` does
	// not. One of yes, tight, no.
	Fits string `json:"fits"`

	// Bytes, an estimate: the files and a tenth, and 512 MiB for a short context and buffers.
	MemoryNeeded int64 `json:"memory_needed"`

	// Its parts, in order.
	Files []QuantFile `json:"files"`

	// Files that are downloaded with it: of its folder or the nearest one above, then of the nearest bit width.
	Companions []QuantCompanion `json:"companions"`
}

type QuantCompanion struct {
	// One of projector, draft.
	Kind string `json:"kind"`

	// Within the repository.
	Path string `json:"path"`

	// Bytes.
	Size int64 `json:"size"`

	// Of its bytes, hex; nil: the source has none.
	Sha256 *string `json:"sha256"`
}

type QuantFile struct {
	// Within the repository.
	Path string `json:"path"`

	// Bytes.
	Size int64 `json:"size"`

	// Of its bytes, hex; nil: the source has none.
	Sha256 *string `json:"sha256"`
}

type QuantList struct {
	// One of hub, modelscope, ollama, docker, url.
	Source string `json:"source"`

	// `org/repo`.
	Repo string `json:"repo"`

	// Branch or tag.
	Revision string `json:"revision"`

	// 40 hex digits. For sources without commits it stands for the contents.
	Commit string `json:"commit"`

	// As its author names it; nil: unknown.
	License *string `json:"license"`

	// Downloads need a token of an account that accepted the conditions of the author.
	Gated bool `json:"gated"`

	// The folder on the server that gets the files of a download.
	Folder string `json:"folder"`

	Memory LargestMemory `json:"memory"`

	// By the paths of their files.
	Quants []Quant `json:"quants"`
}

type RefusedStart struct {
	// RFC 3339, UTC.
	At time.Time `json:"at"`

	// Error code that the start returned. One of MODEL_NOT_FOUND, ENGINE_NOT_FOUND, PORT_IN_USE, CAPACITY_EXCEEDED,
	// DOES_NOT_FIT, VALIDATION_ERROR, RESERVED_OPTION, PRIVILEGED_OPTION.
	Code string `json:"code"`

	// Message of that error. It names the program of an engine without the folder, which not every reader may see.
	Message string `json:"message"`
}

type Remedy struct {
	// The step for people, as on a button: `Use a context of 4096 tokens`.
	Label string `json:"label"`

	// `label` as data; absent: no kind of phrase.
	Phrase *Phrase `json:"phrase,omitzero"`

	// Operation of the API that does it; for the instance, unless `body` has `names`. One of updateInstance,
	// startInstance, stopInstance, restartInstance, stopAllInstances.
	Operation string `json:"operation,omitzero"`

	// Body of `operation`; absent: it needs none.
	Body map[string]any `json:"body,omitzero"`

	// Place where a person can do it, instead of `operation`: `log`, `settings`, `settings/FIELD`, `instances`,
	// `instances/pinned`, `models`, `system`, or `configuration/KEY`. FIELD and KEY are dotted:
	// `settings/options.ctx_size`.
	Link string `json:"link,omitzero"`

	// Whether the instance has these settings and failed again with them, for the same cause; absent: no.
	Tried *bool `json:"tried,omitzero"`

	// A command for a shell on the machine, instead of `operation`; with `operation`, one that does it for all
	// instances of the model; with `link`, one that does it where the place is locked.
	Command string `json:"command,omitzero"`
}

type RenameInstance struct {
	// The new name; unique without regard to case.
	Name string `json:"name"`
}

type RequestError struct {
	// The code of the error that llamactl or the engine answered; nil: it has none.
	Code *string `json:"code"`

	// At most 500 characters.
	Message string `json:"message"`
}

type RequestFinishedEvent FinishedRequest

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

type RequestStartedEvent ActiveRequest

type Requests struct {
	// Oldest first.
	InFlight []ActiveRequest `json:"in_flight"`

	// Newest first.
	Finished []FinishedRequest `json:"finished"`

	// Whether older finished requests match; ask for them with `before_seq`.
	More bool `json:"more"`
}

type RequestsUpdatedEvent struct {
	Name string `json:"name"`

	// Requests that its engine works on.
	InFlight int `json:"in_flight"`

	// Requests that wait for its start, a slot or their turn.
	Waiting int `json:"waiting"`

	// Tokens of streamed answers that its engine generates, over the last two seconds.
	TokensPerSecond float64 `json:"tokens_per_second"`
}

type Resources struct {
	// Percent (0–100) of all cores.
	CPUUsage float64 `json:"cpu_usage"`

	// Bytes that are not available to programs.
	MemoryUsage int64 `json:"memory_usage"`

	MemoryTotal int64 `json:"memory_total"`

	// Percent (0–100) of the data directory's filesystem.
	DiskUsage float64 `json:"disk_usage"`

	// Bytes of the data directory's filesystem.
	DiskTotal int64 `json:"disk_total"`

	// Bytes of it that llamactl may use.
	DiskFree int64 `json:"disk_free"`

	// Empty if no tool reports a GPU.
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

type ServerLog struct {
	// Oldest first.
	Logs []ServerLogEntry `json:"logs"`

	// From here on all lines are kept; of earlier lines only warnings and errors. nil: none is kept.
	Since *time.Time `json:"since"`
}

type ServerLogEntry struct {
	Timestamp time.Time `json:"timestamp"`
	Level     LogLevel  `json:"level"`
	Message   string    `json:"message"`

	// The other fields of the line, such as `err`.
	Fields map[string]any `json:"fields"`
}

type Session struct {
	ID string `json:"id"`

	// When the user logged in.
	CreatedAt time.Time `json:"created_at"`

	// When a token was last refreshed; nil: never.
	RefreshedAt *time.Time `json:"refreshed_at"`

	// When a request last had one of its tokens. Accurate to one minute; to the last refresh, if llamactl has
	// restarted since.
	LastUsedAt time.Time `json:"last_used_at"`

	// When its newest token expires.
	ExpiresAt time.Time `json:"expires_at"`

	// When the log-in ends: no token is valid for longer. After `auth.session_ttl`; that of the web page with its
	// cookie, after `auth.token_ttl`.
	EndsAt time.Time `json:"ends_at"`

	// Client address of the log-in, or of its last refresh.
	Address string `json:"address"`

	// `User-Agent` of that request; at most 200 characters.
	UserAgent *string `json:"user_agent"`

	// Whether this request has a token of this log-in.
	Current bool `json:"current"`
}

type SessionList struct {
	// Newest log-in first.
	Sessions []Session `json:"sessions"`
}

type SessionsEnded struct {
	Message string `json:"message"`

	// How many log-ins were ended.
	Ended int `json:"ended"`
}

type StartObstacle struct {
	// Error code that a start would return. `CAPACITY_EXCEEDED`: no slot can be freed, because pinned instances hold
	// them. `DOES_NOT_FIT`: it needs more memory than it can get. `VALIDATION_ERROR`: the configuration no longer
	// has the engine. `RESERVED_OPTION`, `PRIVILEGED_OPTION`: a stored variable may not be set. One of
	// MODEL_NOT_FOUND, ENGINE_NOT_FOUND, PORT_IN_USE, CAPACITY_EXCEEDED, DOES_NOT_FIT, VALIDATION_ERROR,
	// RESERVED_OPTION, PRIVILEGED_OPTION.
	Code string `json:"code"`

	// Problem and fix, for a person.
	Message string `json:"message"`

	Cause Cause `json:"cause"`
}

type Starter struct {
	Name string `json:"name"`

	// One of small, general, coder, vision, embedding, reranker.
	Purpose string `json:"purpose"`

	// For machines whose largest memory has at least so many GB.
	MemoryGb int `json:"memory_gb"`

	Reference string `json:"reference"`

	// Bytes with companions, rounded; `GET /api/models/quants` has the exact sizes.
	Size int64 `json:"size"`

	// Why it is in the list, in a sentence.
	Reason string `json:"reason"`

	// An estimate of `memory_needed` against the largest memory of the machine: `yes` leaves 15 % free, `tight` does
	// not. One of yes, tight, no.
	Fits string `json:"fits"`

	// Bytes, an estimate: the files and a tenth, and 512 MiB for a short context and buffers.
	MemoryNeeded int64 `json:"memory_needed"`
}

type StarterList struct {
	Memory LargestMemory `json:"memory"`

	// By memory, then by purpose.
	Starters []Starter `json:"starters"`
}

type Stats struct {
	// Resident memory of all its processes, bytes.
	MemoryUsage int64 `json:"memory_usage"`

	// Percent of one core: 400 means four busy cores.
	CPUUsage float64 `json:"cpu_usage"`

	// Threads of all its processes.
	Threads int `json:"threads"`

	// Bytes read since the engine was spawned, from disks and caches.
	ReadBytes int64 `json:"read_bytes"`

	// Bytes written since the engine was spawned.
	WriteBytes int64 `json:"write_bytes"`

	// Bytes on all GPUs; nil: no tool reports it.
	GPUMemoryUsage *int64 `json:"gpu_memory_usage"`

	// The GPUs that it uses; empty: none, or no tool reports it.
	GPUs []GpuUse `json:"gpus"`

	// Seconds since the engine was spawned.
	Uptime float64 `json:"uptime"`
}

type StatsHistory struct {
	Name string `json:"name"`

	// Length of the history, in seconds.
	Window float64 `json:"window"`

	// Seconds between two measurements, which is the shortest step.
	Interval float64 `json:"interval"`

	Points []StatsPoint `json:"points"`
}

type StatsPoint struct {
	// The end of the step.
	Timestamp time.Time `json:"timestamp"`

	// Length of the step; older steps are longer.
	Seconds float64 `json:"seconds"`

	// Resident memory of all its processes, bytes.
	MemoryUsage int64 `json:"memory_usage"`

	// Percent of one core: 400 means four busy cores.
	CPUUsage float64 `json:"cpu_usage"`

	// Threads of all its processes.
	Threads int `json:"threads"`

	// Bytes read since the engine was spawned, from disks and caches.
	ReadBytes int64 `json:"read_bytes"`

	// Bytes written since the engine was spawned.
	WriteBytes int64 `json:"write_bytes"`

	// Bytes on all GPUs; nil: no tool reports it.
	GPUMemoryUsage *int64 `json:"gpu_memory_usage"`

	// Highest value of the step.
	CPUUsagePeak float64 `json:"cpu_usage_peak"`

	// Highest value of the step.
	MemoryUsagePeak int64 `json:"memory_usage_peak"`

	// Requests that ended.
	Requests int `json:"requests"`

	// Tokens of their prompts, cached ones too.
	TokensIn int64 `json:"tokens_in"`

	// Tokens generated.
	TokensOut int64 `json:"tokens_out"`

	// Tokens generated, per second of the step.
	TokensPerSecond float64 `json:"tokens_per_second"`

	// Seconds from a request to the first token of its answer, waiting included: the median; nil: none came.
	TtftP50 *float64 `json:"ttft_p50"`

	// The same, which 95 of 100 requests did not exceed.
	TtftP95 *float64 `json:"ttft_p95"`

	// Most requests that waited at one time.
	WaitingMax int `json:"waiting_max"`
}

// Status: `running`: the engine answered its health check. `restarting`: stopping in order to start again, or
// waiting for the backoff. `failed`: llamactl gave up; `reason` says why.
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
	// Send SIGKILL at once, even while a normal stop drains. Default false.
	Force *bool `json:"force,omitzero"`

	// How many seconds in-flight requests may take to finish. Default `instances.stop_timeout`.
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
	Cause    Cause      `json:"cause,omitzero"`
}

type SystemInfo struct {
	Hostname string `json:"hostname"`

	// One of linux, darwin.
	OS string `json:"os"`

	// In Go's names: amd64, arm64.
	Arch string `json:"arch"`

	CPUCount int `json:"cpu_count"`

	// As the system names it; nil: unknown.
	CPUModel *string `json:"cpu_model"`

	MemoryTotal int64  `json:"memory_total"`
	Version     string `json:"version"`

	// When the package was built; for a checkout, when its files were written.
	BuildTime time.Time `json:"build_time"`

	// Commit of the source; `-dirty` at the end: the package was built with uncommitted changes. nil: unknown.
	Commit *string `json:"commit"`

	// The data directory, then the folders of models.
	Folders []Folder `json:"folders"`
}

type SystemStats struct {
	// Length of the history, in seconds.
	Window float64 `json:"window"`

	// Seconds between two measurements, which is the shortest step.
	Interval float64 `json:"interval"`

	Points []SystemStatsPoint `json:"points"`
}

type SystemStatsPoint struct {
	// The end of the step.
	Timestamp time.Time `json:"timestamp"`

	// Length of the step; older steps are longer.
	Seconds float64 `json:"seconds"`

	// Percent (0–100) of all cores.
	CPUUsage float64 `json:"cpu_usage"`

	// Bytes that are not available to programs.
	MemoryUsage int64 `json:"memory_usage"`

	// Percent (0–100) of the data directory's filesystem.
	DiskUsage float64 `json:"disk_usage"`

	GPUs []GpuPoint `json:"gpus"`
}

type SystemStatsUpdatedEvent struct {
	Resources Resources `json:"resources"`
}

type SystemStatus struct {
	Version string `json:"version"`

	// Seconds since llamactl started.
	Uptime float64 `json:"uptime"`

	Instances InstanceCounts `json:"instances"`
	Resources Resources      `json:"resources"`

	// The configured groups of instances that the caller may see, by name.
	Groups []GroupLimits `json:"groups"`
}

type TestedReceiver struct {
	// The setting that names the receiver. One of alerts.webhook, alerts.command.
	Receiver string `json:"receiver"`

	// Why the receiver did not take the alert; nil: it took it.
	Error *string `json:"error"`
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

type Trigger struct {
	// `command`: a start, stop or restart by a caller; `update`: a caller changed its settings; `demand`: a request
	// needed it; `eviction`: another instance needed its slot or memory; `idle`: its idle timeout passed;
	// `restart_policy`: its engine ended or hung; `server_start`: llamactl started. One of command, update, demand,
	// eviction, idle, restart_policy, server_start.
	Kind string `json:"kind"`

	// Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see
	// all instances.
	Caller string `json:"caller,omitzero"`

	// `X-Request-Id` of the request that started it on demand; absent like `caller`.
	RequestID string `json:"request_id,omitzero"`

	// Name of the instance that needed its slot or memory; absent: none, or one that you may not see.
	NeededBy string `json:"needed_by,omitzero"`
}

type UnderstoodText struct {
	Text string `json:"text"`
	Path string `json:"path"`
}

type UnreadModel struct {
	// Its name in the configuration; left out: the text has none.
	Model string `json:"model,omitzero"`

	// The line where the model begins in the text.
	Line int `json:"line"`

	// The end of a sentence about the model: `has no cmd`.
	Why string `json:"why"`

	// Settings of an instance of the custom engine that `configuration` has for the model, which the server lacks.
	// Left out: no engine can run it.
	Settings *ParsedSettings `json:"settings,omitzero"`
}

type UpdateInstance struct {
	// `llama_cpp`, `custom`, or the name of a custom engine in the configuration.
	Engine Patch[string] `json:"engine,omitzero"`

	// The model file. It need not exist until the instance starts.
	ModelPath Patch[string] `json:"model_path,omitzero"`

	// A model of `GET /models`: its reference (`org/repo:Q4_K_M`), name or id. llamactl finds its file, which
	// becomes `model_path`; give only one of the two.
	Model Patch[string] `json:"model,omitzero"`

	// Left out: llamactl chooses one from `instances.port_range`.
	Port Patch[int] `json:"port,omitzero"`

	// The engine's own long flags in snake_case. `false` becomes `--no-x` if the engine has that flag; a list
	// repeats the flag. Merged key by key; nil removes an option.
	Options Patch[map[string]any] `json:"options,omitzero"`

	// Passed to the engine unchanged, after `options`, which they override.
	ExtraArgs Patch[[]string] `json:"extra_args,omitzero"`

	// Environment variables of the engine. `"***"` in an update keeps the stored value. Merged name by name; nil
	// removes a variable.
	Environment Patch[map[string]*string] `json:"environment,omitzero"`

	// Replaces the engine's command. Privileged.
	Command Patch[[]string] `json:"command,omitzero"`

	// Path that answers 200 when the engine is ready. Default `/health`.
	HealthPath Patch[string] `json:"health_path,omitzero"`

	// More names by which requests under `/v1` can select the instance.
	Aliases Patch[[]string] `json:"aliases,omitzero"`

	// Hide the instance from `GET /v1/models`.
	Unlisted Patch[bool] `json:"unlisted,omitzero"`

	// After a reboot of the machine, start the instance if it was meant to run.
	AutoStart Patch[bool] `json:"auto_start,omitzero"`

	// Restart the engine if it dies after it was ready. Default: `instances.auto_restart`.
	AutoRestart Patch[bool] `json:"auto_restart,omitzero"`

	// Restarts in a row before `failed`; -1: no limit. Default: `instances.max_restarts`.
	MaxRestarts Patch[int] `json:"max_restarts,omitzero"`

	// A request under `/v1` starts the instance if it is stopped. Default true.
	OnDemand Patch[bool] `json:"on_demand,omitzero"`

	// Stop the instance after this many seconds without a request; 0: never. Default: `instances.idle_timeout`.
	IdleTimeout Patch[float64] `json:"idle_timeout,omitzero"`

	// Never evict the instance or stop it because it is idle.
	Pinned Patch[bool] `json:"pinned,omitzero"`

	// Group whose limits apply; `groups` in the configuration defines them.
	Group Patch[string] `json:"group,omitzero"`

	// Most requests that the engine gets at once; others wait. Default: no limit.
	Concurrency Patch[int] `json:"concurrency,omitzero"`

	// Most requests that may wait; llamactl refuses further ones. Default 1 000.
	QueueLimit Patch[int] `json:"queue_limit,omitzero"`

	// Replaces the `model` of each request before the engine gets it.
	UpstreamModel Patch[string] `json:"upstream_model,omitzero"`

	// Fields that llamactl adds to JSON bodies under `/v1` that lack them. They override those of `preset`.
	RequestDefaults Patch[map[string]any] `json:"request_defaults,omitzero"`

	// Fields that llamactl removes from JSON bodies under `/v1`.
	RequestStrip Patch[[]string] `json:"request_strip,omitzero"`

	// System prompt that llamactl adds to chats under `/v1` that have none. An empty text adds none, not even that
	// of `preset`.
	SystemPrompt Patch[string] `json:"system_prompt,omitzero"`

	// Preset whose `request_defaults` and `system_prompt` apply; `presets` in the configuration defines them.
	Preset Patch[string] `json:"preset,omitzero"`

	// Do not reuse cached prompts across requests, so that callers cannot find out prompts of others. Engine
	// `llama_cpp` only. Default false.
	Isolated Patch[bool] `json:"isolated,omitzero"`

	// `auto`: save the computed prompts of the engine when it stops, and restore them at its next start, so that a
	// long conversation continues without a wait. This stores conversations on disk. Engine `llama_cpp` only.
	// Default `off`.
	KeepContext Patch[string] `json:"keep_context,omitzero"`

	// Must be the current name; `rename` changes it.
	Name string `json:"name,omitzero"`
}

type UpdateKey struct {
	Name string `json:"name,omitzero"`

	// Another end, in the future; nil: never.
	ExpiresAt Patch[time.Time] `json:"expires_at,omitzero"`

	// Cannot be changed: it must be as it is, or be left out.
	Owner string `json:"owner,omitzero"`

	// Cannot be changed: it must be as it is, or be left out.
	Scopes []Scope `json:"scopes,omitzero"`

	// Cannot be changed: it must be as it is, or be left out.
	Instances Patch[[]string] `json:"instances,omitzero"`

	// Cannot be changed: it must be as it is, or be left out.
	MayStart *bool `json:"may_start,omitzero"`

	// Cannot be changed: it must be as it is, or be left out.
	MaxInFlight *int `json:"max_in_flight,omitzero"`

	// Cannot be changed: it must be as it is, or be left out.
	RequestsPerMinute *int `json:"requests_per_minute,omitzero"`

	// Cannot be changed: it must be as it is, or be left out.
	TokensPerMinute *int `json:"tokens_per_minute,omitzero"`
}

type UpdateUser struct {
	Role     Role  `json:"role,omitzero"`
	Disabled *bool `json:"disabled,omitzero"`

	// Revokes all tokens and keys of the account.
	Password string `json:"password,omitzero"`

	// Concurrent requests to `/v1`, including those that wait for an engine; 0: no limit.
	MaxInFlight *int `json:"max_in_flight,omitzero"`

	// Requests to `/v1` in any 60 seconds; 0: no limit.
	RequestsPerMinute *int `json:"requests_per_minute,omitzero"`

	// Prompt and answer tokens in any 60 seconds, counted when an answer ends; 0: no limit.
	TokensPerMinute *int `json:"tokens_per_minute,omitzero"`
}

type Usage struct {
	By UsageGroup `json:"by"`

	// How far back, in seconds.
	Window float64 `json:"window"`

	// Requests that ended since then are counted. At most one step before the window: a minute up to `1h`, 15
	// minutes up to `24h`, then 3 hours. Later if llamactl began to count later.
	Since time.Time `json:"since"`

	// The time of the answer.
	Until time.Time `json:"until"`

	// Most tokens first.
	Usage []UsageRow `json:"usage"`
}

type UsageGroup string

const (
	UsageGroupKey      UsageGroup = "key"
	UsageGroupUser     UsageGroup = "user"
	UsageGroupInstance UsageGroup = "instance"
)

type UsageRow struct {
	// Id of the key; nil: the row is of an account or an instance.
	ID *string `json:"id"`

	// Its name, also after it was deleted. nil: requests without an account, or for a model that no instance has.
	Name *string `json:"name"`

	// The account of the key; nil: the row is of an account or an instance.
	Owner *string `json:"owner"`

	// Whether the key, account or instance no longer exists.
	Deleted bool `json:"deleted"`

	// Requests to engines that ended, with those that were refused or failed.
	Requests int `json:"requests"`

	// Requests that llamactl answered with an error, such as those beyond a limit.
	Refused int `json:"refused"`

	// Requests that an engine answered with an error, or whose answer broke off.
	Failed int `json:"failed"`

	// Tokens of their prompts, cached ones too.
	TokensIn int64 `json:"tokens_in"`

	// Tokens generated.
	TokensOut int64 `json:"tokens_out"`

	// When the last of these requests ended.
	LastUsedAt time.Time `json:"last_used_at"`
}

type User struct {
	Username string `json:"username"`
	Role     Role   `json:"role"`

	// Its tokens and keys are refused.
	Disabled bool `json:"disabled"`

	// Concurrent requests to `/v1`, including those that wait for an engine; 0: no limit.
	MaxInFlight int `json:"max_in_flight"`

	// Requests to `/v1` in any 60 seconds; 0: no limit.
	RequestsPerMinute int `json:"requests_per_minute"`

	// Prompt and answer tokens in any 60 seconds, counted when an answer ends; 0: no limit.
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

type Why struct {
	// The state of the instance, and why, in one sentence.
	Sentence string `json:"sentence"`

	// `sentence` as data, in its order. A phrase that ends in a reason has that reason after it.
	Phrases []Phrase `json:"phrases,omitzero"`

	// The reason in `sentence`, in the words of the engine, the system or llamactl; absent: none.
	Words string `json:"words,omitzero"`

	// nil: nothing is wrong.
	Cause *Cause `json:"cause"`

	Evidence []Evidence `json:"evidence"`

	// The best one first; empty: nothing to do.
	Remedies []Remedy `json:"remedies"`

	// `seq` of the line in its log that shows the cause; nil: none.
	LogSeq *int64 `json:"log_seq"`
}

type errorBody struct {
	// Cause and fix, for a person.
	Error string `json:"error"`

	// The kind of error, for programs; stable.
	Code Code `json:"code"`

	// More about the error; may be empty.
	Details string `json:"details"`

	// The `X-Request-Id` of the answer; also in the log.
	RequestID string `json:"request_id"`

	// Every problem of the invalid part of the request, if known, up to 100. Checking stops there, and `details`
	// says so.
	Errors []Problem `json:"errors,omitzero"`

	// Why the engine did not start, when `code` is `START_FAILED`.
	Reason string `json:"reason,omitzero"`
}

type subscription struct {
	Type string `json:"type"`

	// Names, ignoring case, also of future instances. Left out: all that the caller may see.
	Instances []string `json:"instances,omitzero"`

	// Left out: all but `requests_updated`, `request_started`, `request_finished`, `system_stats_updated`,
	// `instance_load_progress`, `instances_refreshed`, `decision`.
	Types []EventType `json:"types,omitzero"`

	// Logs whose lines to send. An entry that the previous subscription had too goes on where it is.
	Logs []subscriptionLogsItem `json:"logs,omitzero"`
}

type subscriptionLogsItem struct {
	// Name of the instance, ignoring case.
	Instance string `json:"instance"`

	// Lines of this level and above.
	Level LogLevel `json:"level,omitzero"`

	// Begin after this line. Left out: with the next new line.
	AfterSeq *int `json:"after_seq,omitzero"`
}

func (*InstanceStatusChangedEvent) eventData() {}

func (*InstanceStartRefusedEvent) eventData() {}

func (*InstanceCreatedEvent) eventData() {}

func (*InstanceUpdatedEvent) eventData() {}

func (*InstanceDeletedEvent) eventData() {}

func (*SystemAlertEvent) eventData() {}

func (*DownloadProgressEvent) eventData() {}

func (*InstanceStatsUpdatedEvent) eventData() {}

func (*RequestsUpdatedEvent) eventData() {}

func (*RequestStartedEvent) eventData() {}

func (*RequestFinishedEvent) eventData() {}

func (*SystemStatsUpdatedEvent) eventData() {}

func (*InstanceLoadProgressEvent) eventData() {}

func (*InstancesRefreshedEvent) eventData() {}

func (*DecisionEvent) eventData() {}

func (*LogLinesEvent) eventData() {}

func (*LogGapEvent) eventData() {}

func (*GapEvent) eventData() {}

// newEventData returns an empty value for the data of an event of this type, or nil for an unknown type.
func newEventData(kind EventType) EventData {
	switch kind {
	case EventTypeInstanceStatusChanged:
		return new(InstanceStatusChangedEvent)
	case EventTypeInstanceStartRefused:
		return new(InstanceStartRefusedEvent)
	case EventTypeInstanceCreated:
		return new(InstanceCreatedEvent)
	case EventTypeInstanceUpdated:
		return new(InstanceUpdatedEvent)
	case EventTypeInstanceDeleted:
		return new(InstanceDeletedEvent)
	case EventTypeSystemAlert:
		return new(SystemAlertEvent)
	case EventTypeDownloadProgress:
		return new(DownloadProgressEvent)
	case EventTypeInstanceStatsUpdated:
		return new(InstanceStatsUpdatedEvent)
	case EventTypeRequestsUpdated:
		return new(RequestsUpdatedEvent)
	case EventTypeRequestStarted:
		return new(RequestStartedEvent)
	case EventTypeRequestFinished:
		return new(RequestFinishedEvent)
	case EventTypeSystemStatsUpdated:
		return new(SystemStatsUpdatedEvent)
	case EventTypeInstanceLoadProgress:
		return new(InstanceLoadProgressEvent)
	case EventTypeInstancesRefreshed:
		return new(InstancesRefreshedEvent)
	case EventTypeDecision:
		return new(DecisionEvent)
	case EventTypeLogLines:
		return new(LogLinesEvent)
	case EventTypeLogGap:
		return new(LogGapEvent)
	case EventTypeGap:
		return new(GapEvent)
	}
	return nil
}
