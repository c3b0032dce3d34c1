"""What goes over the wire, by the names that it has there. Generated from contract/ by `npm run generate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypedDict

from ._model import Model

JsonValue: TypeAlias = Any
"""Anything that JSON can say."""


ErrorCode: TypeAlias = Literal["VALIDATION_ERROR", "INVALID_JSON", "RESERVED_OPTION", "PRIVILEGED_OPTION", "UNAUTHORIZED", "INVALID_CREDENTIALS", "TOKEN_EXPIRED", "FORBIDDEN", "NOT_FOUND", "INSTANCE_NOT_FOUND", "METHOD_NOT_ALLOWED", "INSTANCE_EXISTS", "INSTANCE_RUNNING", "INSTANCE_NOT_RUNNING", "ALIAS_CONFLICT", "PORT_CONFLICT", "PORT_IN_USE", "MODEL_NOT_FOUND", "ENGINE_NOT_FOUND", "AUTH_DISABLED", "CONFIG_PINNED", "CONFIG_READ_ONLY", "CAPACITY_EXCEEDED", "PRECONDITION_FAILED", "PAYLOAD_TOO_LARGE", "URI_TOO_LONG", "UNSUPPORTED_MEDIA_TYPE", "RATE_LIMITED", "REQUEST_CANCELLED", "INTERNAL_ERROR", "START_FAILED", "SHUTTING_DOWN"]


EventType: TypeAlias = Literal["instance_status_changed", "instance_stats_updated", "instance_created", "instance_updated", "instance_deleted", "system_alert", "download_progress"]


FleetAction: TypeAlias = Literal["create", "change", "restart", "nothing", "remove"]


LogLevel: TypeAlias = Literal["debug", "info", "warn", "error"]


Options: TypeAlias = Mapping[str, str | float | bool | Sequence[str | float]]
"""The engine's own long flags in snake_case. `false` becomes `--no-x` where the engine has it; lists repeat the flag."""


RequestOutcome: TypeAlias = Literal["ok", "client_error", "engine_error", "refused", "aborted", "cancelled", "broken"]


RequestPhase: TypeAlias = Literal["starting", "queued", "processing", "streaming"]


Role: TypeAlias = Literal["viewer", "operator", "admin"]


Scope: TypeAlias = Literal["inference", "metrics", "viewer", "operator", "admin"]


Status: TypeAlias = Literal["stopped", "starting", "running", "stopping", "restarting", "failed"]
"""`running`: the engine answered its health check. `restarting`: going down, or waiting out a backoff, in order to come up. `failed`: gave up; `reason` says why."""


class ActiveRequest(Model):
    id: str
    """Its `X-Request-Id`; with `~` and a number behind it where another one has the same."""
    caller: str | None
    """Who made it: `user:NAME`, `key:ID (NAME)` or `anonymous`; `None` for viewers, unless it is their own."""
    instance: str | None
    """`None`: none has been found for it yet, or none has this name."""
    model: str | None
    """As it was asked for, at most 200 characters; `None`: asked for by name, under `/proxy`."""
    door: Literal["v1", "proxy"]
    """`v1`: the gateway; `proxy`: the pass-through of the instance."""
    method: str
    path: str
    """As the engine gets it, without the query, at most 200 characters."""
    started_at: str
    """When it was known what it is for: its body had come as far as that takes."""
    waited: float | None
    """Seconds until an engine had it, the last one if its engine died and it was sent again; `None`: none has it now."""
    stream: bool | None
    """The answer comes in events, or over a WebSocket; `None`: not known yet."""
    time_to_first_token: float | None
    """Seconds from `started_at`, waiting included; `None`: nothing came yet, or the answer is no stream."""
    tokens_in: int | None
    """Of the prompt, cached ones too, as the engine told; `None`: it did not."""
    tokens_out: int | None
    """Generated so far, as the engine told, else as counted."""
    tokens_estimated: bool
    """`tokens_out` is counted in pieces of the stream: the engine did not tell."""
    tokens_per_second: float | None
    """From the first to the last that came; `None`: not enough came, or no stream."""
    bytes_out: int
    """Of the answer's body, so far."""
    phase: RequestPhase
    """`starting`: waits until the instance runs; `queued`: until it is its turn; `processing`: the engine has it; `streaming`: the answer comes."""


class Alert(Model):
    level: Literal["warning", "error"]
    code: str
    """What kind; stable."""
    message: str
    """What is wrong and what would help, for a person."""
    instance: str | None
    """Whose it is; absent: the whole system."""
    raised_at: str


class Alerts(Model):
    alerts: list[Alert]


class Applied(Model):
    message: str
    dry_run: bool
    """Nothing was changed: these are the steps that would be made."""
    results: list[FleetStep]
    """In the order of the document, then what is removed."""


class Audit(Model):
    audit: list[AuditRow]
    """Newest first."""


class AuditRow(Model):
    seq: int
    timestamp: str
    subject: str
    """`user:NAME`, `key:ID (NAME)`, or `anonymous`."""
    address: str
    """Where the request came from."""
    action: str
    """The id of the operation: `createInstance`."""
    target: str | None
    """The instance, user or key it was about."""
    status: int
    """Of the answer."""
    request_id: str


class BatchResult(Model):
    message: str
    results: list[BatchStep]


class BatchStep(Model):
    name: str
    status: Status | None
    """`None` when no such instance exists."""
    error: str | None


class Config(Model):
    """As it is written now and holds from the next reload or start; secrets are `"***"`."""

    server: ConfigServer
    data_dir: str
    """State, logs and secrets; mode 0700."""
    auth: ConfigAuth
    security: ConfigSecurity
    rate_limit: ConfigRateLimit
    instances: ConfigInstances
    groups: dict[str, ConfigGroup]
    engines: ConfigEngines
    models: ConfigModels
    logs: ConfigLogs
    stats: ConfigStats
    gateway: ConfigGateway
    alerts: ConfigAlerts


class ConfigAlerts(Model):
    webhook: str
    command: list[str]


class ConfigAuth(Model):
    enabled: bool
    token_ttl: float | str
    """Seconds, or a number with s, m, h or d."""
    session_ttl: float | str
    """Seconds, or a number with s, m, h or d."""
    inference: Literal["required", "open"]


class ConfigEngines(Model):
    llama_cpp: ConfigEnginesLlamaCpp
    vllm: ConfigEnginesVllm
    mlx: ConfigEnginesMlx


class ConfigEnginesLlamaCpp(Model):
    command: str
    args: list[str]
    environment: dict[str, str]


class ConfigEnginesMlx(Model):
    command: str
    args: list[str]
    environment: dict[str, str]


class ConfigEnginesVllm(Model):
    command: str
    args: list[str]
    environment: dict[str, str]


class ConfigGateway(Model):
    loading_keepalive: float
    aliases_in_models: bool
    body_memory_mb: float
    max_in_flight: int
    """Per client address without an account; 0: no limit."""
    requests_per_minute: int
    """Per client address without an account; 0: no limit."""
    tokens_per_minute: int
    """Per client address without an account; 0: no limit."""


class ConfigGroup(Model):
    max_running: int | None
    exclusive: bool | None
    pinned: bool | None


class ConfigInstances(Model):
    port_range: list[int]
    """Ports for instances that name none."""
    max_running: int
    """0: no limit."""
    idle_timeout: float
    """Seconds; 0: never."""
    start_timeout: float
    """Seconds without any sign of progress (output, memory, CPU time, bytes read) before a start is given up."""
    stop_timeout: float
    """Seconds that requests in flight may take to finish."""
    auto_restart: bool
    max_restarts: int


class ConfigLogs(Model):
    max_size_mb: float
    max_total_mb: float


class ConfigModels(Model):
    dirs: list[str]
    hf_endpoint: str
    hf_token: str


class ConfigRateLimit(Model):
    enabled: bool
    regular: int
    intensive: int


class ConfigSecurity(Model):
    allow_privileged: bool
    """Allow options that run code or read files, and any environment variable; let requests change engines.*, alerts.command, data_dir and models.dirs. Only from the file."""


class ConfigServer(Model):
    host: str
    """Address to listen on; other than loopback needs auth.enabled."""
    port: int
    base_path: str
    public_url: Literal[""] | str
    allowed_hosts: list[str]
    """More host names under which browsers may reach us."""
    allowed_origins: list[str]
    trusted_proxies: list[str]


class ConfigSource(Model):
    from_: Literal["default", "file", "environment", "flag"]
    name: str | None
    """The variable or the flag."""
    line: int | None
    """In the file."""


class ConfigStats(Model):
    interval: float


class ConfigView(Model):
    config: Config
    """As it is written now and holds from the next reload or start; secrets are `"***"`."""
    sources: dict[str, ConfigSource]
    """By dotted key: `server.port`."""
    file: str | None
    """Path of the configuration file; `None`: there is none."""
    restart_required: bool
    """The running llamactl was started with other values."""
    pending: list[str]
    """The keys that differ."""
    problem: str | None
    """Why the file as it is now could not be used; then `config` is what llamactl runs with."""


class ConfigWritten(Model):
    message: str
    restart_required: bool
    changed: list[str]
    """The keys that this request changed."""
    config: Config


class _CreateInstanceRequired(TypedDict):
    name: str
    """Unique without regard to case; cannot be changed."""


class CreateInstance(_CreateInstanceRequired, total=False):
    engine: str
    """`llama_cpp`, `custom`, or the name of a custom engine of the configuration."""
    model_path: str
    """The model file; it may appear later, but must be there to start."""
    port: int
    """Left out: one is taken from `instances.port_range`."""
    options: Options
    extra_args: list[str]
    """Passed to the engine as they are, last: they win over `options`."""
    environment: dict[str, str]
    """Set for the engine. `"***"` in an update leaves the stored value alone."""
    command: list[str]
    """Replaces the engine's command. Privileged."""
    health_path: str
    """Answers 200 when the engine is ready. Default `/health`."""
    aliases: list[str]
    """More names under which `/v1` finds the instance."""
    unlisted: bool
    """Not shown by `GET /v1/models`."""
    auto_start: bool
    """Revive a run that the user wanted after the machine was rebooted."""
    auto_restart: bool
    """Restart a run that was ready and died. Default: `instances.auto_restart`."""
    max_restarts: int
    """Restarts in a row before `failed`; -1: for ever. Default: `instances.max_restarts`."""
    on_demand: bool
    """The first request under `/v1` starts it when it is stopped. Default true."""
    idle_timeout: float
    """Seconds without a request after which it is stopped; 0: never. Default: `instances.idle_timeout`."""
    pinned: bool
    """Never stopped to make room for another, nor for idleness."""
    group: str
    """Its limits stand in the configuration under `groups`."""
    concurrency: int
    """Requests at once; the others wait. Default: no limit."""
    queue_limit: int
    """Requests that may wait; one more is refused. Default 1 000."""
    upstream_model: str
    """What the engine is told as `model` instead of what was asked for."""
    request_defaults: dict[str, JsonValue]
    """Fields that a JSON body under `/v1` gets when it lacks them."""
    request_strip: list[str]
    """Fields that are taken out of JSON bodies under `/v1`."""
    isolated: bool
    """Prompts of one request are not cached for another, so that callers cannot find out what others asked. Engine `llama_cpp` only. Default false."""


class ErrorBody(Model):
    error: str
    """What happened and what would work, for a person."""
    code: Literal["VALIDATION_ERROR", "INVALID_JSON", "RESERVED_OPTION", "PRIVILEGED_OPTION", "UNAUTHORIZED", "INVALID_CREDENTIALS", "TOKEN_EXPIRED", "FORBIDDEN", "NOT_FOUND", "INSTANCE_NOT_FOUND", "METHOD_NOT_ALLOWED", "INSTANCE_EXISTS", "INSTANCE_RUNNING", "INSTANCE_NOT_RUNNING", "ALIAS_CONFLICT", "PORT_CONFLICT", "PORT_IN_USE", "MODEL_NOT_FOUND", "ENGINE_NOT_FOUND", "AUTH_DISABLED", "CONFIG_PINNED", "CONFIG_READ_ONLY", "CAPACITY_EXCEEDED", "PRECONDITION_FAILED", "PAYLOAD_TOO_LARGE", "URI_TOO_LONG", "UNSUPPORTED_MEDIA_TYPE", "RATE_LIMITED", "REQUEST_CANCELLED", "INTERNAL_ERROR", "START_FAILED", "SHUTTING_DOWN"]
    """The same for a program; stable."""
    details: str
    """More about it; may be empty."""
    request_id: str
    """The `X-Request-Id` of the answer, to be found in the log."""
    errors: list[Problem] | None
    """Every problem with the part of the request at fault, where that is known, up to 100. Checking stops there, and `details` says so."""
    reason: str | None
    """Why the engine did not start, when `code` is `START_FAILED`."""


class FinishedRequest(Model):
    id: str
    """Its `X-Request-Id`; with `~` and a number behind it where another one has the same."""
    caller: str | None
    """Who made it: `user:NAME`, `key:ID (NAME)` or `anonymous`; `None` for viewers, unless it is their own."""
    instance: str | None
    """`None`: none has been found for it yet, or none has this name."""
    model: str | None
    """As it was asked for, at most 200 characters; `None`: asked for by name, under `/proxy`."""
    door: Literal["v1", "proxy"]
    """`v1`: the gateway; `proxy`: the pass-through of the instance."""
    method: str
    path: str
    """As the engine gets it, without the query, at most 200 characters."""
    started_at: str
    """When it was known what it is for: its body had come as far as that takes."""
    waited: float | None
    """Seconds until an engine had it, the last one if its engine died and it was sent again; `None`: none has it now."""
    stream: bool | None
    """The answer comes in events, or over a WebSocket; `None`: not known yet."""
    time_to_first_token: float | None
    """Seconds from `started_at`, waiting included; `None`: nothing came yet, or the answer is no stream."""
    tokens_in: int | None
    """Of the prompt, cached ones too, as the engine told; `None`: it did not."""
    tokens_out: int | None
    """Generated so far, as the engine told, else as counted."""
    tokens_estimated: bool
    """`tokens_out` is counted in pieces of the stream: the engine did not tell."""
    tokens_per_second: float | None
    """From the first to the last that came; `None`: not enough came, or no stream."""
    bytes_out: int
    """Of the answer's body, so far."""
    outcome: RequestOutcome
    """`ok`: the whole answer came; `client_error`, `engine_error`: the whole answer, a 4xx or 5xx of the engine; `refused`: llamactl answered with an error; `aborted`: the caller left; `cancelled`: by `DELETE /api/requests/{request_id}`; `broken`: the engine gave no answer or broke off in the middle."""
    status: int | None
    """Of the answer; `None`: there was none."""
    finished_at: str
    """RFC 3339, UTC."""
    duration: float
    """Seconds from `started_at`."""


class _FleetRequired(TypedDict):
    instances: list[CreateInstance]
    """Each as in `POST /instances`: what is left out has its default, also where it was set before."""


class Fleet(_FleetRequired, total=False):
    version: Literal[1]
    """Of this form; 1 is the only one."""


class FleetStep(Model):
    name: str
    action: FleetAction
    changes: list[str]
    """Settings that differ, dotted: `options.threads`."""
    warnings: list[str] | None
    """What was accepted but will need attention."""
    error: str | None
    """Why this step failed; the others were made all the same."""


class Gap(Model):
    """Lines after `after_seq` that are not kept any more."""

    from_seq: int
    to_seq: int


class GapEvent(Model):
    type: Literal["gap"]
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, over restarts too; a stats frame repeats the last kept one."""
    data: GapEventData


class GapEventData(Model):
    from_seq: int
    """The first number of which nothing is known."""
    to_seq: int
    """The last one; the frames that follow are complete again."""
    last_seq: int
    """Of the newest event when this was told: what has a greater one came later."""


class Gpu(Model):
    index: int
    """The tool's own number."""
    vendor: Literal["nvidia", "amd"]
    name: str
    memory_total: int | None
    """Bytes; `None`: not told, as by one that shares the memory of the machine."""
    memory_usage: int | None
    """Bytes; `None`: not told."""
    utilization: float | None
    """0–100; `None`: not told."""
    temperature: float | None
    """Degrees Celsius; `None`: not told."""
    power: float | None
    """Watts; `None`: not told."""


class Health(Model):
    status: Literal["healthy", "starting", "unhealthy", "stopped"]
    checks: HealthChecks
    last_check: str
    """RFC 3339, UTC."""
    start_obstacle: StartObstacle | None
    """Of one that is stopped or has failed: what a start would be refused for now; absent: nothing that can be seen."""


class HealthChecks(Model):
    process: Literal["running", "stopped"]
    port: Literal["open", "closed"]
    response: Literal["ok", "loading", "error", "timeout", "none"]


class Instance(Model):
    name: str
    """Unique without regard to case; cannot be changed."""
    status: Status
    engine: str
    """`llama_cpp`, `custom`, or the name of a custom engine of the configuration."""
    model_path: str | None
    """Absent for an engine that needs none."""
    port: int
    """Where its engine listens, on loopback."""
    aliases: list[str]
    """More names under which `/v1` finds the instance."""
    unlisted: bool
    """Not shown by `GET /v1/models`."""
    on_demand: bool
    """The first request under `/v1` starts it when it is stopped. Default true."""
    reason: str | None
    """Why it failed, or why it restarts."""
    started_at: str | None
    """When the process of the present run began; `None`: there is none."""
    created_at: str
    """RFC 3339, UTC."""
    updated_at: str
    """RFC 3339, UTC."""
    pid: int | None
    """The engine's own process; `None` exactly when no process runs."""
    options: Options
    extra_args: list[str]
    """Passed to the engine as they are, last: they win over `options`."""
    environment: dict[str, str]
    """Set for the engine; secrets are `"***"`."""
    command: list[str] | None
    """Replaces the engine's command. Privileged."""
    health_path: str | None
    """Answers 200 when the engine is ready. Default `/health`."""
    auto_start: bool
    """Revive a run that the user wanted after the machine was rebooted."""
    auto_restart: bool
    """As set, or the default of the configuration."""
    max_restarts: int
    """As set, or the default of the configuration."""
    idle_timeout: float
    """As set, or the default of the configuration."""
    pinned: bool
    """As set; a pinned group pins its members too."""
    group: str | None
    """Its limits stand in the configuration under `groups`."""
    concurrency: int | None
    """Absent: no limit."""
    queue_limit: int
    """Requests that may wait; one more is refused. Default 1 000."""
    upstream_model: str | None
    """What the engine is told as `model` instead of what was asked for."""
    request_defaults: dict[str, JsonValue]
    """Fields that a JSON body under `/v1` gets when it lacks them."""
    request_strip: list[str]
    """Fields that are taken out of JSON bodies under `/v1`."""
    isolated: bool
    """Prompts of one request are not cached for another, so that callers cannot find out what others asked. Engine `llama_cpp` only. Default false."""
    restart_count: int
    """Automatic restarts in a row; 0 again after five minutes of running."""
    restart_required: bool
    """The running engine was launched from other settings than the stored ones."""
    last_exit: LastExit | None
    """How the last run ended; `None`: none has."""
    effective_command: list[str]
    """The argv of the run, or of the next one; secrets masked."""
    stats: Stats | None
    """`None` exactly when no process runs."""


class InstanceCounts(Model):
    total: int
    stopped: int
    starting: int
    running: int
    stopping: int
    restarting: int
    failed: int


class InstanceCreated(Model):
    message: str
    instance: Instance
    warnings: list[str] | None
    """What was accepted but will need attention."""


class InstanceCreatedEvent(Model):
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, over restarts too; a stats frame repeats the last kept one."""
    type: Literal["instance_created"]
    data: InstanceCreatedEventData


class InstanceCreatedEventData(Model):
    name: str


class InstanceDeletedEvent(Model):
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, over restarts too; a stats frame repeats the last kept one."""
    type: Literal["instance_deleted"]
    data: InstanceDeletedEventData


class InstanceDeletedEventData(Model):
    name: str


class InstanceList(Model):
    instances: list[InstanceSummary]


class InstanceStatsUpdatedEvent(Model):
    type: Literal["instance_stats_updated"]
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, over restarts too; a stats frame repeats the last kept one."""
    data: InstanceStatsUpdatedEventData


class InstanceStatsUpdatedEventData(Model):
    name: str
    stats: Stats


class InstanceStatusChangedEvent(Model):
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, over restarts too; a stats frame repeats the last kept one."""
    type: Literal["instance_status_changed"]
    data: InstanceStatusChangedEventData


class InstanceStatusChangedEventData(Model):
    name: str
    status: Status
    previous_status: Status
    reason: str | None
    cause: Literal["eviction", "idle"] | None
    """Why it stops although nobody asked for that: another needs its slot, or it was not used for long."""


class InstanceSummary(Model):
    name: str
    """Unique without regard to case; cannot be changed."""
    status: Status
    engine: str
    """`llama_cpp`, `custom`, or the name of a custom engine of the configuration."""
    model_path: str | None
    """Absent for an engine that needs none."""
    port: int
    """Where its engine listens, on loopback."""
    aliases: list[str]
    """More names under which `/v1` finds the instance."""
    unlisted: bool
    """Not shown by `GET /v1/models`."""
    on_demand: bool
    """The first request under `/v1` starts it when it is stopped. Default true."""
    reason: str | None
    """Why it failed, or why it restarts."""
    started_at: str | None
    """When the process of the present run began; `None`: there is none."""
    created_at: str
    """RFC 3339, UTC."""
    updated_at: str
    """RFC 3339, UTC."""


class InstanceUpdated(Model):
    message: str
    instance: Instance
    restart_required: bool
    warnings: list[str] | None
    """What was accepted but will need attention."""


class InstanceUpdatedEvent(Model):
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, over restarts too; a stats frame repeats the last kept one."""
    type: Literal["instance_updated"]
    data: InstanceUpdatedEventData


class InstanceUpdatedEventData(Model):
    name: str


class Key(Model):
    id: str
    name: str
    owner: str
    """The account that it acts for."""
    prefix: str
    """Its first characters, to tell it from others."""
    scopes: list[Scope]
    instances: list[str] | None
    """Only these; `None`: all."""
    may_start: bool
    """A request with it may start an instance that is stopped."""
    max_in_flight: int
    """Requests to `/v1` at once, those that wait for an engine included; 0: no limit."""
    requests_per_minute: int
    """Requests to `/v1` in any 60 seconds; 0: no limit."""
    tokens_per_minute: int
    """Tokens of prompts and answers in any 60 seconds, counted when an answer ends; 0: no limit."""
    created_at: str
    expires_at: str | None
    """`None`: never."""
    last_used_at: str | None
    """To the minute."""


class KeyCreated(Model):
    message: str
    key: str
    """`llk_…`; shown once."""
    info: Key


class KeyList(Model):
    keys: list[Key]


class LastExit(Model):
    code: int | None
    """Exit status; 128 + n for signal n; `None` when it could not be learnt."""
    signal: str | None
    """The signal that ended it, such as `SIGKILL`."""
    at: str
    """RFC 3339, UTC."""
    reason: str
    """The cause in one sentence."""
    lines: list[str]
    """The engine's last lines of output."""


class Lifecycle(Model):
    message: str
    status: Status


class LogEntry(Model):
    timestamp: str
    """RFC 3339, UTC: the engine's own clock, on the machine's time."""
    level: LogLevel
    message: str
    """Without control characters; one that is very long is cut and ends in an ellipsis."""
    seq: int
    """Where the line ends in the instance's log: grows over runs, rotations and restarts of llamactl, with holes."""


class LogGap(Model):
    gap: Gap


class LoggedIn(Model):
    token: str
    expires_at: str
    user: User


class Logs(Model):
    logs: list[LogEntry]
    truncated: Literal[True] | None
    """The search for lines of this level ended before enough were found."""
    gap: Gap | None
    """Lines after `after_seq` that are not kept any more."""


class Message(Model):
    message: str


class Probe(Model):
    status: Literal["ok", "starting", "stopping"]


class Problem(Model):
    path: str
    """Where the problem is, dotted: `options.threads`; empty for the body as a whole."""
    message: str
    """What is wrong there and what would be right."""


class Requests(Model):
    in_flight: list[ActiveRequest]
    """Oldest first."""
    finished: list[FinishedRequest]
    """Newest first."""


class Resources(Model):
    cpu_usage: float
    """0–100 of all cores."""
    memory_usage: int
    """Bytes that programs could not have any more."""
    memory_total: int
    disk_usage: float
    """Percent (0–100) of the data directory's filesystem."""
    gpus: list[Gpu]
    """Empty where no tool tells of any."""


class Session(Model):
    id: str
    created_at: str
    """When the password was given."""
    refreshed_at: str | None
    """When a token was last refreshed; `None`: never."""
    expires_at: str
    """When its newest token ends."""
    ends_at: str
    """When it ends for good: no refresh goes beyond (`auth.session_ttl`)."""
    address: str
    """Client address of the log-in, or of its last refresh."""
    user_agent: str | None
    """What the client called itself then; at most 200 characters."""
    current: bool
    """This request was made with a token of it."""


class SessionList(Model):
    sessions: list[Session]
    """Newest log-in first."""


class StartObstacle(Model):
    code: Literal["MODEL_NOT_FOUND", "ENGINE_NOT_FOUND", "PORT_IN_USE", "VALIDATION_ERROR", "RESERVED_OPTION", "PRIVILEGED_OPTION"]
    """Code of the refusal of a start. `VALIDATION_ERROR`: the configuration no longer has the engine. `RESERVED_OPTION`, `PRIVILEGED_OPTION`: a stored variable may not be set."""
    message: str
    """What it is and what would work, for a person."""


class Stats(Model):
    memory_usage: int
    """Resident memory of all its processes, bytes."""
    cpu_usage: float
    """Percent of one core: 400 is four cores busy."""
    threads: int
    """Of all its processes."""
    read_bytes: int
    """Read since the engine was spawned, from disks and caches, bytes."""
    write_bytes: int
    """Written since then, bytes."""
    gpu_memory_usage: int | None
    """Bytes on all GPUs; `None`: no tool tells."""
    uptime: float
    """Seconds since the engine was spawned."""


class StatsHistory(Model):
    name: str
    window: float
    """The time looked back on, seconds."""
    interval: float
    """Seconds between two measurements: the shortest step."""
    points: list[StatsPoint]


class StatsPoint(Model):
    timestamp: str
    """The end of the step."""
    seconds: float
    """The length of the step; the further back, the longer."""
    memory_usage: int
    """Resident memory of all its processes, bytes."""
    cpu_usage: float
    """Percent of one core: 400 is four cores busy."""
    threads: int
    """Of all its processes."""
    read_bytes: int
    """Read since the engine was spawned, from disks and caches, bytes."""
    write_bytes: int
    """Written since then, bytes."""
    gpu_memory_usage: int | None
    """Bytes on all GPUs; `None`: no tool tells."""
    cpu_usage_peak: float
    """The highest of the step."""
    memory_usage_peak: int
    """The highest of the step."""


class SystemAlertEvent(Model):
    timestamp: str
    """RFC 3339, UTC."""
    seq: int
    """Grows with every kept frame, over restarts too; a stats frame repeats the last kept one."""
    type: Literal["system_alert"]
    data: SystemAlertEventData


class SystemAlertEventData(Model):
    level: Literal["warning", "error"]
    code: str
    message: str
    state: Literal["raised", "cleared"]
    instance: str | None


class SystemInfo(Model):
    hostname: str
    os: Literal["linux", "darwin"]
    arch: str
    """In Go's names: amd64, arm64."""
    cpu_count: int
    memory_total: int
    version: str
    build_time: str
    """When the package was built; of a checkout: when its files were made or checked out."""
    commit: str | None
    """Of the source; `-dirty` behind it: a package was built with changes. `None`: not known."""


class SystemStatus(Model):
    version: str
    uptime: float
    """Seconds; llamactl's own."""
    instances: InstanceCounts
    resources: Resources


class Ticket(Model):
    ticket: str
    """For one WebSocket, as `?ticket=`."""
    expires_at: str


class Token(Model):
    token: str
    expires_at: str


class User(Model):
    username: str
    role: Role
    disabled: bool
    """None of its tokens and keys is taken."""
    max_in_flight: int
    """Requests to `/v1` at once, those that wait for an engine included; 0: no limit."""
    requests_per_minute: int
    """Requests to `/v1` in any 60 seconds; 0: no limit."""
    tokens_per_minute: int
    """Tokens of prompts and answers in any 60 seconds, counted when an answer ends; 0: no limit."""
    created_at: str
    updated_at: str
    last_login_at: str | None


class UserChanged(Model):
    message: str
    user: User


class UserList(Model):
    users: list[User]


Frame: TypeAlias = InstanceStatusChangedEvent | InstanceCreatedEvent | InstanceUpdatedEvent | InstanceDeletedEvent | SystemAlertEvent | InstanceStatsUpdatedEvent | GapEvent
"""Something that happened."""


LogItem: TypeAlias = LogEntry | LogGap
