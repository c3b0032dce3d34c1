"""The types of answers, documents and events. Generated from contract/ by `npm run generate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypedDict

from ._model import Model as _Base

JsonValue: TypeAlias = Any
"""Any JSON value."""


Cause: TypeAlias = Literal["model_missing", "model_unreadable", "model_damaged", "model_too_new", "wrong_file", "port_in_use", "engine_missing", "library_missing", "gpu_memory", "memory", "killed", "argument", "processor", "crash", "no_progress", "no_answer", "ended_by_itself", "does_not_fit", "waits_for", "no_slot", "unknown"]
"""`wrong_file`: the file is no model, such as an adapter. `model_too_new`: the engine does not know its architecture. `killed`: by SIGKILL, mostly because memory ran out. `processor`: the engine was built for another one. `no_progress`: it loaded without any sign of work. `does_not_fit`: it needs more memory than it can get. `waits_for`: other instances must stop first. `no_slot`: pinned instances hold all slots."""


DownloadState: TypeAlias = Literal["queued", "running", "verifying", "paused", "done", "failed", "cancelled"]


ErrorCode: TypeAlias = Literal["VALIDATION_ERROR", "INVALID_JSON", "RESERVED_OPTION", "PRIVILEGED_OPTION", "UNAUTHORIZED", "INVALID_CREDENTIALS", "TOKEN_EXPIRED", "FORBIDDEN", "NOT_FOUND", "INSTANCE_NOT_FOUND", "METHOD_NOT_ALLOWED", "INSTANCE_EXISTS", "INSTANCE_RUNNING", "INSTANCE_NOT_RUNNING", "ALIAS_CONFLICT", "PORT_CONFLICT", "PORT_IN_USE", "MODEL_NOT_FOUND", "MODEL_IN_USE", "ENGINE_NOT_FOUND", "AUTH_DISABLED", "CONFIG_PINNED", "CONFIG_READ_ONLY", "CAPACITY_EXCEEDED", "DOES_NOT_FIT", "PRECONDITION_FAILED", "PAYLOAD_TOO_LARGE", "URI_TOO_LONG", "UNSUPPORTED_MEDIA_TYPE", "RATE_LIMITED", "REQUEST_CANCELLED", "INTERNAL_ERROR", "START_FAILED", "HUB_ERROR", "SHUTTING_DOWN", "DISK_FULL"]


EventType: TypeAlias = Literal["instance_status_changed", "instance_start_refused", "instance_created", "instance_updated", "instance_deleted", "system_alert", "download_progress", "instance_stats_updated", "requests_updated", "request_started", "request_finished", "system_stats_updated", "instance_load_progress", "instances_refreshed", "decision"]


FleetAction: TypeAlias = Literal["create", "change", "restart", "nothing", "remove"]


InstanceCapability: TypeAlias = Literal["chat", "embeddings", "rerank", "vision", "audio", "image", "tools"]


LogLevel: TypeAlias = Literal["debug", "info", "warn", "error"]


Options: TypeAlias = Mapping[str, str | float | bool | Sequence[str | float]]
"""The engine's own long flags in snake_case. `false` becomes `--no-x` if the engine has that flag; a list repeats the flag."""


PhraseKind: TypeAlias = Literal["runs_well", "runs_without_answer", "pinned_despite_idle_timeout", "settings_wait", "blocked_once_stopped", "changed_blocked_once_stopped", "waits_to_start", "needs_memory", "about_to_start", "loads", "starts", "stops", "goes_down", "goes_down_because", "will_restart", "never_started", "stopped_by_caller", "run_ended", "blocked", "blocked_before_first_start", "blocked_after_change", "failed", "failed_before_change", "gave_up", "as_asked", "evicted", "idle", "rebooted", "model_missing", "model_unreadable", "model_damaged", "model_too_new", "wrong_file", "port_in_use", "engine_missing", "library_missing", "gpu_memory", "memory", "killed", "argument", "processor", "crash", "no_progress", "no_answer", "ended_by_itself", "does_not_fit", "waits_for", "no_slot", "unknown", "look_at_output", "follow_output", "unpin", "see_others_memory", "choose_model", "choose_model_or_name", "or_choose_model", "or_choose_model_or_name", "fetch_lfs_file", "download_again", "choose_file_of_model", "install_newer_for_model", "free_port", "another_port", "end_port_holder", "install_llama_server", "set_llama_server_path", "see_program", "choose_engine", "install_library", "test_engine", "raise_key", "check_oom", "raise_max_running", "install_for_cpu", "try_newer_llama_server", "check_model_file", "allow_more_time", "one_request_at_once", "look_for_ending_option", "delete_instance", "context_for_gpu", "see_gpus", "cpu_only", "part_to_cpu", "more_to_cpu", "make_readable", "find_files_again", "start_without_projector", "correct_option", "start_without_companion", "put_back", "or_put_back", "stop_instances", "smaller_context", "context", "context_fits", "cache_fits", "context_and_cache_fit", "layers_fit", "experts_fit", "options_fit", "correct_command", "correct_arguments", "correct_further_arguments", "correct_variable", "set_variable", "set_engine_variable", "correct_options", "check_variables", "check_engine_variables", "remove_option", "another_value", "use_flag", "use_present_file", "or_use_present_file", "use_newer_version", "pull_with_ollama", "then_use_file", "take_file_and_settings", "only_file", "start", "start_with_new_settings", "restart", "restart_then", "restart_if_hanging", "restart_to_apply", "stop_at_once", "retry_now", "give_up", "do_not_start", "process", "port", "last_exit", "restarts", "tried_removed", "tried_value", "tried_other", "retried_for_requests", "retried_by_hand", "waits_for_names", "newer_version", "device_short", "memory_in_use", "cannot_start", "cannot_start_again", "no_alerts", "checks_unfinished", "no_configuration_file", "configuration_pending", "files_replaced_by_ollama", "model_deleted_by_ollama", "broken_models", "data_dir_ok", "data_dir_foreign", "data_dir_not_writable", "data_dir_writable_by_others", "data_dir_readable_by_others", "disk_free", "disk_low", "downloads_not_writable", "database_none", "database_whole", "no_gpu", "gpu_not_reported", "engine_found", "engine_old", "engine_is_other", "engine_lacks_flags", "devices_not_reported", "devices_cpu_only", "devices_lack_gpu", "service_none", "service_kills_engines", "service_ends_at_logout", "models_no_folder", "models_none", "models_dir_missing", "models_dir_no_folder", "port_free", "port_own", "port_foreign", "ports_left", "open_files", "clock_wrong", "explain", "reload", "correct_file", "use_ollamas_files", "let_ollama_download", "delete_instances", "see_reasons", "allow_writing", "make_private", "other_user_or_folder", "other_folder", "other_download_folder", "free_space", "see_disk_use", "set_engine_path", "correct_or_remove", "install_newer_engine", "name_right_program", "install_gpu_engine", "keep_services_running", "set_kill_mode", "use_complete_unit", "get_model", "add_folder", "correct", "choose_port_or_stop", "widen", "raise_in_shell", "set_limit_in_service", "set_clock", "install_tool", "model_path_missing", "name_taken", "names_instance", "port_taken", "ports_used_up", "bad_name", "required", "unknown_setting", "wrong_type", "too_small", "too_large", "reserved_setting", "privileged_setting", "unknown_option", "option_of_ollama", "same_option", "removed_option", "needs_value", "needs_number", "needs_switch", "value_not_allowed"]


RequestOutcome: TypeAlias = Literal["ok", "client_error", "engine_error", "refused", "aborted", "cancelled", "broken"]


RequestPhase: TypeAlias = Literal["starting", "queued", "processing", "streaming"]


Role: TypeAlias = Literal["viewer", "operator", "admin"]


Scope: TypeAlias = Literal["inference", "metrics", "viewer", "operator", "admin"]


Status: TypeAlias = Literal["stopped", "starting", "running", "stopping", "restarting", "failed"]
"""`running`: the engine answered its health check. `restarting`: stopping in order to start again, or waiting for the backoff. `failed`: llamactl gave up; `reason` says why."""


UsageGroup: TypeAlias = Literal["key", "user", "instance"]


class ActiveRequest(_Base):
    id: str
    """Its `X-Request-Id`, followed by `~` and a number if another request has the same one."""
    caller: str | None
    """`user:NAME`, `key:ID (NAME)` or `anonymous`; viewers get `None` for requests of others. `address:ADDRESS`: refused before it had a record, without valid credentials; with the beginning of an unknown key: `address:ADDRESS (llk_3RCRoi…)`."""
    instance: str | None
    """`None`: not yet known, or no instance has this name."""
    model: str | None
    """The `model` of the request, at most 200 characters; `None`: the path names the instance, under `/proxy`, or the request was refused before its body was read."""
    door: Literal["v1", "proxy"]
    """`v1`: the gateway; `proxy`: the pass-through of the instance."""
    method: str
    path: str
    """Path that the engine gets, without the query, at most 200 characters."""
    started_at: str
    """When llamactl had read enough of the body to know the model."""
    waited: float | None
    """Seconds until an engine got the request; the last engine, if one died and llamactl retried. `None`: no engine has it now."""
    starting: float
    """Seconds of the wait for a slot and the start of the instance, so far."""
    queued: float
    """Seconds of the wait for its turn at a running instance, so far."""
    prompt_seconds: float | None
    """Seconds in which the engine computed the prompt, as it reported; `None`: not reported."""
    user_agent: str | None
    """`User-Agent` of the request, at most 200 characters; `None`: it has none, or it is of another caller and you are a viewer."""
    stream: bool | None
    """Whether the answer is a stream of events or a WebSocket; `None`: not yet known."""
    time_to_first_token: float | None
    """Seconds from `started_at`, including waiting; `None`: nothing came yet, or the answer is not a stream."""
    tokens_in: int | None
    """Tokens of the prompt, including cached ones, as the engine reported; `None`: not reported."""
    cached_tokens: int | None
    """Tokens of the prompt that the engine had computed before; `None`: not reported."""
    tokens_out: int | None
    """Tokens generated so far, as the engine reported or else as counted."""
    tokens_estimated: bool
    """Whether `tokens_out` is a count of stream chunks because the engine reported no number."""
    tokens_per_second: float | None
    """Rate between the first and the last token; `None`: too few tokens, or not a stream."""
    bytes_out: int
    """Bytes of the answer body sent so far."""
    phase: RequestPhase
    """`starting`: waits for the instance to start; `queued`: waits for its turn; `processing`: the engine works on it; `streaming`: the answer is arriving."""
    position: int | None
    """Its place among the requests that wait for the instance; 1 is next. `None`: it does not wait."""


class Alert(_Base):
    level: Literal["warning", "error"]
    code: str
    """Kind of alert; stable."""
    message: str
    """Problem and fix, for a person."""
    instance: str | None
    """The affected instance; absent: the whole system."""
    cause: Cause | None
    """The cause, if the alert is about the end of a run."""
    raised_at: str


class AlertHistory(_Base):
    alerts: list[PastAlert]
    """The one that was raised last comes first."""
    more: bool
    """Whether older ones match; ask for them with `before_seq`."""
    oldest_seq: int | None
    """The oldest kept event of all instances: nothing is known of earlier times. `None`: no event is kept."""


class AlertTest(_Base):
    receivers: list[TestedReceiver]
    """The configured receivers; empty: neither setting is set."""


class Alerts(_Base):
    alerts: list[Alert]


class Applied(_Base):
    message: str
    dry_run: bool
    """Whether this was a dry run: nothing changed, and `results` has the steps that would be made."""
    results: list[FleetStep]
    """In the order of the document, then removals."""


class Audit(_Base):
    audit: list[AuditRow]
    """Newest first."""


class AuditChange(_Base):
    """An old and a new value. `null`: not set. `"***"`: a secret, whose value is not recorded. A long value is a text that ends in `…`."""

    path: str
    """Dotted: `options.ctx_size`, `server.port`, `role`."""
    before: JsonValue
    after: JsonValue


class AuditRow(_Base):
    seq: int
    timestamp: str
    subject: str
    """`user:NAME`, `key:ID (NAME)`, or `anonymous`."""
    address: str
    """Client address of the request."""
    action: str
    """The id of the operation, such as `createInstance`."""
    target: str | None
    """The instance, user or key that the request named. Of an ended request: `ID (INSTANCE, CALLER)`. Of a batch: `NAMES (DONE of ALL)`."""
    status: int
    """HTTP status of the answer."""
    request_id: str
    changes: list[AuditChange] | None
    """Old and new values of a change of configuration, instance, user or key. At most 50, of about 4 KB. Absent: none are recorded."""
    more_changes: int | None
    """How many changes `changes` leaves out. Absent: none."""


class BatchResult(_Base):
    message: str
    results: list[BatchStep]


class BatchStep(_Base):
    name: str
    status: Status | None
    """`None`: no such instance exists, or it was deleted."""
    error: str | None
    code: str | None
    """The code that `error` would have as an answer; absent: none."""


class Caller(_Base):
    kind: Literal["anonymous", "user", "key"]
    """`user`: a token of a log-in; `key`: a key; `anonymous`: authentication is off."""
    username: str | None
    """The account, or the owner of the key; `None`: anonymous."""
    role: Role | None
    """`None`: only the scopes give rights."""
    scopes: list[Scope]
    """Rights of a key besides its role: `inference`, `metrics`."""
    instances: list[str] | None
    """The caller sees these instances only; `None`: all."""
    may_start: bool
    """Whether its requests may start a stopped instance."""
    expires_at: str | None
    """When this token or key expires; `None`: never."""


class ChangedValue(_Base):
    setting: str
    """As in `changed`."""
    from_: str | float | bool | None
    """`None`: it was not set."""
    to: str | float | bool | None
    """`None`: it is no longer set."""


class CheckedFile(_Base):
    path: str
    result: Literal["right", "wrong", "unknown", "unreadable"]
    """`right`: its bytes are those that its source announced; `wrong`: they are others; `unknown`: nothing is known to compare with; `unreadable`: see `reason`."""
    hash: str | None
    """The announced sha256, or git object id of 40 digits. Absent: none is known."""
    found: str | None
    """The hash of a `wrong` file."""
    reason: str | None
    """Why a file cannot be read."""


class Config(_Base):
    """As written now; it takes effect at the next reload or start. Secrets are `"***"`."""

    server: ConfigServer
    data_dir: str
    """State, logs and secrets; mode 0700."""
    auth: ConfigAuth
    security: ConfigSecurity
    rate_limit: ConfigRateLimit
    instances: ConfigInstances
    groups: dict[str, ConfigGroup]
    """Groups of instances that share a limit, by name."""
    memory: ConfigMemory
    presets: dict[str, ConfigPreset]
    """Values for the requests of instances that name the preset, by name."""
    engines: ConfigEngines
    models: ConfigModels
    logs: ConfigLogs
    contexts: ConfigContexts
    """Saved contexts of instances with `keep_context: auto`."""
    stats: ConfigStats
    gateway: ConfigGateway
    alerts: ConfigAlerts


class ConfigAlerts(_Base):
    webhook: str
    """URL to which alerts are posted."""
    command: list[str]
    """Program to run for each alert, with its arguments."""


class ConfigAuth(_Base):
    enabled: bool
    """Accounts and keys; off: every caller is an administrator."""
    token_ttl: float | str
    """How long a token lasts without a refresh: seconds, or a number with s, m, h or d."""
    session_ttl: float | str
    """How long a log-in lasts with refreshes: seconds, or a number with s, m, h or d."""
    inference: Literal["required", "open"]
    """Whether /v1 needs a key while accounts are on."""


class ConfigContexts(_Base):
    """Saved contexts of instances with `keep_context: auto`."""

    max_total_mb: float
    """Megabytes of all saved contexts; the oldest are removed first. 0: none is saved."""


class ConfigEngines(_Base):
    llama_cpp: ConfigEnginesLlamaCpp
    vllm: ConfigEnginesVllm
    mlx: ConfigEnginesMlx


class ConfigEnginesLlamaCpp(_Base):
    command: str
    """Program: a name on PATH, or a path."""
    args: list[str]
    """Arguments before those of the instance."""
    environment: dict[str, str]
    """Variables in addition to those that engines inherit."""


class ConfigEnginesMlx(_Base):
    command: str
    """Program: a name on PATH, or a path."""
    args: list[str]
    """Arguments before those of the instance."""
    environment: dict[str, str]
    """Variables in addition to those that engines inherit."""


class ConfigEnginesVllm(_Base):
    command: str
    """Program: a name on PATH, or a path."""
    args: list[str]
    """Arguments before those of the instance."""
    environment: dict[str, str]
    """Variables in addition to those that engines inherit."""


class ConfigGateway(_Base):
    loading_keepalive: float
    """Seconds between the comments that keep a stream open while it waits for its model; 0: none."""
    aliases_in_models: bool
    """List aliases in GET /v1/models too."""
    body_memory_mb: float
    """MiB for request bodies that are read to find their model."""
    max_in_flight: int
    """Requests to /v1 at once from one client address without an account; 0: no limit."""
    requests_per_minute: int
    """Requests to /v1 in any 60 seconds from one client address without an account; 0: no limit."""
    tokens_per_minute: int
    """Tokens in any 60 seconds for one client address without an account; 0: no limit."""


class ConfigGroup(_Base):
    max_running: int | None
    """Instances of the group that may run at the same time; 0: no limit."""
    exclusive: bool | None
    """While one of the group runs, no others do, except pinned ones."""
    pinned: bool | None
    """Instances of the group are never stopped for others, nor because they are idle."""


class ConfigInstances(_Base):
    port_range: list[int]
    """Ports for instances without a `port`."""
    max_running: int
    """Instances that may run at the same time; 0: no limit."""
    idle_timeout: float
    """Seconds without a request after which an instance stops; 0: never. An instance can override it."""
    start_timeout: float
    """Seconds without any progress (output, memory, CPU time, bytes read) after which a start fails."""
    stop_timeout: float
    """How many seconds in-flight requests may take to finish."""
    auto_restart: bool
    """Restart an engine that was ready and died. An instance can override it."""
    max_restarts: int
    """Restarts in a row before an instance counts as failed; -1: no limit."""


class ConfigLogs(_Base):
    max_size_mb: float
    """Megabytes at which the log of an engine is rotated."""
    max_total_mb: float
    """Megabytes of all kept logs of one instance."""


class ConfigMemory(_Base):
    admission: Literal["auto", "off"]
    """auto: a start waits until the memory that it needs is free; off: memory limits no start."""
    reserve_mb: int
    """MiB of each device for other programs."""
    devices: dict[str, ConfigMemoryDevices]
    """Limits of devices by name (ram, nvidia:0) or UUID (GPU-…): limit_mb, the most MiB for all instances together."""
    overcommit: float
    """Factor of the memory of each device."""


class ConfigMemoryDevices(_Base):
    limit_mb: int | None
    """Most MiB of the device for all instances together. Not set: all but reserve_mb."""


class ConfigModels(_Base):
    dirs: list[str]
    """Folders in which to look for model files."""
    sources: ConfigModelsSources
    """Folders of other programs that are scanned for models, where they exist."""
    cache_dir: str
    """Folder for downloads, in the layout of the Hugging Face cache. Empty: that cache itself."""
    download_limit_mb: float
    """Megabytes per second of all downloads; 0: no limit."""
    hf_endpoint: str
    """Server on which models are searched, and from which they are downloaded."""
    hf_token: str
    """Token for models that need one; only hf_endpoint gets it. Empty: HF_TOKEN, or the log-in of hf auth login."""
    modelscope_endpoint: str
    """ModelScope, for references that begin with ms:."""
    ollama_endpoint: str
    """The registry of Ollama, for references that begin with ollama:."""
    docker_endpoint: str
    """The registry of Docker Hub, for references that begin with docker:."""


class ConfigModelsSources(_Base):
    """Folders of other programs that are scanned for models, where they exist."""

    hugging_face: bool
    """Scan the cache of Hugging Face's programs for models."""
    llama_cpp: bool
    """Scan the older cache of llama.cpp."""
    ollama: bool
    """Scan the models of Ollama."""
    lm_studio: bool
    """Scan the models of LM Studio."""


class ConfigPreset(_Base):
    request_defaults: dict[str, JsonValue] | None
    system_prompt: str | None


class ConfigRateLimit(_Base):
    enabled: bool
    """Limit requests to the API, per caller."""
    regular: int
    """Ordinary requests per minute."""
    intensive: int
    """Expensive requests per minute: start, restart, apply, download, log-in."""


class ConfigRules(_Base):
    effect: Literal["reload", "restart", "none"]
    """The event after which a change counts: a reload, or only a restart of llamactl; `none`: no event in this version."""
    secret: bool
    """Whether answers hide it as `"***"`."""
    locked: str | None
    """Why a request cannot change it, as a sentence; `None`: it can."""


class ConfigSecurity(_Base):
    allow_privileged: bool
    """Allow options that run code or read files, and any environment variable; let requests change engines.*, alerts.command, data_dir, models.dirs and models.cache_dir. Only from the file."""


class ConfigServer(_Base):
    host: str
    """Address to listen on; any other than loopback requires auth.enabled."""
    port: int
    """Port of the API and the gateway."""
    base_path: str
    """Path under which everything answers, for a reverse proxy that passes it on."""
    public_url: Literal[""] | str
    """URL under which browsers reach llamactl, if not http://host:port."""
    allowed_hosts: list[str]
    """More host names under which browsers may reach llamactl."""
    allowed_origins: list[str]
    """More origins, such as https://chat.example.com, whose pages may use the API."""
    trusted_proxies: list[str]
    """Addresses of reverse proxies whose X-Forwarded-For is trusted."""


class ConfigSource(_Base):
    from_: Literal["default", "file", "environment", "flag"]
    name: str | None
    """Name of the variable or the flag."""
    line: int | None
    """Line in the file."""


class ConfigStats(_Base):
    interval: float
    """Seconds between two measurements of running engines."""


class ConfigView(_Base):
    config: Config
    """As written now; it takes effect at the next reload or start. Secrets are `"***"`."""
    sources: dict[str, ConfigSource]
    """By dotted key: `server.port`."""
    rules: dict[str, ConfigRules]
    """By the same keys as `sources`."""
    file: str | None
    """Path of the configuration file; `None`: no file."""
    restart_required: bool
    """Whether the running llamactl uses other values."""
    pending: list[str]
    """The keys that differ."""
    problem: str | None
    """Why the current file is unusable; `config` then shows the values that llamactl runs with."""


class ConfigWritten(_Base):
    message: str
    restart_required: bool
    changed: list[str]
    """The keys that this request changed."""
    config: Config


class CreateDownload(_Base):
    model: str
    """A reference: `org/repo:Q4_K_M`."""
    revision: str | None
    """Branch, tag or commit. Default: the main branch."""


class _CreateInstanceRequired(TypedDict):
    name: str
    """Unique without regard to case; only `rename` changes it."""


class CreateInstance(_CreateInstanceRequired, total=False):
    engine: str
    """`llama_cpp`, `custom`, or the name of a custom engine in the configuration."""
    model_path: str
    """The model file. It need not exist until the instance starts."""
    model: str
    """A model of `GET /models`: its reference (`org/repo:Q4_K_M`), name or id. llamactl finds its file, which becomes `model_path`; give only one of the two."""
    port: int
    """Left out: llamactl chooses one from `instances.port_range`."""
    options: Options
    extra_args: list[str]
    """Passed to the engine unchanged, after `options`, which they override."""
    environment: dict[str, str]
    """Environment variables of the engine. `"***"` in an update keeps the stored value."""
    command: list[str]
    """Replaces the engine's command. Privileged."""
    health_path: str
    """Path that answers 200 when the engine is ready. Default `/health`."""
    aliases: list[str]
    """More names by which requests under `/v1` can select the instance."""
    unlisted: bool
    """Hide the instance from `GET /v1/models`."""
    auto_start: bool
    """After a reboot of the machine, start the instance if it was meant to run."""
    auto_restart: bool
    """Restart the engine if it dies after it was ready. Default: `instances.auto_restart`."""
    max_restarts: int
    """Restarts in a row before `failed`; -1: no limit. Default: `instances.max_restarts`."""
    on_demand: bool
    """A request under `/v1` starts the instance if it is stopped. Default true."""
    idle_timeout: float
    """Stop the instance after this many seconds without a request; 0: never. Default: `instances.idle_timeout`."""
    pinned: bool
    """Never evict the instance or stop it because it is idle."""
    group: str
    """Group whose limits apply; `groups` in the configuration defines them."""
    concurrency: int
    """Most requests that the engine gets at once; others wait. Default: no limit."""
    queue_limit: int
    """Most requests that may wait; llamactl refuses further ones. Default 1 000."""
    upstream_model: str
    """Replaces the `model` of each request before the engine gets it."""
    request_defaults: dict[str, JsonValue]
    """Fields that llamactl adds to JSON bodies under `/v1` that lack them. They override those of `preset`."""
    request_strip: list[str]
    """Fields that llamactl removes from JSON bodies under `/v1`."""
    system_prompt: str
    """System prompt that llamactl adds to chats under `/v1` that have none. An empty text adds none, not even that of `preset`."""
    preset: str
    """Preset whose `request_defaults` and `system_prompt` apply; `presets` in the configuration defines them."""
    isolated: bool
    """Do not reuse cached prompts across requests, so that callers cannot find out prompts of others. Engine `llama_cpp` only. Default false."""
    keep_context: Literal["off", "auto"]
    """`auto`: save the computed prompts of the engine when it stops, and restore them at its next start, so that a long conversation continues without a wait. This stores conversations on disk. Engine `llama_cpp` only. Default `off`."""


class DecisionEvent(_Base):
    type: Literal["decision"]
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one."""
    data: DecisionEventData


class DecisionEventData(_Base):
    decision: Literal["slot", "eviction", "memory", "spared", "closing", "idle_stop", "request", "restart", "admission", "retry", "route"]
    """The kind of decision."""
    instance: str | None
    """Name of the instance that it is about; left out: none, or none that exists."""
    other: str | None
    """Name of the instance for which this one is stopped, or not stopped."""
    message: str
    """The decision and its reason, for people. It continues the name of the instance."""
    request_id: str | None
    """`X-Request-Id` of the request that it is about."""
    inputs: dict[str, str | float | bool | None]
    """The inputs of the decision and its outcome."""


class DeviceEstimate(_Base):
    device: str
    """`ram`, or a GPU by the vendor and number of its tool: `nvidia:0`."""
    total: int
    """Bytes of the device, or the share of a container."""
    free: int
    """Bytes that a start may take now. In RAM, models of running instances count fully, although their files are only mapped."""
    need: int
    """Bytes that should be free: weights, cache and computation, and a margin."""
    weights: int
    """Bytes of the weights."""
    cache: int
    """Bytes of the cache of keys and values, which grows with the context."""
    compute: int
    """Bytes to compute in."""


class Doctor(_Base):
    checked_at: str
    """When the checks began."""
    duration: float
    """How long they took, seconds."""
    findings: list[Finding]


class Download(_Base):
    id: str
    model: str
    """The reference as people write it: `org/repo:Q4_K_M`."""
    state: DownloadState
    done_bytes: int
    """Bytes on this machine, of all files."""
    total_bytes: int
    bytes_per_second: int
    """0 unless bytes come."""
    eta_seconds: int | None
    """Until all bytes are here; `None`: unknown."""
    error: DownloadError | None
    """Why it failed, or waits for room on the disk."""
    revision: str
    """Branch or tag."""
    path: str
    """`model_path` for an instance, when it is done: its first file, or its folder."""
    files: list[DownloadFile]
    warnings: list[str] | None
    """Sentences, such as about a file of another program that could not be checked; left out: none."""
    created_by: str
    """`anonymous`, `user:NAME` or `key:ID (NAME)`."""
    created_at: str
    """RFC 3339, UTC."""
    finished_at: str | None
    """`None`: it is not done, failed or cancelled."""


class DownloadError(_Base):
    code: Literal["HUB_ERROR", "DISK_FULL", "INTERNAL_ERROR"]
    message: str
    """Cause and fix, for a person."""


class DownloadFile(_Base):
    path: str
    """Within the repo."""
    size: int
    """Bytes."""
    done_bytes: int


class DownloadList(_Base):
    downloads: list[Download]
    """Oldest first."""


class DownloadProgressEvent(_Base):
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one."""
    type: Literal["download_progress"]
    data: DownloadProgressEventData


class DownloadProgressEventData(_Base):
    id: str
    model: str
    """The reference as people write it: `org/repo:Q4_K_M`."""
    state: DownloadState
    done_bytes: int
    """Bytes on this machine, of all files."""
    total_bytes: int
    bytes_per_second: int
    """0 unless bytes come."""
    eta_seconds: int | None
    """Until all bytes are here; `None`: unknown."""
    error: DownloadError | None
    """Why it failed, or waits for room on the disk."""


class DroppedText(_Base):
    text: str
    why: str


class Engine(_Base):
    id: str
    """The `engine` of instances."""
    program: str | None
    """Path of the program; `None`: it was not found, or each instance gives its own `command`."""
    version: str | None
    """As the program reports it; `None`: unknown."""
    problem: str | None
    """Why the program is missing or cannot be read; `None`: no problem."""
    devices: list[EngineDevice] | None
    """GPUs and accelerators that it can use; empty: only the CPU. `None`: unknown."""


class EngineDevice(_Base):
    name: str
    """As the engine names it, for the option `device`: `CUDA0`."""
    description: str
    """`NVIDIA GeForce RTX 4090`."""
    memory_total: int | None
    """Bytes; `None`: not reported."""
    memory_free: int | None
    """Bytes; `None`: not reported."""


class EngineList(_Base):
    engines: list[Engine]


class EngineOption(_Base):
    key: str
    """Its name in `options`, in snake_case. An engine may accept other names too."""
    flags: list[str]
    """The spellings on the command line of the engine, long ones first."""
    type: Literal["switch", "number", "text", "choice", "list"]
    """The kind of its value. `number` and `text` may accept words that only `description` lists."""
    default: str | None
    """The default in the words of the engine's help: `4096`, `auto`, `same as --threads`; `None`: not given."""
    choices: list[str] | None
    """All allowed values of a `choice`, or of the items of a `list`; `None`: the help does not list them."""
    group: str | None
    """The section of the engine's help: `common`, `sampling`; `None`: none."""
    description: str
    """The text of the engine's help, on one line."""
    variables: list[str]
    """Environment variables of the engine that set it."""
    guard: EngineOptionGuard | None
    """Why instances may not set it, or only with `security.allow_privileged`; `None`: it is free."""


class EngineOptionGuard(_Base):
    kind: Literal["reserved", "privileged"]
    why: str


class EngineOptionList(_Base):
    options: list[EngineOption]
    """In the order of the engine's help; empty if they are unknown."""
    problem: str | None
    """Why the options are unknown; `None`: they are known."""


class ErrorBody(_Base):
    error: str
    """Cause and fix, for a person."""
    code: Literal["VALIDATION_ERROR", "INVALID_JSON", "RESERVED_OPTION", "PRIVILEGED_OPTION", "UNAUTHORIZED", "INVALID_CREDENTIALS", "TOKEN_EXPIRED", "FORBIDDEN", "NOT_FOUND", "INSTANCE_NOT_FOUND", "METHOD_NOT_ALLOWED", "INSTANCE_EXISTS", "INSTANCE_RUNNING", "INSTANCE_NOT_RUNNING", "ALIAS_CONFLICT", "PORT_CONFLICT", "PORT_IN_USE", "MODEL_NOT_FOUND", "MODEL_IN_USE", "ENGINE_NOT_FOUND", "AUTH_DISABLED", "CONFIG_PINNED", "CONFIG_READ_ONLY", "CAPACITY_EXCEEDED", "DOES_NOT_FIT", "PRECONDITION_FAILED", "PAYLOAD_TOO_LARGE", "URI_TOO_LONG", "UNSUPPORTED_MEDIA_TYPE", "RATE_LIMITED", "REQUEST_CANCELLED", "INTERNAL_ERROR", "START_FAILED", "HUB_ERROR", "SHUTTING_DOWN", "DISK_FULL"]
    """The kind of error, for programs; stable."""
    details: str
    """More about the error; may be empty."""
    request_id: str
    """The `X-Request-Id` of the answer; also in the log."""
    errors: list[Problem] | None
    """Every problem of the invalid part of the request, if known, up to 100. Checking stops there, and `details` says so."""
    reason: str | None
    """Why the engine did not start, when `code` is `START_FAILED`."""


class Estimate(_Base):
    fits: bool
    """Every device has enough free memory now."""
    per_device: list[DeviceEstimate]
    """RAM, and the GPUs that may be used."""
    must_stop: list[str]
    """Idle instances whose stop would make it fit, least recently used first; `another instance` for those that the caller may not see. Empty: it fits, or no stop helps."""
    suggestions: list[EstimateSuggestion]
    """Options with which it would fit now; empty if it fits."""
    context: int
    """The tokens that the estimate is for. Without `ctx_size`, the engine takes the trained context, or less if that does not fit."""
    gpu_layers: int
    """The layers on GPUs, the output included. Without `n_gpu_layers`, as many as fit."""
    warnings: list[str] | None
    """Sentences about options that need attention, such as a context larger than the trained one; left out: none."""
    source: Literal["measured", "projected", "estimated"]
    """`measured`: an earlier run. `projected`: what the engine reported at an earlier start. `estimated`: from the files alone."""


class EstimateRequest(_Base):
    model: str | None
    """A model of `GET /models`: its id, reference or name."""
    instance: str | None
    """Name of an instance."""
    model_path: str | None
    """Any model file of the server. Only for admins."""
    engine: str | None
    """Default: `llama_cpp`, or that of the instance."""
    options: dict[str, str | float | bool | list[str | float] | None] | None
    """Options of the engine. Of an instance they are merged into its own, key by key; `None` removes one."""
    devices: list[str] | None
    """Names of the devices that may be used, as in `per_device`; left out: all. `ram` is always used."""


class EstimateSuggestion(_Base):
    label: str
    """For people: `a context of 8192 tokens`."""
    options: Options
    """Options with which it fits, beside those given."""


class Events(_Base):
    events: list[PastEvent]
    """Newest first."""
    more: bool
    """Whether older ones match; ask for them with `before_seq`."""
    oldest_seq: int | None
    """The oldest kept event of all instances: nothing is known of earlier times. `None`: no event is kept."""


class Evidence(_Base):
    what: str
    """`process`, `port`, `last exit`, `log`, `restarts`, `memory`, `retry`, `waits for`, `tried` or `alert`."""
    text: str
    phrase: Phrase | None
    """`text` as data; absent: a line of output, or the message of an alert."""
    reason: Phrase | None
    """Why the last run ended, if `text` says it."""


class Finding(_Base):
    id: Literal["configuration", "data_dir", "disk", "database", "gpu", "engine", "devices", "service", "models", "port_range", "port", "open_files", "clock", "alert", "instance", "unfinished"]
    """The thing that was checked. Some checks have several findings. `unfinished`: the checks took too long."""
    status: Literal["ok", "warning", "problem"]
    """`warning`: it works, but may fail later or could be better. `problem`: it does not work."""
    sentence: str
    """The finding, for people."""
    phrases: list[Phrase] | None
    """`sentence` as data, in its order; absent: a name, a path, or words of a program."""
    alert: FindingAlert | None
    """The alert that it repeats; absent: none."""
    instance: str | None
    """The instance that it is about; absent: none."""
    remedies: list[Remedy]
    """The steps against it, the best one first; empty: nothing to do."""


class FindingAlert(_Base):
    """The alert that it repeats; absent: none."""

    code: str
    """Kind of alert; stable."""
    level: Literal["warning", "error"]
    cause: Cause | None
    """The cause, if the alert is about the end of a run."""


class FinishedRequest(_Base):
    id: str
    """Its `X-Request-Id`, followed by `~` and a number if another request has the same one."""
    caller: str | None
    """`user:NAME`, `key:ID (NAME)` or `anonymous`; viewers get `None` for requests of others. `address:ADDRESS`: refused before it had a record, without valid credentials; with the beginning of an unknown key: `address:ADDRESS (llk_3RCRoi…)`."""
    instance: str | None
    """`None`: not yet known, or no instance has this name."""
    model: str | None
    """The `model` of the request, at most 200 characters; `None`: the path names the instance, under `/proxy`, or the request was refused before its body was read."""
    door: Literal["v1", "proxy"]
    """`v1`: the gateway; `proxy`: the pass-through of the instance."""
    method: str
    path: str
    """Path that the engine gets, without the query, at most 200 characters."""
    started_at: str
    """When llamactl had read enough of the body to know the model."""
    waited: float | None
    """Seconds until an engine got the request; the last engine, if one died and llamactl retried. `None`: no engine has it now."""
    starting: float
    """Seconds of the wait for a slot and the start of the instance, so far."""
    queued: float
    """Seconds of the wait for its turn at a running instance, so far."""
    prompt_seconds: float | None
    """Seconds in which the engine computed the prompt, as it reported; `None`: not reported."""
    user_agent: str | None
    """`User-Agent` of the request, at most 200 characters; `None`: it has none, or it is of another caller and you are a viewer."""
    stream: bool | None
    """Whether the answer is a stream of events or a WebSocket; `None`: not yet known."""
    time_to_first_token: float | None
    """Seconds from `started_at`, including waiting; `None`: nothing came yet, or the answer is not a stream."""
    tokens_in: int | None
    """Tokens of the prompt, including cached ones, as the engine reported; `None`: not reported."""
    cached_tokens: int | None
    """Tokens of the prompt that the engine had computed before; `None`: not reported."""
    tokens_out: int | None
    """Tokens generated so far, as the engine reported or else as counted."""
    tokens_estimated: bool
    """Whether `tokens_out` is a count of stream chunks because the engine reported no number."""
    tokens_per_second: float | None
    """Rate between the first and the last token; `None`: too few tokens, or not a stream."""
    bytes_out: int
    """Bytes of the answer body sent so far."""
    outcome: RequestOutcome
    """`ok`: complete answer; `client_error`, `engine_error`: complete answer with a 4xx or 5xx of the engine; `refused`: llamactl answered with an error; `aborted`: the caller disconnected; `cancelled`: by `DELETE /api/requests/{request_id}`, or by the end of the credentials, as `error` says; `broken`: the engine gave no answer or an incomplete one, or llamactl was killed."""
    seq: int
    """Grows with every finished request; for `before_seq`."""
    status: int | None
    """HTTP status of the answer; `None`: no answer."""
    error: RequestError | None
    """Why it failed; `None`: it did not, or the engine did not say."""
    finished_at: str
    """RFC 3339, UTC."""
    duration: float
    """Seconds from `started_at`."""
    count: int | None
    """How many refused requests the row stands for: of one caller, with one code, within a minute. Absent: one."""


class _FleetRequired(TypedDict):
    instances: list[CreateInstance]
    """Each as in `POST /instances`: a setting that is left out gets its default, even if it was set before."""


class Fleet(_FleetRequired, total=False):
    version: Literal[1]
    """Version of this format; always 1."""


class FleetStats(_Base):
    window: float
    """Length of the history, in seconds."""
    seconds: float
    """Length of a step."""
    until: str
    """The end of the last step."""
    instances: list[InstanceSeries]
    """Without the instances that did not run in that time."""


class FleetStep(_Base):
    name: str
    action: FleetAction
    changes: list[str]
    """Settings that differ, dotted: `options.threads`."""
    warnings: list[str] | None
    """Accepted settings that need attention."""
    error: str | None
    """Why this step failed; the other steps were made anyway."""


class Folder(_Base):
    kind: Literal["data", "models"]
    path: str
    disk_total: int | None
    """Bytes of its filesystem, or of that of its nearest parent that exists; `None`: unknown."""
    disk_free: int | None
    """Bytes of it that llamactl may use; `None`: unknown."""
    filesystem: int | None
    """A number that all folders of one filesystem share, and no others; `None`: unknown."""


class FoundModel(_Base):
    reference: str
    """`org/repo`."""
    purpose: str | None
    """The hub's word: `text-generation`; `None`: it has none."""
    license: str | None
    """As its author names it; `None`: unknown."""
    gated: bool
    """Downloads need a token of an account that accepted the conditions of the author."""
    downloads: int | None
    """Of the last month; `None`: unknown."""
    likes: int | None
    updated_at: str | None
    """RFC 3339; `None`: unknown."""


class Gap(_Base):
    """Lines after `after_seq` that are no longer kept."""

    from_seq: int
    to_seq: int


class GapEvent(_Base):
    type: Literal["gap"]
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one."""
    data: GapEventData


class GapEventData(_Base):
    from_seq: int
    """`seq` of the first missing event."""
    to_seq: int
    """`seq` of the last missing event; the frames after it are complete."""
    last_seq: int
    """`seq` of the newest event when this frame was sent; later events have greater numbers."""


class Gpu(_Base):
    index: int
    """The tool's own number for this GPU."""
    vendor: Literal["nvidia", "amd"]
    uuid: str | None
    """`GPU-…`, as `CUDA_VISIBLE_DEVICES` takes it. It stays the same when numbers change; left out: not reported."""
    slices: list[str] | None
    """`MIG-…`: the UUIDs of its MIG devices; left out: it has none."""
    name: str
    memory_total: int | None
    """Bytes; `None`: not reported, for example because the GPU shares the memory of the machine."""
    memory_usage: int | None
    """Bytes; `None`: not reported."""
    utilization: float | None
    """0–100; `None`: not reported."""
    temperature: float | None
    """Degrees Celsius; `None`: not reported."""
    power: float | None
    """Watts; `None`: not reported."""


class GpuPoint(_Base):
    index: int
    """The tool's own number for this GPU, as in `GET /system/status`."""
    vendor: Literal["nvidia", "amd"]
    memory_usage: int | None
    """Bytes; `None`: not reported."""
    utilization: float | None
    """0–100; `None`: not reported."""
    temperature: float | None
    """Degrees Celsius; `None`: not reported."""
    power: float | None
    """Watts; `None`: not reported."""


class GpuUse(_Base):
    index: int
    """The tool's own number for this GPU, as in `GET /system/status`."""
    vendor: Literal["nvidia", "amd"] | None
    """Two vendors may have a GPU with the same number."""
    uuid: str | None
    """As in `GET /system/status`; left out: not reported."""
    memory: int
    """Bytes."""


class GroupLimits(_Base):
    name: str
    max_running: int | None
    """How many of its members run at once; `None`: no limit."""
    exclusive: bool
    """While a member runs, no instance outside of the group does, except pinned ones."""
    pinned: bool
    """Its members are never evicted, and do not stop when idle."""


class Health(_Base):
    status: Literal["healthy", "starting", "unhealthy", "stopped"]
    checks: HealthChecks
    last_check: str
    """RFC 3339, UTC."""
    start_obstacle: StartObstacle | None
    """For a stopped or failed instance: why a start would fail now. For a running one: why it could not start again, such as a file that is gone. Absent: no known problem."""


class HealthChecks(_Base):
    process: Literal["running", "stopped"]
    port: Literal["open", "closed"]
    response: Literal["ok", "loading", "error", "timeout", "none"]


class Instance(_Base):
    name: str
    """Unique without regard to case; only `rename` changes it."""
    status: Status
    engine: str
    """`llama_cpp`, `custom`, or the name of a custom engine in the configuration."""
    model: str | None
    """As it was given; absent: the instance was given a `model_path`."""
    model_path: str | None
    """Absent for an engine without a model file."""
    model_info: ModelInfo | None
    """The model of this file in `GET /models`; `None`: the file is none of them."""
    capabilities: list[InstanceCapability]
    """Kinds of requests that it answers, by its model and options; empty: llamactl does not know its engine or model."""
    context_size: int | None
    """Tokens that one request may have, prompt and answer together; `None`: unknown."""
    slots: int | None
    """How many requests its engine computes at once; `None`: unknown."""
    port: int
    """Loopback port of its engine."""
    running_port: int | None
    """Port of the running engine, which differs from `port` after a change until the next start; `None`: none runs."""
    aliases: list[str]
    """More names by which requests under `/v1` can select the instance."""
    unlisted: bool
    """Hide the instance from `GET /v1/models`."""
    on_demand: bool
    """A request under `/v1` starts the instance if it is stopped. Default true."""
    group: str | None
    """Group whose limits apply; `groups` in the configuration defines them."""
    pinned: bool
    """The setting. Members of a pinned group are pinned too."""
    restart_count: int
    """Automatic restarts in a row; back to 0 after running for five minutes."""
    restart_required: bool
    """Whether the running engine was launched with other settings than the stored ones."""
    in_flight: int
    """Requests that its engine works on."""
    waiting: int
    """Requests that wait for its start, a slot or their turn."""
    tokens_per_second: float
    """Tokens of streamed answers that its engine generates, per second, over the last two seconds."""
    last_used_at: str | None
    """When its last request ended; `None`: unknown, or none has ended."""
    waits_for: list[str]
    """The instances that must stop, or free memory, before it can start; `another instance` for those that the caller may not see. Empty: it does not wait for a slot or for memory."""
    load: Load | None
    """Progress of its start; `None` exactly when it is not `starting`."""
    ready_at: str | None
    """When the current engine became ready; `None`: it is not, or none runs."""
    last_load_seconds: float | None
    """Seconds from the spawn of its engine until it was ready, at its last start; `None`: unknown."""
    reason: str | None
    """Why the instance failed or restarts; `None`: neither."""
    cause: Cause | None
    """The cause in `reason`; absent: it has none."""
    phrase: Phrase | None
    """`reason` as data; absent: no kind of phrase."""
    refused: RefusedStart | None
    """The last start that was refused since its status or settings changed, or why a start of a stopped instance would be refused, as found by a look after each scan of models; `None`: neither."""
    memory: list[InstanceMemory] | None
    """The memory that it holds on each device; absent: it does not run, or its need is unknown."""
    started_at: str | None
    """When the process of the current run started; `None`: no process runs."""
    created_at: str
    """RFC 3339, UTC."""
    updated_at: str
    """RFC 3339, UTC."""
    newer_model_path: str | None
    """The file that `model` names now, if it is another than `model_path`: the library has a newer version, which an update with `model` takes. Otherwise absent."""
    pid: int | None
    """The engine's own process; `None` exactly when no process runs."""
    options: Options
    extra_args: list[str]
    """Passed to the engine unchanged, after `options`, which they override."""
    environment: dict[str, str]
    """Environment variables of the engine; secrets are `"***"`."""
    command: list[str] | None
    """Replaces the engine's command. Privileged."""
    health_path: str | None
    """Path that answers 200 when the engine is ready. Default `/health`."""
    auto_start: bool
    """After a reboot of the machine, start the instance if it was meant to run."""
    auto_restart: bool
    """The setting, or the default of the configuration."""
    max_restarts: int
    """The setting, or the default of the configuration."""
    idle_timeout: float
    """The setting, or the default of the configuration."""
    concurrency: int | None
    """Absent: no limit."""
    queue_limit: int
    """Most requests that may wait; llamactl refuses further ones. Default 1 000."""
    upstream_model: str | None
    """Replaces the `model` of each request before the engine gets it."""
    request_defaults: dict[str, JsonValue]
    """Fields that llamactl adds to JSON bodies under `/v1` that lack them. They override those of `preset`."""
    request_strip: list[str]
    """Fields that llamactl removes from JSON bodies under `/v1`."""
    system_prompt: str | None
    """System prompt that llamactl adds to chats under `/v1` that have none. An empty text adds none, not even that of `preset`."""
    preset: str | None
    """Preset whose `request_defaults` and `system_prompt` apply; `presets` in the configuration defines them."""
    isolated: bool
    """Do not reuse cached prompts across requests, so that callers cannot find out prompts of others. Engine `llama_cpp` only. Default false."""
    keep_context: Literal["off", "auto"]
    """`auto`: save the computed prompts of the engine when it stops, and restore them at its next start, so that a long conversation continues without a wait. This stores conversations on disk. Engine `llama_cpp` only. Default `off`."""
    context: KeptContext | None
    """The saved context; `None`: none."""
    last_exit: LastExit | None
    """How the last run ended; `None`: no run has ended."""
    effective_command: list[str]
    """The argv of the current or the next run; secrets are masked."""
    stats: Stats | None
    """Measured now; `None` exactly when no process runs."""


class InstanceCounts(_Base):
    total: int
    stopped: int
    starting: int
    running: int
    stopping: int
    restarting: int
    failed: int


class InstanceCreated(_Base):
    message: str
    instance: Instance
    warnings: list[str] | None
    """Accepted settings that need attention."""
    preview: InstancePreview | None
    """Present for `dry_run`: nothing was changed, and `instance` is as it would be."""


class InstanceCreatedEvent(_Base):
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one."""
    type: Literal["instance_created"]
    data: InstanceCreatedEventData


class InstanceCreatedEventData(_Base):
    name: str
    caller: str | None
    """Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see all instances."""


class InstanceDeletedEvent(_Base):
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one."""
    type: Literal["instance_deleted"]
    data: InstanceDeletedEventData


class InstanceDeletedEventData(_Base):
    name: str
    caller: str | None
    """Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see all instances."""


class InstanceEstimateRequest(_Base):
    options: dict[str, str | float | bool | list[str | float] | None] | None
    """Options of the engine. Of an instance they are merged into its own, key by key; `None` removes one."""
    devices: list[str] | None
    """Names of the devices that may be used, as in `per_device`; left out: all. `ram` is always used."""


class InstanceList(_Base):
    instances: list[InstanceSummary]


class InstanceLoadProgressEvent(_Base):
    type: Literal["instance_load_progress"]
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one."""
    data: InstanceLoadProgressEventData


class InstanceLoadProgressEventData(_Base):
    name: str
    load: Load


class InstanceMemory(_Base):
    device: str
    """`ram`, or a GPU: `nvidia:0`."""
    need: int
    """Bytes that count as held by its run: weights, cache and computation, and a margin."""
    source: Literal["measured", "projected", "estimated"]
    """`measured`: by an earlier run; `projected`: the engine reported it; `estimated`: from the files."""


class InstancePreview(_Base):
    problems: list[Problem]
    """Why it would be refused, beyond the form of the body, which gives an error as always; empty: it would succeed."""
    warnings: list[str]
    """Accepted settings that need attention."""
    effective_command: list[str]
    """The argv of the next run; secrets are masked."""
    changes: list[str]
    """Settings that would differ, dotted: `options.threads`."""
    restart_required: bool
    """Whether the running engine would keep older settings until a restart."""
    estimate: Estimate | None
    """The memory that it would need; `None`: unknown, for example because llamactl does not know its model."""


class InstanceSeries(_Base):
    name: str
    cpu_usage: list[float | None]
    """Percent of one core, the average; `None`: no run in that step."""
    memory_usage: list[int | None]
    """Bytes, the average; `None`: no run in that step."""
    tokens_per_second: list[float | None]
    """Tokens generated, per second; `None`: no run in that step."""
    requests: list[float | None]
    """Requests that ended; `None`: no run in that step."""
    waiting_max: list[float | None]
    """Most requests that waited at one time; `None`: no run in that step."""


class InstanceStartRefusedEvent(_Base):
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one."""
    type: Literal["instance_start_refused"]
    data: InstanceStartRefusedEventData


class InstanceStartRefusedEventData(_Base):
    name: str
    code: Literal["MODEL_NOT_FOUND", "ENGINE_NOT_FOUND", "PORT_IN_USE", "CAPACITY_EXCEEDED", "DOES_NOT_FIT", "VALIDATION_ERROR", "RESERVED_OPTION", "PRIVILEGED_OPTION"]
    """Error code that the start returned."""
    message: str
    """Message of that error. It names the program of an engine without the folder, which not every reader may see."""
    trigger: InstanceStartRefusedEventDataTrigger | None
    """Who or what requested the start. Absent: unknown."""


class InstanceStartRefusedEventDataTrigger(_Base):
    """Who or what requested the start. Absent: unknown."""

    kind: Literal["command", "update", "demand", "eviction", "idle", "restart_policy", "server_start"]
    """`command`: a start, stop or restart by a caller; `update`: a caller changed its settings; `demand`: a request needed it; `eviction`: another instance needed its slot or memory; `idle`: its idle timeout passed; `restart_policy`: its engine ended or hung; `server_start`: llamactl started."""
    caller: str | None
    """Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see all instances."""
    request_id: str | None
    """`X-Request-Id` of the request that started it on demand; absent like `caller`."""
    needed_by: str | None
    """Name of the instance that needed its slot or memory; absent: none, or one that you may not see."""


class InstanceStatsUpdatedEvent(_Base):
    type: Literal["instance_stats_updated"]
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one."""
    data: InstanceStatsUpdatedEventData


class InstanceStatsUpdatedEventData(_Base):
    name: str
    stats: Stats


class InstanceStatusChangedEvent(_Base):
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one."""
    type: Literal["instance_status_changed"]
    data: InstanceStatusChangedEventData


class InstanceStatusChangedEventData(_Base):
    name: str
    status: Status
    previous_status: Status
    reason: str | None
    phrase: Phrase | None
    """`reason` as data; absent: no kind of phrase."""
    cause: Literal["eviction", "idle"] | None
    """Why llamactl stops it without a request: `eviction`: another instance needs its slot; `idle`: its idle timeout passed."""
    trigger: InstanceStatusChangedEventDataTrigger | None
    """Who or what made it change; a later status of the same start or stop repeats it. Absent: unknown."""


class InstanceStatusChangedEventDataTrigger(_Base):
    """Who or what made it change; a later status of the same start or stop repeats it. Absent: unknown."""

    kind: Literal["command", "update", "demand", "eviction", "idle", "restart_policy", "server_start"]
    """`command`: a start, stop or restart by a caller; `update`: a caller changed its settings; `demand`: a request needed it; `eviction`: another instance needed its slot or memory; `idle`: its idle timeout passed; `restart_policy`: its engine ended or hung; `server_start`: llamactl started."""
    caller: str | None
    """Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see all instances."""
    request_id: str | None
    """`X-Request-Id` of the request that started it on demand; absent like `caller`."""
    needed_by: str | None
    """Name of the instance that needed its slot or memory; absent: none, or one that you may not see."""


class InstanceSummary(_Base):
    name: str
    """Unique without regard to case; only `rename` changes it."""
    status: Status
    engine: str
    """`llama_cpp`, `custom`, or the name of a custom engine in the configuration."""
    model: str | None
    """As it was given; absent: the instance was given a `model_path`."""
    model_path: str | None
    """Absent for an engine without a model file."""
    model_info: ModelInfo | None
    """The model of this file in `GET /models`; `None`: the file is none of them."""
    capabilities: list[InstanceCapability]
    """Kinds of requests that it answers, by its model and options; empty: llamactl does not know its engine or model."""
    context_size: int | None
    """Tokens that one request may have, prompt and answer together; `None`: unknown."""
    slots: int | None
    """How many requests its engine computes at once; `None`: unknown."""
    port: int
    """Loopback port of its engine."""
    running_port: int | None
    """Port of the running engine, which differs from `port` after a change until the next start; `None`: none runs."""
    aliases: list[str]
    """More names by which requests under `/v1` can select the instance."""
    unlisted: bool
    """Hide the instance from `GET /v1/models`."""
    on_demand: bool
    """A request under `/v1` starts the instance if it is stopped. Default true."""
    group: str | None
    """Group whose limits apply; `groups` in the configuration defines them."""
    pinned: bool
    """The setting. Members of a pinned group are pinned too."""
    restart_count: int
    """Automatic restarts in a row; back to 0 after running for five minutes."""
    restart_required: bool
    """Whether the running engine was launched with other settings than the stored ones."""
    in_flight: int
    """Requests that its engine works on."""
    waiting: int
    """Requests that wait for its start, a slot or their turn."""
    tokens_per_second: float
    """Tokens of streamed answers that its engine generates, per second, over the last two seconds."""
    last_used_at: str | None
    """When its last request ended; `None`: unknown, or none has ended."""
    waits_for: list[str]
    """The instances that must stop, or free memory, before it can start; `another instance` for those that the caller may not see. Empty: it does not wait for a slot or for memory."""
    load: Load | None
    """Progress of its start; `None` exactly when it is not `starting`."""
    ready_at: str | None
    """When the current engine became ready; `None`: it is not, or none runs."""
    last_load_seconds: float | None
    """Seconds from the spawn of its engine until it was ready, at its last start; `None`: unknown."""
    reason: str | None
    """Why the instance failed or restarts; `None`: neither."""
    cause: Cause | None
    """The cause in `reason`; absent: it has none."""
    phrase: Phrase | None
    """`reason` as data; absent: no kind of phrase."""
    refused: RefusedStart | None
    """The last start that was refused since its status or settings changed, or why a start of a stopped instance would be refused, as found by a look after each scan of models; `None`: neither."""
    memory: list[InstanceMemory] | None
    """The memory that it holds on each device; absent: it does not run, or its need is unknown."""
    started_at: str | None
    """When the process of the current run started; `None`: no process runs."""
    created_at: str
    """RFC 3339, UTC."""
    updated_at: str
    """RFC 3339, UTC."""
    stats: Stats | None
    """The last measurement, at most `stats.interval` old; `None`: no process runs, or it was not measured yet."""


class InstanceUpdated(_Base):
    message: str
    instance: Instance
    restart_required: bool
    warnings: list[str] | None
    """Accepted settings that need attention."""
    preview: InstancePreview | None
    """Present for `dry_run`: nothing was changed, and `instance` is as it would be."""


class InstanceUpdatedEvent(_Base):
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one."""
    type: Literal["instance_updated"]
    data: InstanceUpdatedEventData


class InstanceUpdatedEventData(_Base):
    name: str
    previous_name: str | None
    """Present after a rename: the name until now."""
    changed: list[str] | None
    """The settings that changed: `port`, `options.ctx_size`. Absent: none of them."""
    values: list[ChangedValue] | None
    """The values of those in `changed` that are numbers, booleans or short texts: never secrets, variables, arguments or prompts. Absent: none of them."""
    reason: str | None
    """The finding of llamactl, if no caller changed the instance."""
    caller: str | None
    """Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see all instances."""


class InstancesRefreshedEvent(_Base):
    type: Literal["instances_refreshed"]
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one."""
    data: InstancesRefreshedEventData


class InstancesRefreshedEventData(_Base):
    reason: Literal["models", "starts"]
    """`models`: a scan of models changed `model_info`; `starts`: a look changed `refused` of stopped instances."""


class KeptContext(_Base):
    tokens: int
    """Tokens of all saved conversations."""
    bytes: int
    """Size of their files."""
    saved_at: str
    """When the newest of them was saved."""
    reuse: KeptContextReuse | None
    """The last measured use after a restore; `None`: none was measured."""


class KeptContextReuse(_Base):
    at: str
    """RFC 3339, UTC."""
    restored: int
    """Tokens that were restored at that start."""
    reused: int
    """Tokens of the first request's prompt that the engine did not compute again; its `cache_n`."""


class Key(_Base):
    id: str
    name: str
    owner: str
    """The account that the key acts for."""
    prefix: str
    """Its first characters, to recognize it."""
    scopes: list[Scope]
    instances: list[str] | None
    """The key works for these instances only; `None`: all."""
    may_start: bool
    """Whether a request with this key may start a stopped instance."""
    max_in_flight: int
    """Concurrent requests to `/v1`, including those that wait for an engine; 0: no limit."""
    requests_per_minute: int
    """Requests to `/v1` in any 60 seconds; 0: no limit."""
    tokens_per_minute: int
    """Prompt and answer tokens in any 60 seconds, counted when an answer ends; 0: no limit."""
    created_at: str
    expires_at: str | None
    """`None`: never."""
    last_used_at: str | None
    """Accurate to one minute, and never before `created_at`; `None`: never."""


class KeyChanged(_Base):
    message: str
    key: Key


class KeyCreated(_Base):
    message: str
    key: str
    """`llk_…`; shown once."""
    info: Key


class KeyList(_Base):
    keys: list[Key]


class LargestMemory(_Base):
    kind: Literal["gpu", "ram"]
    name: str
    """Name of the GPU, or `memory`."""
    total: int
    """Bytes. For `ram`, no more than the control group allows."""


class LastExit(_Base):
    code: int | None
    """Exit status; 128 + n for signal n; `None`: unknown."""
    signal: str | None
    """The signal that ended the engine, such as `SIGKILL`; `None`: none or unknown."""
    at: str
    """RFC 3339, UTC."""
    reason: str
    """Why the run ended, in one sentence."""
    cause: Cause | None
    """`None`: it was stopped, so nothing was wrong."""
    phrase: Phrase | None
    """`reason` as data; absent: no kind of phrase."""
    lines: list[str]
    """The engine's last lines of output."""


class Lifecycle(_Base):
    message: str
    status: Status


class Load(_Base):
    phase: Literal["queued", "preparing", "loading", "restoring"]
    """`queued`: waits for a slot; `preparing`: its launch is checked and spawned; `loading`: the engine loads its model; `restoring`: the engine restores its saved context."""
    fraction: float | None
    """Estimated part that is done, below 1 until the engine is ready; `None`: no estimate."""
    elapsed: float
    """Seconds since the engine was spawned; before that, since the start was requested."""
    usual_seconds: float | None
    """Median of the last loads of the same model with the same options, in seconds from the spawn until the engine was ready; `None`: none was measured."""


class LogEntry(_Base):
    timestamp: str
    """RFC 3339, UTC, from the engine's own timestamps, converted to the machine's clock."""
    level: LogLevel
    message: str
    """Without control characters; a very long line is cut and ends in an ellipsis."""
    seq: int
    """Position of the line's end in the instance's log. Grows across runs, rotations and restarts of llamactl; not consecutive."""
    untimed: Literal[True] | None
    """The line has no time of its own: `timestamp` is that of the line before it, or of the start of the run. Absent: it has one."""


class LogGap(_Base):
    gap: Gap


class LogGapEvent(_Base):
    type: Literal["log_gap"]
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one."""
    data: LogGapEventData


class LogGapEventData(_Base):
    name: str
    """The name in the subscription."""
    from_seq: int
    """The lines with a greater `seq` are missing, up to `to_seq`."""
    to_seq: int


class LogLinesEvent(_Base):
    type: Literal["log_lines"]
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one."""
    data: LogLinesEventData


class LogLinesEventData(_Base):
    name: str
    """The name in the subscription."""
    lines: list[LogEntry]


class LoggedIn(_Base):
    token: str
    expires_at: str
    user: User


class Logs(_Base):
    logs: list[LogEntry]
    truncated: Literal[True] | None
    """The search stopped at its limit of bytes before it found enough lines."""
    next_seq: int | None
    """Where a `truncated` search stopped. To go on, pass it as `before_seq`, or as `after_seq` if you gave one."""
    gap: Gap | None
    """Lines after `after_seq` that are no longer kept."""


class Me(_Base):
    auth_enabled: bool
    """Whether accounts are on, so that callers need credentials."""
    caller: Caller | None
    """`None`: this request has no valid credentials, and needs some."""
    version: str | None
    """Version of llamactl; `None`: the caller is unknown."""
    first_password_in_file: bool
    """Whether the generated password of the account `admin` is still in the file `admin-password` of the data directory."""


class Message(_Base):
    message: str


class Model(_Base):
    id: str
    """Stable over scans and restarts. 16 characters."""
    ref: str | None
    """`org/repo:Q4_K_M` of the hub, or `ms:…`, `ollama:…`, `docker:…` or `https://…` of another source; `None`: the file is in a plain folder."""
    name: str
    """For people: the name of the file without its ending, or of the folder."""
    format: Literal["gguf", "safetensors", "mlx"]
    architecture: str | None
    """`llama`, `qwen3`, `bert`; `None`: unknown."""
    parameters: int | None
    """How many weights it has; `None`: unknown."""
    quantization: str | None
    """`Q4_K_M`, `F16`, `4bit`; `None`: unknown."""
    context: int | None
    """The context for which it was trained, in tokens; `None`: unknown."""
    size: int
    """Bytes of all its parts, without companions."""
    capabilities: list[Literal["chat", "tools", "reasoning", "vision", "embeddings", "rerank"]]
    """From its chat template, architecture and projector."""
    source: Literal["folder", "hugging_face", "llama_cpp", "ollama", "lm_studio"]
    path: str
    """`model_path` for an instance: the file, its first part, or the folder."""
    modified_at: str
    """RFC 3339, UTC."""
    used_by: list[str]
    """Names of the instances with this file; `another instance` for those that the caller may not see."""
    problems: list[str]
    """Why it cannot be loaded, in sentences; empty: no reason is known."""


class ModelCheck(_Base):
    files: list[CheckedFile]
    """Its parts, then its companions."""


class ModelCompanion(_Base):
    kind: Literal["projector", "adapter", "draft"]
    path: str
    size: int
    """Bytes."""


class ModelDetails(_Base):
    id: str
    """Stable over scans and restarts. 16 characters."""
    ref: str | None
    """`org/repo:Q4_K_M` of the hub, or `ms:…`, `ollama:…`, `docker:…` or `https://…` of another source; `None`: the file is in a plain folder."""
    name: str
    """For people: the name of the file without its ending, or of the folder."""
    format: Literal["gguf", "safetensors", "mlx"]
    architecture: str | None
    """`llama`, `qwen3`, `bert`; `None`: unknown."""
    parameters: int | None
    """How many weights it has; `None`: unknown."""
    quantization: str | None
    """`Q4_K_M`, `F16`, `4bit`; `None`: unknown."""
    context: int | None
    """The context for which it was trained, in tokens; `None`: unknown."""
    size: int
    """Bytes of all its parts, without companions."""
    capabilities: list[Literal["chat", "tools", "reasoning", "vision", "embeddings", "rerank"]]
    """From its chat template, architecture and projector."""
    source: Literal["folder", "hugging_face", "llama_cpp", "ollama", "lm_studio"]
    path: str
    """`model_path` for an instance: the file, its first part, or the folder."""
    modified_at: str
    """RFC 3339, UTC."""
    used_by: list[str]
    """Names of the instances with this file; `another instance` for those that the caller may not see."""
    problems: list[str]
    """Why it cannot be loaded, in sentences; empty: no reason is known."""
    files: list[ModelFile]
    """Its parts, in order."""
    companions: list[ModelCompanion]
    """Files beside it that belong to it, for options such as `mmproj`."""
    metadata: dict[str, str | float | bool]
    """Numbers and short texts of the header of a GGUF file. Lists and long texts are left out."""
    chat_template: str | None
    """`None`: it has none, or one of more than 1 MiB."""
    system_prompt: str | None
    """That of Ollama for this model, for `system_prompt` of an instance; `None`: it has none."""
    request_defaults: dict[str, JsonValue]
    """Ollama's parameters for this model, as `request_defaults` of an instance. Empty: it has none."""
    other_parameters: dict[str, JsonValue]
    """Ollama's parameters that are no request defaults, under Ollama's names, such as `num_ctx`."""
    messages: list[ModelDetailsMessages] | None
    """Messages with which Ollama begins each chat of this model. llamactl sends none. Absent: none."""
    license: str | None
    """The text of the licenses that Ollama has for this model. Absent: none."""


class ModelDetailsMessages(_Base):
    role: str
    content: str


class ModelFile(_Base):
    path: str
    size: int
    """Bytes."""


class ModelInfo(_Base):
    id: str
    """Stable over scans and restarts. 16 characters."""
    name: str
    """For people: the name of the file without its ending, or of the folder."""
    quantization: str | None
    """`Q4_K_M`, `F16`, `4bit`; `None`: unknown."""
    size: int
    """Bytes of all its parts, without companions."""
    context: int | None
    """The context for which it was trained, in tokens; `None`: unknown."""


class ModelList(_Base):
    models: list[Model]
    """By name."""
    problems: list[str]
    """Folders of `models.dirs` that cannot be read, each with the reason, and that some folders cannot be watched, in sentences; empty: none."""
    scanning: bool
    """The first scan, or one after a change, is not over: the list may lack models."""


class ModelSearch(_Base):
    models: list[FoundModel]
    """The most downloaded first."""
    hub: str
    """Base address of the hub that was searched."""


class Parsed(_Base):
    format: Literal["command", "docker", "llama_swap"]
    """The kind of text."""
    instances: list[ParsedInstance]
    """One, or one for each model that could be read."""
    unread: list[UnreadModel] | None
    """Models of a llama-swap configuration that became no instance, and why. Left out: none."""
    dropped: list[DroppedText] | None
    """Global settings of a llama-swap configuration that became no setting of an instance, and their counterpart. Left out: none."""
    configuration: dict[str, JsonValue] | None
    """The part of these that belongs into the configuration file of llamactl: `{"groups": …}`. Left out: the text has no global settings, because it is no whole configuration of llama-swap."""


class ParsedInstance(_Base):
    model: str | None
    """Its name in a llama-swap configuration; left out: the text has none."""
    line: int | None
    """The line of this name in the text."""
    settings: ParsedSettings
    """For `POST /instances`, after a person has looked at them."""
    understood: list[UnderstoodText]
    """Parts of the text, and the setting that each became, dotted: `options.ctx_size`."""
    dropped: list[DroppedText]
    """Parts of the text that became no setting, and why."""


class ParsedSettings(_Base):
    name: str | None
    """Unique without regard to case; only `rename` changes it."""
    engine: str | None
    """`llama_cpp`, `custom`, or the name of a custom engine in the configuration."""
    model: str | None
    """A model of `GET /models`: its reference (`org/repo:Q4_K_M`), name or id. llamactl finds its file, which becomes `model_path`; give only one of the two."""
    model_path: str | None
    """The model file. It need not exist until the instance starts."""
    port: int | None
    """Left out: llamactl chooses one from `instances.port_range`."""
    options: Options | None
    extra_args: list[str] | None
    """Passed to the engine unchanged, after `options`, which they override."""
    environment: dict[str, str] | None
    """Environment variables of the engine. `"***"` in an update keeps the stored value."""
    aliases: list[str] | None
    """More names by which requests under `/v1` can select the instance."""
    unlisted: bool | None
    """Hide the instance from `GET /v1/models`."""
    idle_timeout: float | None
    """Stop the instance after this many seconds without a request; 0: never. Default: `instances.idle_timeout`."""
    pinned: bool | None
    """Never evict the instance or stop it because it is idle."""
    group: str | None
    """Group whose limits apply; `groups` in the configuration defines them."""
    concurrency: int | None
    """Most requests that the engine gets at once; others wait. Default: no limit."""
    upstream_model: str | None
    """Replaces the `model` of each request before the engine gets it."""
    request_defaults: dict[str, JsonValue] | None
    """Fields that llamactl adds to JSON bodies under `/v1` that lack them. They override those of `preset`."""
    request_strip: list[str] | None
    """Fields that llamactl removes from JSON bodies under `/v1`."""


class PastAlert(_Base):
    seq: int
    """`seq` of the event with which it was raised; for `before_seq`."""
    level: Literal["warning", "error"]
    code: str
    """Kind of alert; stable."""
    message: str
    """The last message."""
    instance: str | None
    """The affected instance; absent: the whole system."""
    cause: Cause | None
    """The cause, if the alert was about the end of a run."""
    raised_at: str | None
    """`None`: before the oldest kept event."""
    cleared_at: str | None
    """`None`: it is still raised."""


class Phrase(_Base):
    """A sentence of the server as data, for programs that write it in another language."""

    kind: PhraseKind
    data: dict[str, str | float] | None
    """The names and figures in it. Names of sizes end in `_bytes`. Absent: none."""


class Probe(_Base):
    status: Literal["ok", "starting", "stopping"]


class Problem(_Base):
    path: str
    """Where the problem is, dotted: `options.threads`; empty for the whole body."""
    message: str
    """Problem, and the expected value."""
    phrase: Phrase | None
    """`message` as data; absent: no kind of phrase."""


class Quant(_Base):
    reference: str
    """Names it: `org/repo:Q4_K_M`."""
    quantization: str | None
    """`Q4_K_M`; `None`: the name of its file has none."""
    chosen: bool
    """The reference of the request means this one."""
    size: int
    """Bytes of all its parts, without companions."""
    fits: Literal["yes", "tight", "no"]
    """An estimate of `memory_needed` against the largest memory of the machine: `yes` leaves 15 % free, `tight` does not."""
    memory_needed: int
    """Bytes, an estimate: the files and a tenth, and 512 MiB for a short context and buffers."""
    files: list[QuantFile]
    """Its parts, in order."""
    companions: list[QuantCompanion]
    """Files that are downloaded with it: of its folder or the nearest one above, then of the nearest bit width."""


class QuantCompanion(_Base):
    kind: Literal["projector", "draft"]
    path: str
    """Within the repository."""
    size: int
    """Bytes."""
    sha256: str | None
    """Of its bytes, hex; `None`: the source has none."""


class QuantFile(_Base):
    path: str
    """Within the repository."""
    size: int
    """Bytes."""
    sha256: str | None
    """Of its bytes, hex; `None`: the source has none."""


class QuantList(_Base):
    source: Literal["hub", "modelscope", "ollama", "docker", "url"]
    repo: str
    """`org/repo`."""
    revision: str
    """Branch or tag."""
    commit: str
    """40 hex digits. For sources without commits it stands for the contents."""
    license: str | None
    """As its author names it; `None`: unknown."""
    gated: bool
    """Downloads need a token of an account that accepted the conditions of the author."""
    folder: str
    """The folder on the server that gets the files of a download."""
    memory: LargestMemory
    quants: list[Quant]
    """By the paths of their files."""


class RefusedStart(_Base):
    at: str
    """RFC 3339, UTC."""
    code: Literal["MODEL_NOT_FOUND", "ENGINE_NOT_FOUND", "PORT_IN_USE", "CAPACITY_EXCEEDED", "DOES_NOT_FIT", "VALIDATION_ERROR", "RESERVED_OPTION", "PRIVILEGED_OPTION"]
    """Error code that the start returned."""
    message: str
    """Message of that error. It names the program of an engine without the folder, which not every reader may see."""


class Remedy(_Base):
    label: str
    """The step for people, as on a button: `Use a context of 4096 tokens`."""
    phrase: Phrase | None
    """`label` as data; absent: no kind of phrase."""
    operation: Literal["updateInstance", "startInstance", "stopInstance", "restartInstance", "stopAllInstances"] | None
    """Operation of the API that does it; for the instance, unless `body` has `names`."""
    body: dict[str, JsonValue] | None
    """Body of `operation`; absent: it needs none."""
    link: str | None
    """Place where a person can do it, instead of `operation`: `log`, `settings`, `settings/FIELD`, `instances`, `instances/pinned`, `models`, `system`, or `configuration/KEY`. FIELD and KEY are dotted: `settings/options.ctx_size`."""
    tried: bool | None
    """Whether the instance has these settings and failed again with them, for the same cause; absent: no."""
    command: str | None
    """A command for a shell on the machine, instead of `operation`; with `operation`, one that does it for all instances of the model; with `link`, one that does it where the place is locked."""


class RequestError(_Base):
    code: str | None
    """The code of the error that llamactl or the engine answered; `None`: it has none."""
    message: str
    """At most 500 characters."""


class RequestFinishedEvent(_Base):
    type: Literal["request_finished"]
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one."""
    data: FinishedRequest


class RequestStartedEvent(_Base):
    type: Literal["request_started"]
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one."""
    data: ActiveRequest


class Requests(_Base):
    in_flight: list[ActiveRequest]
    """Oldest first."""
    finished: list[FinishedRequest]
    """Newest first."""
    more: bool
    """Whether older finished requests match; ask for them with `before_seq`."""


class RequestsUpdatedEvent(_Base):
    type: Literal["requests_updated"]
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one."""
    data: RequestsUpdatedEventData


class RequestsUpdatedEventData(_Base):
    name: str
    in_flight: int
    """Requests that its engine works on."""
    waiting: int
    """Requests that wait for its start, a slot or their turn."""
    tokens_per_second: float
    """Tokens of streamed answers that its engine generates, over the last two seconds."""


class Resources(_Base):
    cpu_usage: float
    """Percent (0–100) of all cores."""
    memory_usage: int
    """Bytes that are not available to programs."""
    memory_total: int
    disk_usage: float
    """Percent (0–100) of the data directory's filesystem."""
    disk_total: int
    """Bytes of the data directory's filesystem."""
    disk_free: int
    """Bytes of it that llamactl may use."""
    gpus: list[Gpu]
    """Empty if no tool reports a GPU."""


class ServerLog(_Base):
    logs: list[ServerLogEntry]
    """Oldest first."""
    since: str | None
    """From here on all lines are kept; of earlier lines only warnings and errors. `None`: none is kept."""


class ServerLogEntry(_Base):
    timestamp: str
    level: LogLevel
    message: str
    fields: dict[str, JsonValue]
    """The other fields of the line, such as `err`."""


class Session(_Base):
    id: str
    created_at: str
    """When the user logged in."""
    refreshed_at: str | None
    """When a token was last refreshed; `None`: never."""
    last_used_at: str
    """When a request last had one of its tokens. Accurate to one minute; to the last refresh, if llamactl has restarted since."""
    expires_at: str
    """When its newest token expires."""
    ends_at: str
    """When the log-in ends: no token is valid for longer. After `auth.session_ttl`; that of the web page with its cookie, after `auth.token_ttl`."""
    address: str
    """Client address of the log-in, or of its last refresh."""
    user_agent: str | None
    """`User-Agent` of that request; at most 200 characters."""
    current: bool
    """Whether this request has a token of this log-in."""


class SessionList(_Base):
    sessions: list[Session]
    """Newest log-in first."""


class SessionsEnded(_Base):
    message: str
    ended: int
    """How many log-ins were ended."""


class StartObstacle(_Base):
    code: Literal["MODEL_NOT_FOUND", "ENGINE_NOT_FOUND", "PORT_IN_USE", "CAPACITY_EXCEEDED", "DOES_NOT_FIT", "VALIDATION_ERROR", "RESERVED_OPTION", "PRIVILEGED_OPTION"]
    """Error code that a start would return. `CAPACITY_EXCEEDED`: no slot can be freed, because pinned instances hold them. `DOES_NOT_FIT`: it needs more memory than it can get. `VALIDATION_ERROR`: the configuration no longer has the engine. `RESERVED_OPTION`, `PRIVILEGED_OPTION`: a stored variable may not be set."""
    message: str
    """Problem and fix, for a person."""
    cause: Cause


class Starter(_Base):
    name: str
    purpose: Literal["small", "general", "coder", "vision", "embedding", "reranker"]
    memory_gb: int
    """For machines whose largest memory has at least so many GB."""
    reference: str
    size: int
    """Bytes with companions, rounded; `GET /api/models/quants` has the exact sizes."""
    reason: str
    """Why it is in the list, in a sentence."""
    fits: Literal["yes", "tight", "no"]
    """An estimate of `memory_needed` against the largest memory of the machine: `yes` leaves 15 % free, `tight` does not."""
    memory_needed: int
    """Bytes, an estimate: the files and a tenth, and 512 MiB for a short context and buffers."""


class StarterList(_Base):
    memory: LargestMemory
    starters: list[Starter]
    """By memory, then by purpose."""


class Stats(_Base):
    memory_usage: int
    """Resident memory of all its processes, bytes."""
    cpu_usage: float
    """Percent of one core: 400 means four busy cores."""
    threads: int
    """Threads of all its processes."""
    read_bytes: int
    """Bytes read since the engine was spawned, from disks and caches."""
    write_bytes: int
    """Bytes written since the engine was spawned."""
    gpu_memory_usage: int | None
    """Bytes on all GPUs; `None`: no tool reports it."""
    gpus: list[GpuUse]
    """The GPUs that it uses; empty: none, or no tool reports it."""
    uptime: float
    """Seconds since the engine was spawned."""


class StatsHistory(_Base):
    name: str
    window: float
    """Length of the history, in seconds."""
    interval: float
    """Seconds between two measurements, which is the shortest step."""
    points: list[StatsPoint]


class StatsPoint(_Base):
    timestamp: str
    """The end of the step."""
    seconds: float
    """Length of the step; older steps are longer."""
    memory_usage: int
    """Resident memory of all its processes, bytes."""
    cpu_usage: float
    """Percent of one core: 400 means four busy cores."""
    threads: int
    """Threads of all its processes."""
    read_bytes: int
    """Bytes read since the engine was spawned, from disks and caches."""
    write_bytes: int
    """Bytes written since the engine was spawned."""
    gpu_memory_usage: int | None
    """Bytes on all GPUs; `None`: no tool reports it."""
    cpu_usage_peak: float
    """Highest value of the step."""
    memory_usage_peak: int
    """Highest value of the step."""
    requests: int
    """Requests that ended."""
    tokens_in: int
    """Tokens of their prompts, cached ones too."""
    tokens_out: int
    """Tokens generated."""
    tokens_per_second: float
    """Tokens generated, per second of the step."""
    ttft_p50: float | None
    """Seconds from a request to the first token of its answer, waiting included: the median; `None`: none came."""
    ttft_p95: float | None
    """The same, which 95 of 100 requests did not exceed."""
    waiting_max: int
    """Most requests that waited at one time."""


class SystemAlertEvent(_Base):
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one."""
    type: Literal["system_alert"]
    data: SystemAlertEventData


class SystemAlertEventData(_Base):
    level: Literal["warning", "error"]
    code: str
    message: str
    state: Literal["raised", "cleared"]
    instance: str | None
    cause: Cause | None


class SystemInfo(_Base):
    hostname: str
    os: Literal["linux", "darwin"]
    arch: str
    """In Go's names: amd64, arm64."""
    cpu_count: int
    cpu_model: str | None
    """As the system names it; `None`: unknown."""
    memory_total: int
    version: str
    build_time: str
    """When the package was built; for a checkout, when its files were written."""
    commit: str | None
    """Commit of the source; `-dirty` at the end: the package was built with uncommitted changes. `None`: unknown."""
    folders: list[Folder]
    """The data directory, then the folders of models."""


class SystemStats(_Base):
    window: float
    """Length of the history, in seconds."""
    interval: float
    """Seconds between two measurements, which is the shortest step."""
    points: list[SystemStatsPoint]


class SystemStatsPoint(_Base):
    timestamp: str
    """The end of the step."""
    seconds: float
    """Length of the step; older steps are longer."""
    cpu_usage: float
    """Percent (0–100) of all cores."""
    memory_usage: int
    """Bytes that are not available to programs."""
    disk_usage: float
    """Percent (0–100) of the data directory's filesystem."""
    gpus: list[GpuPoint]


class SystemStatsUpdatedEvent(_Base):
    type: Literal["system_stats_updated"]
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one."""
    data: SystemStatsUpdatedEventData


class SystemStatsUpdatedEventData(_Base):
    resources: Resources


class SystemStatus(_Base):
    version: str
    uptime: float
    """Seconds since llamactl started."""
    instances: InstanceCounts
    resources: Resources
    groups: list[GroupLimits]
    """The configured groups of instances that the caller may see, by name."""


class TestedReceiver(_Base):
    receiver: Literal["alerts.webhook", "alerts.command"]
    """The setting that names the receiver."""
    error: str | None
    """Why the receiver did not take the alert; `None`: it took it."""


class Ticket(_Base):
    ticket: str
    """For one WebSocket, as `?ticket=`."""
    expires_at: str


class Token(_Base):
    token: str
    expires_at: str


class UnderstoodText(_Base):
    text: str
    path: str


class UnreadModel(_Base):
    model: str | None
    """Its name in the configuration; left out: the text has none."""
    line: int
    """The line where the model begins in the text."""
    why: str
    """The end of a sentence about the model: `has no cmd`."""
    settings: ParsedSettings | None
    """Settings of an instance of the custom engine that `configuration` has for the model, which the server lacks. Left out: no engine can run it."""


class UpdateKey(_Base):
    name: str | None
    expires_at: str | None
    """Another end, in the future; `None`: never."""
    owner: str | None
    """Cannot be changed: it must be as it is, or be left out."""
    scopes: list[Scope] | None
    """Cannot be changed: it must be as it is, or be left out."""
    instances: list[str] | None
    """Cannot be changed: it must be as it is, or be left out."""
    may_start: bool | None
    """Cannot be changed: it must be as it is, or be left out."""
    max_in_flight: int | None
    """Cannot be changed: it must be as it is, or be left out."""
    requests_per_minute: int | None
    """Cannot be changed: it must be as it is, or be left out."""
    tokens_per_minute: int | None
    """Cannot be changed: it must be as it is, or be left out."""


class Usage(_Base):
    by: UsageGroup
    window: float
    """How far back, in seconds."""
    since: str
    """Requests that ended since then are counted. At most one step before the window: a minute up to `1h`, 15 minutes up to `24h`, then 3 hours. Later if llamactl began to count later."""
    until: str
    """The time of the answer."""
    usage: list[UsageRow]
    """Most tokens first."""


class UsageRow(_Base):
    id: str | None
    """Id of the key; `None`: the row is of an account or an instance."""
    name: str | None
    """Its name, also after it was deleted. `None`: requests without an account, or for a model that no instance has."""
    owner: str | None
    """The account of the key; `None`: the row is of an account or an instance."""
    deleted: bool
    """Whether the key, account or instance no longer exists."""
    requests: int
    """Requests to engines that ended, with those that were refused or failed."""
    refused: int
    """Requests that llamactl answered with an error, such as those beyond a limit."""
    failed: int
    """Requests that an engine answered with an error, or whose answer broke off."""
    tokens_in: int
    """Tokens of their prompts, cached ones too."""
    tokens_out: int
    """Tokens generated."""
    last_used_at: str
    """When the last of these requests ended."""


class User(_Base):
    username: str
    role: Role
    disabled: bool
    """Its tokens and keys are refused."""
    max_in_flight: int
    """Concurrent requests to `/v1`, including those that wait for an engine; 0: no limit."""
    requests_per_minute: int
    """Requests to `/v1` in any 60 seconds; 0: no limit."""
    tokens_per_minute: int
    """Prompt and answer tokens in any 60 seconds, counted when an answer ends; 0: no limit."""
    created_at: str
    updated_at: str
    last_login_at: str | None


class UserChanged(_Base):
    message: str
    user: User


class UserList(_Base):
    users: list[User]


class Why(_Base):
    sentence: str
    """The state of the instance, and why, in one sentence."""
    phrases: list[Phrase] | None
    """`sentence` as data, in its order. A phrase that ends in a reason has that reason after it."""
    words: str | None
    """The reason in `sentence`, in the words of the engine, the system or llamactl; absent: none."""
    cause: Cause | None
    """`None`: nothing is wrong."""
    evidence: list[Evidence]
    remedies: list[Remedy]
    """The best one first; empty: nothing to do."""
    log_seq: int | None
    """`seq` of the line in its log that shows the cause; `None`: none."""


Frame: TypeAlias = InstanceStatusChangedEvent | InstanceStartRefusedEvent | InstanceCreatedEvent | InstanceUpdatedEvent | InstanceDeletedEvent | SystemAlertEvent | DownloadProgressEvent | InstanceStatsUpdatedEvent | RequestsUpdatedEvent | RequestStartedEvent | RequestFinishedEvent | SystemStatsUpdatedEvent | InstanceLoadProgressEvent | InstancesRefreshedEvent | DecisionEvent | LogLinesEvent | LogGapEvent | GapEvent
"""An event."""


LogItem: TypeAlias = LogEntry | LogGap


PastEvent: TypeAlias = InstanceStatusChangedEvent | InstanceStartRefusedEvent | InstanceCreatedEvent | InstanceUpdatedEvent | InstanceDeletedEvent | SystemAlertEvent | DownloadProgressEvent
"""A kept event."""
