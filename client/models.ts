/* Generated from contract/ by `npm run generate`. */
/* What goes over the wire, by the names that it has there. */

export interface ActiveRequest {
  /** Its `X-Request-Id`; with `~` and a number behind it where another one has the same. */
  id: string;
  /** Who made it: `user:NAME`, `key:ID (NAME)` or `anonymous`; `null` for viewers, unless it is their own. */
  caller: string | null;
  /** `null`: none has been found for it yet, or none has this name. */
  instance: string | null;
  /** As it was asked for, at most 200 characters; `null`: asked for by name, under `/proxy`. */
  model: string | null;
  /** `v1`: the gateway; `proxy`: the pass-through of the instance. */
  door: 'v1' | 'proxy';
  method: string;
  /** As the engine gets it, without the query, at most 200 characters. */
  path: string;
  /** When it was known what it is for: its body had come as far as that takes. */
  started_at: string;
  /** Seconds until an engine had it, the last one if its engine died and it was sent again; `null`: none has it now. */
  waited: number | null;
  /** The answer comes in events, or over a WebSocket; `null`: not known yet. */
  stream: boolean | null;
  /** Seconds from `started_at`, waiting included; `null`: nothing came yet, or the answer is no stream. */
  time_to_first_token: number | null;
  /** Of the prompt, cached ones too, as the engine told; `null`: it did not. */
  tokens_in: number | null;
  /** Generated so far, as the engine told, else as counted. */
  tokens_out: number | null;
  /** `tokens_out` is counted in pieces of the stream: the engine did not tell. */
  tokens_estimated: boolean;
  /** From the first to the last that came; `null`: not enough came, or no stream. */
  tokens_per_second: number | null;
  /** Of the answer’s body, so far. */
  bytes_out: number;
  /** `starting`: waits until the instance runs; `queued`: until it is its turn; `processing`: the engine has it; `streaming`: the answer comes. */
  phase: RequestPhase;
}

export interface Alert {
  level: 'warning' | 'error';
  /** What kind; stable. */
  code: string;
  /** What is wrong and what would help, for a person. */
  message: string;
  /** Whose it is; absent: the whole system. */
  instance?: string | undefined;
  raised_at: string;
}

export interface Alerts {
  alerts: Alert[];
}

export interface Applied {
  message: string;
  /** Nothing was changed: these are the steps that would be made. */
  dry_run: boolean;
  /** In the order of the document, then what is removed. */
  results: FleetStep[];
}

export interface Audit {
  /** Newest first. */
  audit: AuditRow[];
}

export interface AuditRow {
  seq: number;
  timestamp: string;
  /** `user:NAME`, `key:ID (NAME)`, or `anonymous`. */
  subject: string;
  /** Where the request came from. */
  address: string;
  /** The id of the operation: `createInstance`. */
  action: string;
  /** The instance, user or key it was about. */
  target: string | null;
  /** Of the answer. */
  status: number;
  request_id: string;
}

export interface BatchResult {
  message: string;
  results: {
    name: string;
    /** `null` when no such instance exists. */
    status: Status | null;
    error?: string | undefined;
  }[];
}

export interface ChangePassword {
  current_password: string;
  new_password: string;
}

/** A part of the configuration. `"***"` leaves a secret alone, `null` goes back to the default. */
export type ConfigPatch = { [name: string]: unknown };

export interface ConfigSource {
  from: 'default' | 'file' | 'environment' | 'flag';
  /** The variable or the flag. */
  name?: string | undefined;
  /** In the file. */
  line?: number | undefined;
}

export interface ConfigView {
  /** As it is written now and holds from the next reload or start; secrets are `"***"`. */
  config: {
    server: {
      /** Address to listen on; other than loopback needs auth.enabled. */
      host: string;
      port: number;
      base_path: string;
      public_url: string;
      /** More host names under which browsers may reach us. */
      allowed_hosts: string[];
      allowed_origins: string[];
      trusted_proxies: string[];
    };
    /** State, logs and secrets; mode 0700. */
    data_dir: string;
    auth: {
      enabled: boolean;
      /** Seconds, or a number with s, m, h or d. */
      token_ttl: number | string;
      /** Seconds, or a number with s, m, h or d. */
      session_ttl: number | string;
      inference: 'required' | 'open';
    };
    security: {
      /** Allow options that run code or read files, and any environment variable; let requests change engines.*, alerts.command, data_dir and models.dirs. Only from the file. */
      allow_privileged: boolean;
    };
    rate_limit: {
      enabled: boolean;
      regular: number;
      intensive: number;
    };
    instances: {
      /** Ports for instances that name none. */
      port_range: [number, number];
      /** 0: no limit. */
      max_running: number;
      /** Seconds; 0: never. */
      idle_timeout: number;
      /** Seconds without any sign of progress (output, memory, CPU time, bytes read) before a start is given up. */
      start_timeout: number;
      /** Seconds that requests in flight may take to finish. */
      stop_timeout: number;
      auto_restart: boolean;
      max_restarts: number;
    };
    groups: { [name: string]: {
      max_running?: number | undefined;
      exclusive?: boolean | undefined;
      pinned?: boolean | undefined;
    } };
    engines: {
      llama_cpp: {
        command: string;
        args: string[];
        environment: { [name: string]: string };
      };
      vllm: {
        command: string;
        args: string[];
        environment: { [name: string]: string };
      };
      mlx: {
        command: string;
        args: string[];
        environment: { [name: string]: string };
      };
      [name: string]: {
        command: string;
        args: string[];
        environment: { [name: string]: string };
      } | {
        kind: 'custom';
        /** Program; `${HOST}`, `${PORT}`, `${MODEL_PATH}` and `${NAME}` are filled in. */
        command: string;
        /** The same are filled in, and `${API_KEY}`: the random key of the run. */
        args: string[];
        environment: { [name: string]: string };
        health_path: string;
        /** Variable in which the engine takes the random key of each run. */
        api_key_env?: string | undefined;
      };
    };
    models: {
      dirs: string[];
      hf_endpoint: string;
      hf_token: string;
    };
    logs: {
      max_size_mb: number;
      max_total_mb: number;
    };
    stats: {
      interval: number;
    };
    gateway: {
      loading_keepalive: number;
      aliases_in_models: boolean;
      body_memory_mb: number;
      /** Per client address without an account; 0: no limit. */
      max_in_flight: number;
      /** Per client address without an account; 0: no limit. */
      requests_per_minute: number;
      /** Per client address without an account; 0: no limit. */
      tokens_per_minute: number;
    };
    alerts: {
      webhook: string;
      command: string[];
    };
  };
  /** By dotted key: `server.port`. */
  sources: { [name: string]: ConfigSource };
  /** Path of the configuration file; `null`: there is none. */
  file: string | null;
  /** The running llamactl was started with other values. */
  restart_required: boolean;
  /** The keys that differ. */
  pending: string[];
  /** Why the file as it is now could not be used; then `config` is what llamactl runs with. */
  problem?: string | undefined;
}

export interface ConfigWritten {
  message: string;
  restart_required: boolean;
  /** The keys that this request changed. */
  changed: string[];
  config: {
    server: {
      /** Address to listen on; other than loopback needs auth.enabled. */
      host: string;
      port: number;
      base_path: string;
      public_url: string;
      /** More host names under which browsers may reach us. */
      allowed_hosts: string[];
      allowed_origins: string[];
      trusted_proxies: string[];
    };
    /** State, logs and secrets; mode 0700. */
    data_dir: string;
    auth: {
      enabled: boolean;
      /** Seconds, or a number with s, m, h or d. */
      token_ttl: number | string;
      /** Seconds, or a number with s, m, h or d. */
      session_ttl: number | string;
      inference: 'required' | 'open';
    };
    security: {
      /** Allow options that run code or read files, and any environment variable; let requests change engines.*, alerts.command, data_dir and models.dirs. Only from the file. */
      allow_privileged: boolean;
    };
    rate_limit: {
      enabled: boolean;
      regular: number;
      intensive: number;
    };
    instances: {
      /** Ports for instances that name none. */
      port_range: [number, number];
      /** 0: no limit. */
      max_running: number;
      /** Seconds; 0: never. */
      idle_timeout: number;
      /** Seconds without any sign of progress (output, memory, CPU time, bytes read) before a start is given up. */
      start_timeout: number;
      /** Seconds that requests in flight may take to finish. */
      stop_timeout: number;
      auto_restart: boolean;
      max_restarts: number;
    };
    groups: { [name: string]: {
      max_running?: number | undefined;
      exclusive?: boolean | undefined;
      pinned?: boolean | undefined;
    } };
    engines: {
      llama_cpp: {
        command: string;
        args: string[];
        environment: { [name: string]: string };
      };
      vllm: {
        command: string;
        args: string[];
        environment: { [name: string]: string };
      };
      mlx: {
        command: string;
        args: string[];
        environment: { [name: string]: string };
      };
      [name: string]: {
        command: string;
        args: string[];
        environment: { [name: string]: string };
      } | {
        kind: 'custom';
        /** Program; `${HOST}`, `${PORT}`, `${MODEL_PATH}` and `${NAME}` are filled in. */
        command: string;
        /** The same are filled in, and `${API_KEY}`: the random key of the run. */
        args: string[];
        environment: { [name: string]: string };
        health_path: string;
        /** Variable in which the engine takes the random key of each run. */
        api_key_env?: string | undefined;
      };
    };
    models: {
      dirs: string[];
      hf_endpoint: string;
      hf_token: string;
    };
    logs: {
      max_size_mb: number;
      max_total_mb: number;
    };
    stats: {
      interval: number;
    };
    gateway: {
      loading_keepalive: number;
      aliases_in_models: boolean;
      body_memory_mb: number;
      /** Per client address without an account; 0: no limit. */
      max_in_flight: number;
      /** Per client address without an account; 0: no limit. */
      requests_per_minute: number;
      /** Per client address without an account; 0: no limit. */
      tokens_per_minute: number;
    };
    alerts: {
      webhook: string;
      command: string[];
    };
  };
}

export interface CreateInstance {
  /** Unique without regard to case; cannot be changed. */
  name: string;
  /** `llama_cpp`, `custom`, or the name of a custom engine of the configuration. */
  engine?: string | undefined;
  /** The model file; it may appear later, but must be there to start. */
  model_path?: string | undefined;
  /** Left out: one is taken from `instances.port_range`. */
  port?: number | undefined;
  options?: Options | undefined;
  /** Passed to the engine as they are, last: they win over `options`. */
  extra_args?: string[] | undefined;
  /** Set for the engine. `"***"` in an update leaves the stored value alone. */
  environment?: { [name: string]: string } | undefined;
  /** Replaces the engine's command. Privileged. */
  command?: string[] | undefined;
  /** Answers 200 when the engine is ready. Default `/health`. */
  health_path?: string | undefined;
  /** More names under which `/v1` finds the instance. */
  aliases?: string[] | undefined;
  /** Not shown by `GET /v1/models`. */
  unlisted?: boolean | undefined;
  /** Revive a run that the user wanted after the machine was rebooted. */
  auto_start?: boolean | undefined;
  /** Restart a run that was ready and died. Default: `instances.auto_restart`. */
  auto_restart?: boolean | undefined;
  /** Restarts in a row before `failed`; -1: for ever. Default: `instances.max_restarts`. */
  max_restarts?: number | undefined;
  /** The first request under `/v1` starts it when it is stopped. Default true. */
  on_demand?: boolean | undefined;
  /** Seconds without a request after which it is stopped; 0: never. Default: `instances.idle_timeout`. */
  idle_timeout?: number | undefined;
  /** Never stopped to make room for another, nor for idleness. */
  pinned?: boolean | undefined;
  /** Its limits stand in the configuration under `groups`. */
  group?: string | undefined;
  /** Requests at once; the others wait. Default: no limit. */
  concurrency?: number | undefined;
  /** Requests that may wait; one more is refused. Default 1 000. */
  queue_limit?: number | undefined;
  /** What the engine is told as `model` instead of what was asked for. */
  upstream_model?: string | undefined;
  /** Fields that a JSON body under `/v1` gets when it lacks them. */
  request_defaults?: { [name: string]: JsonValue } | undefined;
  /** Fields that are taken out of JSON bodies under `/v1`. */
  request_strip?: string[] | undefined;
  /** Prompts of one request are not cached for another, so that callers cannot find out what others asked. Engine `llama_cpp` only. Default false. */
  isolated?: boolean | undefined;
}

export interface CreateKey {
  name: string;
  /** Default `["inference"]`. A role at most as high as your own. */
  scopes?: Scope[] | undefined;
  /** Only these instances, by name. Default all. */
  instances?: string[] | undefined;
  /** Default true. */
  may_start?: boolean | undefined;
  /** Default never. */
  expires_at?: string | undefined;
  /** For admins: whose it is. Default your own. */
  owner?: string | undefined;
  /** Requests to `/v1` at once, those that wait for an engine included; 0: no limit. */
  max_in_flight?: number | undefined;
  /** Requests to `/v1` in any 60 seconds; 0: no limit. */
  requests_per_minute?: number | undefined;
  /** Tokens of prompts and answers in any 60 seconds, counted when an answer ends; 0: no limit. */
  tokens_per_minute?: number | undefined;
}

export interface CreateUser {
  /** Unique without regard to case; cannot be changed. */
  username: string;
  password: string;
  role: Role;
  /** Requests to `/v1` at once, those that wait for an engine included; 0: no limit. */
  max_in_flight?: number | undefined;
  /** Requests to `/v1` in any 60 seconds; 0: no limit. */
  requests_per_minute?: number | undefined;
  /** Tokens of prompts and answers in any 60 seconds, counted when an answer ends; 0: no limit. */
  tokens_per_minute?: number | undefined;
}

export interface ErrorBody {
  /** What happened and what would work, for a person. */
  error: string;
  /** The same for a program; stable. */
  code: 'VALIDATION_ERROR' | 'INVALID_JSON' | 'RESERVED_OPTION' | 'PRIVILEGED_OPTION' | 'UNAUTHORIZED' | 'INVALID_CREDENTIALS' | 'TOKEN_EXPIRED' | 'FORBIDDEN' | 'NOT_FOUND' | 'INSTANCE_NOT_FOUND' | 'METHOD_NOT_ALLOWED' | 'INSTANCE_EXISTS' | 'INSTANCE_RUNNING' | 'INSTANCE_NOT_RUNNING' | 'ALIAS_CONFLICT' | 'PORT_CONFLICT' | 'PORT_IN_USE' | 'MODEL_NOT_FOUND' | 'ENGINE_NOT_FOUND' | 'AUTH_DISABLED' | 'CONFIG_PINNED' | 'CONFIG_READ_ONLY' | 'CAPACITY_EXCEEDED' | 'PRECONDITION_FAILED' | 'PAYLOAD_TOO_LARGE' | 'URI_TOO_LONG' | 'UNSUPPORTED_MEDIA_TYPE' | 'RATE_LIMITED' | 'REQUEST_CANCELLED' | 'INTERNAL_ERROR' | 'START_FAILED' | 'SHUTTING_DOWN';
  /** More about it; may be empty. */
  details: string;
  /** The `X-Request-Id` of the answer, to be found in the log. */
  request_id: string;
  /** Every problem with the part of the request at fault, where that is known, up to 100. Checking stops there, and `details` says so. */
  errors?: Problem[] | undefined;
  /** Why the engine did not start, when `code` is `START_FAILED`. */
  reason?: string | undefined;
}

export interface FinishedRequest {
  /** Its `X-Request-Id`; with `~` and a number behind it where another one has the same. */
  id: string;
  /** Who made it: `user:NAME`, `key:ID (NAME)` or `anonymous`; `null` for viewers, unless it is their own. */
  caller: string | null;
  /** `null`: none has been found for it yet, or none has this name. */
  instance: string | null;
  /** As it was asked for, at most 200 characters; `null`: asked for by name, under `/proxy`. */
  model: string | null;
  /** `v1`: the gateway; `proxy`: the pass-through of the instance. */
  door: 'v1' | 'proxy';
  method: string;
  /** As the engine gets it, without the query, at most 200 characters. */
  path: string;
  /** When it was known what it is for: its body had come as far as that takes. */
  started_at: string;
  /** Seconds until an engine had it, the last one if its engine died and it was sent again; `null`: none has it now. */
  waited: number | null;
  /** The answer comes in events, or over a WebSocket; `null`: not known yet. */
  stream: boolean | null;
  /** Seconds from `started_at`, waiting included; `null`: nothing came yet, or the answer is no stream. */
  time_to_first_token: number | null;
  /** Of the prompt, cached ones too, as the engine told; `null`: it did not. */
  tokens_in: number | null;
  /** Generated so far, as the engine told, else as counted. */
  tokens_out: number | null;
  /** `tokens_out` is counted in pieces of the stream: the engine did not tell. */
  tokens_estimated: boolean;
  /** From the first to the last that came; `null`: not enough came, or no stream. */
  tokens_per_second: number | null;
  /** Of the answer’s body, so far. */
  bytes_out: number;
  /** `ok`: the whole answer came; `client_error`, `engine_error`: the whole answer, a 4xx or 5xx of the engine; `refused`: llamactl answered with an error; `aborted`: the caller left; `cancelled`: by `DELETE /api/requests/{request_id}`; `broken`: the engine gave no answer or broke off in the middle. */
  outcome: RequestOutcome;
  /** Of the answer; `null`: there was none. */
  status: number | null;
  /** RFC 3339, UTC. */
  finished_at: string;
  /** Seconds from `started_at`. */
  duration: number;
}

export interface Fleet {
  /** Of this form; 1 is the only one. */
  version?: 1 | undefined;
  /** Each as in `POST /instances`: what is left out has its default, also where it was set before. */
  instances: CreateInstance[];
}

export type FleetAction = 'create' | 'change' | 'restart' | 'nothing' | 'remove';

export interface FleetStep {
  name: string;
  action: FleetAction;
  /** Settings that differ, dotted: `options.threads`. */
  changes: string[];
  /** What was accepted but will need attention. */
  warnings?: string[] | undefined;
  /** Why this step failed; the others were made all the same. */
  error?: string | undefined;
}

export type Frame = {
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, over restarts too; a stats frame repeats the last kept one. */
  seq: number;
  type: 'instance_status_changed';
  data: {
    name: string;
    status: Status;
    previous_status: Status;
    reason?: string | undefined;
    /** Why it stops although nobody asked for that: another needs its slot, or it was not used for long. */
    cause?: 'eviction' | 'idle' | undefined;
  };
} | {
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, over restarts too; a stats frame repeats the last kept one. */
  seq: number;
  type: 'instance_created';
  data: {
    name: string;
  };
} | {
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, over restarts too; a stats frame repeats the last kept one. */
  seq: number;
  type: 'instance_updated';
  data: {
    name: string;
  };
} | {
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, over restarts too; a stats frame repeats the last kept one. */
  seq: number;
  type: 'instance_deleted';
  data: {
    name: string;
  };
} | {
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, over restarts too; a stats frame repeats the last kept one. */
  seq: number;
  type: 'system_alert';
  data: {
    level: 'warning' | 'error';
    code: string;
    message: string;
    state: 'raised' | 'cleared';
    instance?: string | undefined;
  };
} | {
  type: 'instance_stats_updated';
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, over restarts too; a stats frame repeats the last kept one. */
  seq: number;
  data: {
    name: string;
    stats: Stats;
  };
} | {
  type: 'gap';
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, over restarts too; a stats frame repeats the last kept one. */
  seq: number;
  data: {
    /** The first number of which nothing is known. */
    from_seq: number;
    /** The last one; the frames that follow are complete again. */
    to_seq: number;
    /** Of the newest event when this was told: what has a greater one came later. */
    last_seq: number;
  };
};

export interface Gpu {
  /** The tool's own number. */
  index: number;
  vendor: 'nvidia' | 'amd';
  name: string;
  /** Bytes; `null`: not told, as by one that shares the memory of the machine. */
  memory_total: number | null;
  /** Bytes; `null`: not told. */
  memory_usage: number | null;
  /** 0–100; `null`: not told. */
  utilization: number | null;
  /** Degrees Celsius; `null`: not told. */
  temperature: number | null;
  /** Watts; `null`: not told. */
  power: number | null;
}

export interface Health {
  status: 'healthy' | 'starting' | 'unhealthy' | 'stopped';
  checks: {
    process: 'running' | 'stopped';
    port: 'open' | 'closed';
    response: 'ok' | 'loading' | 'error' | 'timeout' | 'none';
  };
  /** RFC 3339, UTC. */
  last_check: string;
  /** Of one that is stopped or has failed: what a start would be refused for now; absent: nothing that can be seen. */
  start_obstacle?: StartObstacle | undefined;
}

export interface Instance {
  /** Unique without regard to case; cannot be changed. */
  name: string;
  status: Status;
  /** `llama_cpp`, `custom`, or the name of a custom engine of the configuration. */
  engine: string;
  /** Absent for an engine that needs none. */
  model_path?: string | undefined;
  /** Where its engine listens, on loopback. */
  port: number;
  /** More names under which `/v1` finds the instance. */
  aliases: string[];
  /** Not shown by `GET /v1/models`. */
  unlisted: boolean;
  /** The first request under `/v1` starts it when it is stopped. Default true. */
  on_demand: boolean;
  /** Why it failed, or why it restarts. */
  reason: string | null;
  /** When the process of the present run began; `null`: there is none. */
  started_at: string | null;
  /** RFC 3339, UTC. */
  created_at: string;
  /** RFC 3339, UTC. */
  updated_at: string;
  /** The engine's own process; `null` exactly when no process runs. */
  pid: number | null;
  options: Options;
  /** Passed to the engine as they are, last: they win over `options`. */
  extra_args: string[];
  /** Set for the engine; secrets are `"***"`. */
  environment: { [name: string]: string };
  /** Replaces the engine's command. Privileged. */
  command?: string[] | undefined;
  /** Answers 200 when the engine is ready. Default `/health`. */
  health_path?: string | undefined;
  /** Revive a run that the user wanted after the machine was rebooted. */
  auto_start: boolean;
  /** As set, or the default of the configuration. */
  auto_restart: boolean;
  /** As set, or the default of the configuration. */
  max_restarts: number;
  /** As set, or the default of the configuration. */
  idle_timeout: number;
  /** As set; a pinned group pins its members too. */
  pinned: boolean;
  /** Its limits stand in the configuration under `groups`. */
  group?: string | undefined;
  /** Absent: no limit. */
  concurrency?: number | undefined;
  /** Requests that may wait; one more is refused. Default 1 000. */
  queue_limit: number;
  /** What the engine is told as `model` instead of what was asked for. */
  upstream_model?: string | undefined;
  /** Fields that a JSON body under `/v1` gets when it lacks them. */
  request_defaults: { [name: string]: JsonValue };
  /** Fields that are taken out of JSON bodies under `/v1`. */
  request_strip: string[];
  /** Prompts of one request are not cached for another, so that callers cannot find out what others asked. Engine `llama_cpp` only. Default false. */
  isolated: boolean;
  /** Automatic restarts in a row; 0 again after five minutes of running. */
  restart_count: number;
  /** The running engine was launched from other settings than the stored ones. */
  restart_required: boolean;
  /** How the last run ended; `null`: none has. */
  last_exit: LastExit | null;
  /** The argv of the run, or of the next one; secrets masked. */
  effective_command: string[];
  /** `null` exactly when no process runs. */
  stats: Stats | null;
}

export interface InstanceCreated {
  message: string;
  instance: Instance;
  /** What was accepted but will need attention. */
  warnings?: string[] | undefined;
}

export interface InstanceList {
  instances: InstanceSummary[];
}

export interface InstanceSummary {
  /** Unique without regard to case; cannot be changed. */
  name: string;
  status: Status;
  /** `llama_cpp`, `custom`, or the name of a custom engine of the configuration. */
  engine: string;
  /** Absent for an engine that needs none. */
  model_path?: string | undefined;
  /** Where its engine listens, on loopback. */
  port: number;
  /** More names under which `/v1` finds the instance. */
  aliases: string[];
  /** Not shown by `GET /v1/models`. */
  unlisted: boolean;
  /** The first request under `/v1` starts it when it is stopped. Default true. */
  on_demand: boolean;
  /** Why it failed, or why it restarts. */
  reason: string | null;
  /** When the process of the present run began; `null`: there is none. */
  started_at: string | null;
  /** RFC 3339, UTC. */
  created_at: string;
  /** RFC 3339, UTC. */
  updated_at: string;
}

export interface InstanceUpdated {
  message: string;
  instance: Instance;
  restart_required: boolean;
  /** What was accepted but will need attention. */
  warnings?: string[] | undefined;
}

export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };

export interface Key {
  id: string;
  name: string;
  /** The account that it acts for. */
  owner: string;
  /** Its first characters, to tell it from others. */
  prefix: string;
  scopes: Scope[];
  /** Only these; `null`: all. */
  instances: string[] | null;
  /** A request with it may start an instance that is stopped. */
  may_start: boolean;
  /** Requests to `/v1` at once, those that wait for an engine included; 0: no limit. */
  max_in_flight: number;
  /** Requests to `/v1` in any 60 seconds; 0: no limit. */
  requests_per_minute: number;
  /** Tokens of prompts and answers in any 60 seconds, counted when an answer ends; 0: no limit. */
  tokens_per_minute: number;
  created_at: string;
  /** `null`: never. */
  expires_at: string | null;
  /** To the minute. */
  last_used_at: string | null;
}

export interface KeyCreated {
  message: string;
  /** `llk_…`; shown once. */
  key: string;
  info: Key;
}

export interface KeyList {
  keys: Key[];
}

export interface LastExit {
  /** Exit status; 128 + n for signal n; `null` when it could not be learnt. */
  code: number | null;
  /** The signal that ended it, such as `SIGKILL`. */
  signal: string | null;
  /** RFC 3339, UTC. */
  at: string;
  /** The cause in one sentence. */
  reason: string;
  /** The engine's last lines of output. */
  lines: string[];
}

export interface Lifecycle {
  message: string;
  status: Status;
}

export interface LogEntry {
  /** RFC 3339, UTC: the engine's own clock, on the machine's time. */
  timestamp: string;
  level: LogLevel;
  /** Without control characters; one that is very long is cut and ends in an ellipsis. */
  message: string;
  /** Where the line ends in the instance's log: grows over runs, rotations and restarts of llamactl, with holes. */
  seq: number;
}

export interface LogGap {
  gap: {
    from_seq: number;
    to_seq: number;
  };
}

export type LogItem = LogEntry | LogGap;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LoggedIn {
  token: string;
  expires_at: string;
  user: User;
}

export interface Login {
  username: string;
  password: string;
}

export interface Logs {
  logs: LogEntry[];
  /** The search for lines of this level ended before enough were found. */
  truncated?: true | undefined;
  /** Lines after `after_seq` that are not kept any more. */
  gap?: {
    from_seq: number;
    to_seq: number;
  } | undefined;
}

export interface Message {
  message: string;
}

export interface NamesBody {
  /** Only these instances. */
  names?: string[] | undefined;
}

/** The engine's own long flags in snake_case. `false` becomes `--no-x` where the engine has it; lists repeat the flag. */
export type Options = { [name: string]: string | number | boolean | (string | number)[] };

export interface Probe {
  status: 'ok' | 'starting' | 'stopping';
}

export interface Problem {
  /** Where the problem is, dotted: `options.threads`; empty for the body as a whole. */
  path: string;
  /** What is wrong there and what would be right. */
  message: string;
}

export type RequestOutcome = 'ok' | 'client_error' | 'engine_error' | 'refused' | 'aborted' | 'cancelled' | 'broken';

export type RequestPhase = 'starting' | 'queued' | 'processing' | 'streaming';

export interface Requests {
  /** Oldest first. */
  in_flight: ActiveRequest[];
  /** Newest first. */
  finished: FinishedRequest[];
}

export type Role = 'viewer' | 'operator' | 'admin';

export type Scope = 'inference' | 'metrics' | 'viewer' | 'operator' | 'admin';

export interface Session {
  id: string;
  /** When the password was given. */
  created_at: string;
  /** When a token was last refreshed; `null`: never. */
  refreshed_at: string | null;
  /** When its newest token ends. */
  expires_at: string;
  /** When it ends for good: no refresh goes beyond (`auth.session_ttl`). */
  ends_at: string;
  /** Client address of the log-in, or of its last refresh. */
  address: string;
  /** What the client called itself then; at most 200 characters. */
  user_agent: string | null;
  /** This request was made with a token of it. */
  current: boolean;
}

export interface SessionList {
  /** Newest log-in first. */
  sessions: Session[];
}

export interface StartObstacle {
  /** Code of the refusal of a start. `VALIDATION_ERROR`: the configuration no longer has the engine. `RESERVED_OPTION`, `PRIVILEGED_OPTION`: a stored variable may not be set. */
  code: 'MODEL_NOT_FOUND' | 'ENGINE_NOT_FOUND' | 'PORT_IN_USE' | 'VALIDATION_ERROR' | 'RESERVED_OPTION' | 'PRIVILEGED_OPTION';
  /** What it is and what would work, for a person. */
  message: string;
}

export interface Stats {
  /** Resident memory of all its processes, bytes. */
  memory_usage: number;
  /** Percent of one core: 400 is four cores busy. */
  cpu_usage: number;
  /** Of all its processes. */
  threads: number;
  /** Read since the engine was spawned, from disks and caches, bytes. */
  read_bytes: number;
  /** Written since then, bytes. */
  write_bytes: number;
  /** Bytes on all GPUs; `null`: no tool tells. */
  gpu_memory_usage: number | null;
  /** Seconds since the engine was spawned. */
  uptime: number;
}

export interface StatsHistory {
  name: string;
  /** The time looked back on, seconds. */
  window: number;
  /** Seconds between two measurements: the shortest step. */
  interval: number;
  points: StatsPoint[];
}

export interface StatsPoint {
  /** The end of the step. */
  timestamp: string;
  /** The length of the step; the further back, the longer. */
  seconds: number;
  /** Resident memory of all its processes, bytes. */
  memory_usage: number;
  /** Percent of one core: 400 is four cores busy. */
  cpu_usage: number;
  /** Of all its processes. */
  threads: number;
  /** Read since the engine was spawned, from disks and caches, bytes. */
  read_bytes: number;
  /** Written since then, bytes. */
  write_bytes: number;
  /** Bytes on all GPUs; `null`: no tool tells. */
  gpu_memory_usage: number | null;
  /** The highest of the step. */
  cpu_usage_peak: number;
  /** The highest of the step. */
  memory_usage_peak: number;
}

/** `running`: the engine answered its health check. `restarting`: going down, or waiting out a backoff, in order to come up. `failed`: gave up; `reason` says why. */
export type Status = 'stopped' | 'starting' | 'running' | 'stopping' | 'restarting' | 'failed';

export interface StopBody {
  /** SIGKILL at once, also while a gentle stop drains. Default false. */
  force?: boolean | undefined;
  /** Seconds that requests in flight may take to finish. Default `instances.stop_timeout`. */
  timeout?: number | undefined;
}

export interface Subscribe {
  type: 'subscribe';
  /** Names, in any case, also of instances still to come. Left out: all that the caller may see. */
  instances?: string[] | undefined;
  /** Left out: all. */
  types?: ('instance_status_changed' | 'instance_stats_updated' | 'instance_created' | 'instance_updated' | 'instance_deleted' | 'system_alert' | 'download_progress')[] | undefined;
}

export interface SystemInfo {
  hostname: string;
  os: 'linux' | 'darwin';
  /** In Go's names: amd64, arm64. */
  arch: string;
  cpu_count: number;
  memory_total: number;
  version: string;
  /** When the package was built; of a checkout: when its files were made or checked out. */
  build_time: string;
  /** Of the source; `-dirty` behind it: a package was built with changes. `null`: not known. */
  commit: string | null;
}

export interface SystemStatus {
  version: string;
  /** Seconds; llamactl's own. */
  uptime: number;
  instances: {
    total: number;
    stopped: number;
    starting: number;
    running: number;
    stopping: number;
    restarting: number;
    failed: number;
  };
  resources: {
    /** 0–100 of all cores. */
    cpu_usage: number;
    /** Bytes that programs could not have any more. */
    memory_usage: number;
    memory_total: number;
    /** Percent (0–100) of the data directory's filesystem. */
    disk_usage: number;
    /** Empty where no tool tells of any. */
    gpus: Gpu[];
  };
}

export interface Ticket {
  /** For one WebSocket, as `?ticket=`. */
  ticket: string;
  expires_at: string;
}

export interface Token {
  token: string;
  expires_at: string;
}

export interface UpdateInstance {
  /** `llama_cpp`, `custom`, or the name of a custom engine of the configuration. */
  engine?: string | null | undefined;
  /** The model file; it may appear later, but must be there to start. */
  model_path?: string | null | undefined;
  /** Left out: one is taken from `instances.port_range`. */
  port?: number | null | undefined;
  /** The engine's own long flags in snake_case. `false` becomes `--no-x` where the engine has it; lists repeat the flag. Merged key by key; `null` removes one. */
  options?: { [name: string]: string | number | boolean | (string | number)[] | null } | null | undefined;
  /** Passed to the engine as they are, last: they win over `options`. */
  extra_args?: string[] | null | undefined;
  /** Set for the engine. `"***"` in an update leaves the stored value alone. Merged name by name; `null` removes one. */
  environment?: { [name: string]: string | null } | null | undefined;
  /** Replaces the engine's command. Privileged. */
  command?: string[] | null | undefined;
  /** Answers 200 when the engine is ready. Default `/health`. */
  health_path?: string | null | undefined;
  /** More names under which `/v1` finds the instance. */
  aliases?: string[] | null | undefined;
  /** Not shown by `GET /v1/models`. */
  unlisted?: boolean | null | undefined;
  /** Revive a run that the user wanted after the machine was rebooted. */
  auto_start?: boolean | null | undefined;
  /** Restart a run that was ready and died. Default: `instances.auto_restart`. */
  auto_restart?: boolean | null | undefined;
  /** Restarts in a row before `failed`; -1: for ever. Default: `instances.max_restarts`. */
  max_restarts?: number | null | undefined;
  /** The first request under `/v1` starts it when it is stopped. Default true. */
  on_demand?: boolean | null | undefined;
  /** Seconds without a request after which it is stopped; 0: never. Default: `instances.idle_timeout`. */
  idle_timeout?: number | null | undefined;
  /** Never stopped to make room for another, nor for idleness. */
  pinned?: boolean | null | undefined;
  /** Its limits stand in the configuration under `groups`. */
  group?: string | null | undefined;
  /** Requests at once; the others wait. Default: no limit. */
  concurrency?: number | null | undefined;
  /** Requests that may wait; one more is refused. Default 1 000. */
  queue_limit?: number | null | undefined;
  /** What the engine is told as `model` instead of what was asked for. */
  upstream_model?: string | null | undefined;
  /** Fields that a JSON body under `/v1` gets when it lacks them. */
  request_defaults?: { [name: string]: JsonValue } | null | undefined;
  /** Fields that are taken out of JSON bodies under `/v1`. */
  request_strip?: string[] | null | undefined;
  /** Prompts of one request are not cached for another, so that callers cannot find out what others asked. Engine `llama_cpp` only. Default false. */
  isolated?: boolean | null | undefined;
  /** Accepted when it is the instance’s own: a name cannot change. */
  name?: string | undefined;
}

export interface UpdateUser {
  role?: Role | undefined;
  disabled?: boolean | undefined;
  /** Revokes all tokens and keys of the account. */
  password?: string | undefined;
  /** Requests to `/v1` at once, those that wait for an engine included; 0: no limit. */
  max_in_flight?: number | undefined;
  /** Requests to `/v1` in any 60 seconds; 0: no limit. */
  requests_per_minute?: number | undefined;
  /** Tokens of prompts and answers in any 60 seconds, counted when an answer ends; 0: no limit. */
  tokens_per_minute?: number | undefined;
}

export interface User {
  username: string;
  role: Role;
  /** None of its tokens and keys is taken. */
  disabled: boolean;
  /** Requests to `/v1` at once, those that wait for an engine included; 0: no limit. */
  max_in_flight: number;
  /** Requests to `/v1` in any 60 seconds; 0: no limit. */
  requests_per_minute: number;
  /** Tokens of prompts and answers in any 60 seconds, counted when an answer ends; 0: no limit. */
  tokens_per_minute: number;
  created_at: string;
  updated_at: string;
  last_login_at: string | null;
}

export interface UserChanged {
  message: string;
  user: User;
}

export interface UserList {
  users: User[];
}

/** The `code` of an error answer; stable. */
export type ErrorCode = ErrorBody['code'];
