/* Generated from contract/ by `npm run generate`. */
/* The types of requests, answers and events. Fields have the names of the API. */

export interface ActiveRequest {
  /** Its `X-Request-Id`, followed by `~` and a number if another request has the same one. */
  id: string;
  /** `user:NAME`, `key:ID (NAME)` or `anonymous`; viewers get `null` for requests of others. `address:ADDRESS`: refused before it had a record, without valid credentials; with the beginning of an unknown key: `address:ADDRESS (llk_3RCRoi…)`. */
  caller: string | null;
  /** `null`: not yet known, or no instance has this name. */
  instance: string | null;
  /** The `model` of the request, at most 200 characters; `null`: the path names the instance, under `/proxy`, or the request was refused before its body was read. */
  model: string | null;
  /** `v1`: the gateway; `proxy`: the pass-through of the instance. */
  door: 'v1' | 'proxy';
  method: string;
  /** Path that the engine gets, without the query, at most 200 characters. */
  path: string;
  /** When llamactl had read enough of the body to know the model. */
  started_at: string;
  /** Seconds until an engine got the request; the last engine, if one died and llamactl retried. `null`: no engine has it now. */
  waited: number | null;
  /** Seconds of the wait for a slot and the start of the instance, so far. */
  starting: number;
  /** Seconds of the wait for its turn at a running instance, so far. */
  queued: number;
  /** Seconds in which the engine computed the prompt, as it reported; `null`: not reported. */
  prompt_seconds: number | null;
  /** `User-Agent` of the request, at most 200 characters; `null`: it has none, or it is of another caller and you are a viewer. */
  user_agent: string | null;
  /** Whether the answer is a stream of events or a WebSocket; `null`: not yet known. */
  stream: boolean | null;
  /** Seconds from `started_at`, including waiting; `null`: nothing came yet, or the answer is not a stream. */
  time_to_first_token: number | null;
  /** Tokens of the prompt, including cached ones, as the engine reported; `null`: not reported. */
  tokens_in: number | null;
  /** Tokens of the prompt that the engine had computed before; `null`: not reported. */
  cached_tokens: number | null;
  /** Tokens generated so far, as the engine reported or else as counted. */
  tokens_out: number | null;
  /** Whether `tokens_out` is a count of stream chunks because the engine reported no number. */
  tokens_estimated: boolean;
  /** Rate between the first and the last token; `null`: too few tokens, or not a stream. */
  tokens_per_second: number | null;
  /** Bytes of the answer body sent so far. */
  bytes_out: number;
  /** `starting`: waits for the instance to start; `queued`: waits for its turn; `processing`: the engine works on it; `streaming`: the answer is arriving. */
  phase: RequestPhase;
  /** Its place among the requests that wait for the instance; 1 is next. `null`: it does not wait. */
  position: number | null;
}

export interface Alert {
  level: 'warning' | 'error';
  /** Kind of alert; stable. */
  code: string;
  /** Problem and fix, for a person. */
  message: string;
  /** The affected instance; absent: the whole system. */
  instance?: string | undefined;
  /** The cause, if the alert is about the end of a run. */
  cause?: Cause | undefined;
  raised_at: string;
}

export interface AlertHistory {
  /** The one that was raised last comes first. */
  alerts: PastAlert[];
  /** Whether older ones match; ask for them with `before_seq`. */
  more: boolean;
  /** The oldest kept event of all instances: nothing is known of earlier times. `null`: no event is kept. */
  oldest_seq: number | null;
}

export interface AlertTest {
  /** The configured receivers; empty: neither setting is set. */
  receivers: TestedReceiver[];
}

export interface Alerts {
  alerts: Alert[];
}

export interface Applied {
  message: string;
  /** Whether this was a dry run: nothing changed, and `results` has the steps that would be made. */
  dry_run: boolean;
  /** In the order of the document, then removals. */
  results: FleetStep[];
}

export interface Audit {
  /** Newest first. */
  audit: AuditRow[];
}

/** An old and a new value. `null`: not set. `"***"`: a secret, whose value is not recorded. A long value is a text that ends in `…`. */
export interface AuditChange {
  /** Dotted: `options.ctx_size`, `server.port`, `role`. */
  path: string;
  before: JsonValue;
  after: JsonValue;
}

export interface AuditRow {
  seq: number;
  timestamp: string;
  /** `user:NAME`, `key:ID (NAME)`, or `anonymous`. */
  subject: string;
  /** Client address of the request. */
  address: string;
  /** The id of the operation, such as `createInstance`. */
  action: string;
  /** The instance, user or key that the request named. Of an ended request: `ID (INSTANCE, CALLER)`. Of a batch: `NAMES (DONE of ALL)`. */
  target: string | null;
  /** HTTP status of the answer. */
  status: number;
  request_id: string;
  /** Old and new values of a change of configuration, instance, user or key. At most 50, of about 4 KB. Absent: none are recorded. */
  changes?: AuditChange[] | undefined;
  /** How many changes `changes` leaves out. Absent: none. */
  more_changes?: number | undefined;
}

export interface BatchResult {
  message: string;
  results: {
    name: string;
    /** `null`: no such instance exists, or it was deleted. */
    status: Status | null;
    error?: string | undefined;
    /** The code that `error` would have as an answer; absent: none. */
    code?: string | undefined;
  }[];
}

export interface Caller {
  /** `user`: a token of a log-in; `key`: a key; `anonymous`: authentication is off. */
  kind: 'anonymous' | 'user' | 'key';
  /** The account, or the owner of the key; `null`: anonymous. */
  username: string | null;
  /** `null`: only the scopes give rights. */
  role: Role | null;
  /** Rights of a key besides its role: `inference`, `metrics`. */
  scopes: Scope[];
  /** The caller sees these instances only; `null`: all. */
  instances: string[] | null;
  /** Whether its requests may start a stopped instance. */
  may_start: boolean;
  /** When this token or key expires; `null`: never. */
  expires_at: string | null;
}

/** `wrong_file`: the file is no model, such as an adapter. `model_too_new`: the engine does not know its architecture. `killed`: by SIGKILL, mostly because memory ran out. `processor`: the engine was built for another one. `no_progress`: it loaded without any sign of work. `does_not_fit`: it needs more memory than it can get. `waits_for`: other instances must stop first. `no_slot`: pinned instances hold all slots. */
export type Cause = 'model_missing' | 'model_unreadable' | 'model_damaged' | 'model_too_new' | 'wrong_file' | 'port_in_use' | 'engine_missing' | 'library_missing' | 'gpu_memory' | 'memory' | 'killed' | 'argument' | 'processor' | 'crash' | 'no_progress' | 'no_answer' | 'ended_by_itself' | 'does_not_fit' | 'waits_for' | 'no_slot' | 'unknown';

export interface ChangePassword {
  current_password: string;
  new_password: string;
}

export interface ChangedValue {
  /** As in `changed`. */
  setting: string;
  /** `null`: it was not set. */
  from: string | number | boolean | null;
  /** `null`: it is no longer set. */
  to: string | number | boolean | null;
}

export interface CheckedFile {
  path: string;
  /** `right`: its bytes are those that its source announced; `wrong`: they are others; `unknown`: nothing is known to compare with; `unreadable`: see `reason`. */
  result: 'right' | 'wrong' | 'unknown' | 'unreadable';
  /** The announced sha256, or git object id of 40 digits. Absent: none is known. */
  hash?: string | undefined;
  /** The hash of a `wrong` file. */
  found?: string | undefined;
  /** Why a file cannot be read. */
  reason?: string | undefined;
}

/** A part of the configuration. `"***"` keeps a secret, `null` restores the default. */
export type ConfigPatch = { [name: string]: unknown };

export interface ConfigRules {
  /** The event after which a change counts: a reload, or only a restart of llamactl; `none`: no event in this version. */
  effect: 'reload' | 'restart' | 'none';
  /** Whether answers hide it as `"***"`. */
  secret: boolean;
  /** Why a request cannot change it, as a sentence; `null`: it can. */
  locked: string | null;
}

export interface ConfigSource {
  from: 'default' | 'file' | 'environment' | 'flag';
  /** Name of the variable or the flag. */
  name?: string | undefined;
  /** Line in the file. */
  line?: number | undefined;
}

export interface ConfigView {
  /** As written now; it takes effect at the next reload or start. Secrets are `"***"`. */
  config: {
    server: {
      /** Address to listen on; any other than loopback requires auth.enabled. */
      host: string;
      /** Port of the API and the gateway. */
      port: number;
      /** Path under which everything answers, for a reverse proxy that passes it on. */
      base_path: string;
      /** URL under which browsers reach llamactl, if not http://host:port. */
      public_url: string;
      /** More host names under which browsers may reach llamactl. */
      allowed_hosts: string[];
      /** More origins, such as https://chat.example.com, whose pages may use the API. */
      allowed_origins: string[];
      /** Addresses of reverse proxies whose X-Forwarded-For is trusted. */
      trusted_proxies: string[];
    };
    /** State, logs and secrets; mode 0700. */
    data_dir: string;
    auth: {
      /** Accounts and keys; off: every caller is an administrator. */
      enabled: boolean;
      /** How long a token lasts without a refresh: seconds, or a number with s, m, h or d. */
      token_ttl: number | string;
      /** How long a log-in lasts with refreshes: seconds, or a number with s, m, h or d. */
      session_ttl: number | string;
      /** Whether /v1 needs a key while accounts are on. */
      inference: 'required' | 'open';
    };
    security: {
      /** Allow options that run code or read files, and any environment variable; let requests change engines.*, alerts.command, data_dir, models.dirs and models.cache_dir. Only from the file. */
      allow_privileged: boolean;
    };
    rate_limit: {
      /** Limit requests to the API, per caller. */
      enabled: boolean;
      /** Ordinary requests per minute. */
      regular: number;
      /** Expensive requests per minute: start, restart, apply, download, log-in. */
      intensive: number;
    };
    instances: {
      /** Ports for instances without a `port`. */
      port_range: [number, number];
      /** Instances that may run at the same time; 0: no limit. */
      max_running: number;
      /** Seconds without a request after which an instance stops; 0: never. An instance can override it. */
      idle_timeout: number;
      /** Seconds without any progress (output, memory, CPU time, bytes read) after which a start fails. */
      start_timeout: number;
      /** How many seconds in-flight requests may take to finish. */
      stop_timeout: number;
      /** Restart an engine that was ready and died. An instance can override it. */
      auto_restart: boolean;
      /** Restarts in a row before an instance counts as failed; -1: no limit. */
      max_restarts: number;
    };
    /** Groups of instances that share a limit, by name. */
    groups: { [name: string]: {
      /** Instances of the group that may run at the same time; 0: no limit. */
      max_running?: number | undefined;
      /** While one of the group runs, no others do, except pinned ones. */
      exclusive?: boolean | undefined;
      /** Instances of the group are never stopped for others, nor because they are idle. */
      pinned?: boolean | undefined;
    } };
    memory: {
      /** auto: a start waits until the memory that it needs is free; off: memory limits no start. */
      admission: 'auto' | 'off';
      /** MiB of each device for other programs. */
      reserve_mb: number;
      /** Limits of devices by name (ram, nvidia:0) or UUID (GPU-…): limit_mb, the most MiB for all instances together. */
      devices: { [name: string]: {
        /** Most MiB of the device for all instances together. Not set: all but reserve_mb. */
        limit_mb?: number | undefined;
      } };
      /** Factor of the memory of each device. */
      overcommit: number;
    };
    /** Values for the requests of instances that name the preset, by name. */
    presets: { [name: string]: {
      request_defaults?: { [name: string]: JsonValue } | undefined;
      system_prompt?: string | undefined;
    } };
    engines: {
      llama_cpp: {
        /** Program: a name on PATH, or a path. */
        command: string;
        /** Arguments before those of the instance. */
        args: string[];
        /** Variables in addition to those that engines inherit. */
        environment: { [name: string]: string };
      };
      vllm: {
        /** Program: a name on PATH, or a path. */
        command: string;
        /** Arguments before those of the instance. */
        args: string[];
        /** Variables in addition to those that engines inherit. */
        environment: { [name: string]: string };
      };
      mlx: {
        /** Program: a name on PATH, or a path. */
        command: string;
        /** Arguments before those of the instance. */
        args: string[];
        /** Variables in addition to those that engines inherit. */
        environment: { [name: string]: string };
      };
      [name: string]: {
        /** Program: a name on PATH, or a path. */
        command: string;
        /** Arguments before those of the instance. */
        args: string[];
        /** Variables in addition to those that engines inherit. */
        environment: { [name: string]: string };
      } | {
        kind: 'custom';
        /** Program; llamactl replaces `${HOST}`, `${PORT}`, `${MODEL_PATH}` and `${NAME}`. */
        command: string;
        /** llamactl replaces the same placeholders, and `${API_KEY}`: the random key of the run. */
        args: string[];
        environment: { [name: string]: string };
        health_path: string;
        /** Variable from which the engine reads the random key of each run. */
        api_key_env?: string | undefined;
        /** Kinds of requests that it answers; left out: unknown. */
        capabilities?: ('chat' | 'embeddings' | 'rerank' | 'vision' | 'audio' | 'image' | 'tools')[] | undefined;
      };
    };
    models: {
      /** Folders in which to look for model files. */
      dirs: string[];
      /** Folders of other programs that are scanned for models, where they exist. */
      sources: {
        /** Scan the cache of Hugging Face's programs for models. */
        hugging_face: boolean;
        /** Scan the older cache of llama.cpp. */
        llama_cpp: boolean;
        /** Scan the models of Ollama. */
        ollama: boolean;
        /** Scan the models of LM Studio. */
        lm_studio: boolean;
      };
      /** Folder for downloads, in the layout of the Hugging Face cache. Empty: that cache itself. */
      cache_dir: string;
      /** Megabytes per second of all downloads; 0: no limit. */
      download_limit_mb: number;
      /** Server on which models are searched, and from which they are downloaded. */
      hf_endpoint: string;
      /** Token for models that need one; only hf_endpoint gets it. Empty: HF_TOKEN, or the log-in of hf auth login. */
      hf_token: string;
      /** ModelScope, for references that begin with ms:. */
      modelscope_endpoint: string;
      /** The registry of Ollama, for references that begin with ollama:. */
      ollama_endpoint: string;
      /** The registry of Docker Hub, for references that begin with docker:. */
      docker_endpoint: string;
    };
    logs: {
      /** Megabytes at which the log of an engine is rotated. */
      max_size_mb: number;
      /** Megabytes of all kept logs of one instance. */
      max_total_mb: number;
    };
    /** Saved contexts of instances with `keep_context: auto`. */
    contexts: {
      /** Megabytes of all saved contexts; the oldest are removed first. 0: none is saved. */
      max_total_mb: number;
    };
    stats: {
      /** Seconds between two measurements of running engines. */
      interval: number;
    };
    gateway: {
      /** Seconds between the comments that keep a stream open while it waits for its model; 0: none. */
      loading_keepalive: number;
      /** List aliases in GET /v1/models too. */
      aliases_in_models: boolean;
      /** MiB for request bodies that are read to find their model. */
      body_memory_mb: number;
      /** Requests to /v1 at once from one client address without an account; 0: no limit. */
      max_in_flight: number;
      /** Requests to /v1 in any 60 seconds from one client address without an account; 0: no limit. */
      requests_per_minute: number;
      /** Tokens in any 60 seconds for one client address without an account; 0: no limit. */
      tokens_per_minute: number;
    };
    alerts: {
      /** URL to which alerts are posted. */
      webhook: string;
      /** Program to run for each alert, with its arguments. */
      command: string[];
    };
  };
  /** By dotted key: `server.port`. */
  sources: { [name: string]: ConfigSource };
  /** By the same keys as `sources`. */
  rules: { [name: string]: ConfigRules };
  /** Path of the configuration file; `null`: no file. */
  file: string | null;
  /** Whether the running llamactl uses other values. */
  restart_required: boolean;
  /** The keys that differ. */
  pending: string[];
  /** Why the current file is unusable; `config` then shows the values that llamactl runs with. */
  problem?: string | undefined;
}

export interface ConfigWritten {
  message: string;
  restart_required: boolean;
  /** The keys that this request changed. */
  changed: string[];
  config: {
    server: {
      /** Address to listen on; any other than loopback requires auth.enabled. */
      host: string;
      /** Port of the API and the gateway. */
      port: number;
      /** Path under which everything answers, for a reverse proxy that passes it on. */
      base_path: string;
      /** URL under which browsers reach llamactl, if not http://host:port. */
      public_url: string;
      /** More host names under which browsers may reach llamactl. */
      allowed_hosts: string[];
      /** More origins, such as https://chat.example.com, whose pages may use the API. */
      allowed_origins: string[];
      /** Addresses of reverse proxies whose X-Forwarded-For is trusted. */
      trusted_proxies: string[];
    };
    /** State, logs and secrets; mode 0700. */
    data_dir: string;
    auth: {
      /** Accounts and keys; off: every caller is an administrator. */
      enabled: boolean;
      /** How long a token lasts without a refresh: seconds, or a number with s, m, h or d. */
      token_ttl: number | string;
      /** How long a log-in lasts with refreshes: seconds, or a number with s, m, h or d. */
      session_ttl: number | string;
      /** Whether /v1 needs a key while accounts are on. */
      inference: 'required' | 'open';
    };
    security: {
      /** Allow options that run code or read files, and any environment variable; let requests change engines.*, alerts.command, data_dir, models.dirs and models.cache_dir. Only from the file. */
      allow_privileged: boolean;
    };
    rate_limit: {
      /** Limit requests to the API, per caller. */
      enabled: boolean;
      /** Ordinary requests per minute. */
      regular: number;
      /** Expensive requests per minute: start, restart, apply, download, log-in. */
      intensive: number;
    };
    instances: {
      /** Ports for instances without a `port`. */
      port_range: [number, number];
      /** Instances that may run at the same time; 0: no limit. */
      max_running: number;
      /** Seconds without a request after which an instance stops; 0: never. An instance can override it. */
      idle_timeout: number;
      /** Seconds without any progress (output, memory, CPU time, bytes read) after which a start fails. */
      start_timeout: number;
      /** How many seconds in-flight requests may take to finish. */
      stop_timeout: number;
      /** Restart an engine that was ready and died. An instance can override it. */
      auto_restart: boolean;
      /** Restarts in a row before an instance counts as failed; -1: no limit. */
      max_restarts: number;
    };
    /** Groups of instances that share a limit, by name. */
    groups: { [name: string]: {
      /** Instances of the group that may run at the same time; 0: no limit. */
      max_running?: number | undefined;
      /** While one of the group runs, no others do, except pinned ones. */
      exclusive?: boolean | undefined;
      /** Instances of the group are never stopped for others, nor because they are idle. */
      pinned?: boolean | undefined;
    } };
    memory: {
      /** auto: a start waits until the memory that it needs is free; off: memory limits no start. */
      admission: 'auto' | 'off';
      /** MiB of each device for other programs. */
      reserve_mb: number;
      /** Limits of devices by name (ram, nvidia:0) or UUID (GPU-…): limit_mb, the most MiB for all instances together. */
      devices: { [name: string]: {
        /** Most MiB of the device for all instances together. Not set: all but reserve_mb. */
        limit_mb?: number | undefined;
      } };
      /** Factor of the memory of each device. */
      overcommit: number;
    };
    /** Values for the requests of instances that name the preset, by name. */
    presets: { [name: string]: {
      request_defaults?: { [name: string]: JsonValue } | undefined;
      system_prompt?: string | undefined;
    } };
    engines: {
      llama_cpp: {
        /** Program: a name on PATH, or a path. */
        command: string;
        /** Arguments before those of the instance. */
        args: string[];
        /** Variables in addition to those that engines inherit. */
        environment: { [name: string]: string };
      };
      vllm: {
        /** Program: a name on PATH, or a path. */
        command: string;
        /** Arguments before those of the instance. */
        args: string[];
        /** Variables in addition to those that engines inherit. */
        environment: { [name: string]: string };
      };
      mlx: {
        /** Program: a name on PATH, or a path. */
        command: string;
        /** Arguments before those of the instance. */
        args: string[];
        /** Variables in addition to those that engines inherit. */
        environment: { [name: string]: string };
      };
      [name: string]: {
        /** Program: a name on PATH, or a path. */
        command: string;
        /** Arguments before those of the instance. */
        args: string[];
        /** Variables in addition to those that engines inherit. */
        environment: { [name: string]: string };
      } | {
        kind: 'custom';
        /** Program; llamactl replaces `${HOST}`, `${PORT}`, `${MODEL_PATH}` and `${NAME}`. */
        command: string;
        /** llamactl replaces the same placeholders, and `${API_KEY}`: the random key of the run. */
        args: string[];
        environment: { [name: string]: string };
        health_path: string;
        /** Variable from which the engine reads the random key of each run. */
        api_key_env?: string | undefined;
        /** Kinds of requests that it answers; left out: unknown. */
        capabilities?: ('chat' | 'embeddings' | 'rerank' | 'vision' | 'audio' | 'image' | 'tools')[] | undefined;
      };
    };
    models: {
      /** Folders in which to look for model files. */
      dirs: string[];
      /** Folders of other programs that are scanned for models, where they exist. */
      sources: {
        /** Scan the cache of Hugging Face's programs for models. */
        hugging_face: boolean;
        /** Scan the older cache of llama.cpp. */
        llama_cpp: boolean;
        /** Scan the models of Ollama. */
        ollama: boolean;
        /** Scan the models of LM Studio. */
        lm_studio: boolean;
      };
      /** Folder for downloads, in the layout of the Hugging Face cache. Empty: that cache itself. */
      cache_dir: string;
      /** Megabytes per second of all downloads; 0: no limit. */
      download_limit_mb: number;
      /** Server on which models are searched, and from which they are downloaded. */
      hf_endpoint: string;
      /** Token for models that need one; only hf_endpoint gets it. Empty: HF_TOKEN, or the log-in of hf auth login. */
      hf_token: string;
      /** ModelScope, for references that begin with ms:. */
      modelscope_endpoint: string;
      /** The registry of Ollama, for references that begin with ollama:. */
      ollama_endpoint: string;
      /** The registry of Docker Hub, for references that begin with docker:. */
      docker_endpoint: string;
    };
    logs: {
      /** Megabytes at which the log of an engine is rotated. */
      max_size_mb: number;
      /** Megabytes of all kept logs of one instance. */
      max_total_mb: number;
    };
    /** Saved contexts of instances with `keep_context: auto`. */
    contexts: {
      /** Megabytes of all saved contexts; the oldest are removed first. 0: none is saved. */
      max_total_mb: number;
    };
    stats: {
      /** Seconds between two measurements of running engines. */
      interval: number;
    };
    gateway: {
      /** Seconds between the comments that keep a stream open while it waits for its model; 0: none. */
      loading_keepalive: number;
      /** List aliases in GET /v1/models too. */
      aliases_in_models: boolean;
      /** MiB for request bodies that are read to find their model. */
      body_memory_mb: number;
      /** Requests to /v1 at once from one client address without an account; 0: no limit. */
      max_in_flight: number;
      /** Requests to /v1 in any 60 seconds from one client address without an account; 0: no limit. */
      requests_per_minute: number;
      /** Tokens in any 60 seconds for one client address without an account; 0: no limit. */
      tokens_per_minute: number;
    };
    alerts: {
      /** URL to which alerts are posted. */
      webhook: string;
      /** Program to run for each alert, with its arguments. */
      command: string[];
    };
  };
}

export interface CreateDownload {
  /** A reference: `org/repo:Q4_K_M`. */
  model: string;
  /** Branch, tag or commit. Default: the main branch. */
  revision?: string | undefined;
}

export interface CreateInstance {
  /** Unique without regard to case; only `rename` changes it. */
  name: string;
  /** `llama_cpp`, `custom`, or the name of a custom engine in the configuration. */
  engine?: string | undefined;
  /** The model file. It need not exist until the instance starts. */
  model_path?: string | undefined;
  /** A model of `GET /models`: its reference (`org/repo:Q4_K_M`), name or id. llamactl finds its file, which becomes `model_path`; give only one of the two. */
  model?: string | undefined;
  /** Left out: llamactl chooses one from `instances.port_range`. */
  port?: number | undefined;
  options?: Options | undefined;
  /** Passed to the engine unchanged, after `options`, which they override. */
  extra_args?: string[] | undefined;
  /** Environment variables of the engine. `"***"` in an update keeps the stored value. */
  environment?: { [name: string]: string } | undefined;
  /** Replaces the engine's command. Privileged. */
  command?: string[] | undefined;
  /** Path that answers 200 when the engine is ready. Default `/health`. */
  health_path?: string | undefined;
  /** More names by which requests under `/v1` can select the instance. */
  aliases?: string[] | undefined;
  /** Hide the instance from `GET /v1/models`. */
  unlisted?: boolean | undefined;
  /** After a reboot of the machine, start the instance if it was meant to run. */
  auto_start?: boolean | undefined;
  /** Restart the engine if it dies after it was ready. Default: `instances.auto_restart`. */
  auto_restart?: boolean | undefined;
  /** Restarts in a row before `failed`; -1: no limit. Default: `instances.max_restarts`. */
  max_restarts?: number | undefined;
  /** A request under `/v1` starts the instance if it is stopped. Default true. */
  on_demand?: boolean | undefined;
  /** Stop the instance after this many seconds without a request; 0: never. Default: `instances.idle_timeout`. */
  idle_timeout?: number | undefined;
  /** Never evict the instance or stop it because it is idle. */
  pinned?: boolean | undefined;
  /** Group whose limits apply; `groups` in the configuration defines them. */
  group?: string | undefined;
  /** Most requests that the engine gets at once; others wait. Default: no limit. */
  concurrency?: number | undefined;
  /** Most requests that may wait; llamactl refuses further ones. Default 1 000. */
  queue_limit?: number | undefined;
  /** Replaces the `model` of each request before the engine gets it. */
  upstream_model?: string | undefined;
  /** Fields that llamactl adds to JSON bodies under `/v1` that lack them. They override those of `preset`. */
  request_defaults?: { [name: string]: JsonValue } | undefined;
  /** Fields that llamactl removes from JSON bodies under `/v1`. */
  request_strip?: string[] | undefined;
  /** System prompt that llamactl adds to chats under `/v1` that have none. An empty text adds none, not even that of `preset`. */
  system_prompt?: string | undefined;
  /** Preset whose `request_defaults` and `system_prompt` apply; `presets` in the configuration defines them. */
  preset?: string | undefined;
  /** Do not reuse cached prompts across requests, so that callers cannot find out prompts of others. Engine `llama_cpp` only. Default false. */
  isolated?: boolean | undefined;
  /** `auto`: save the computed prompts of the engine when it stops, and restore them at its next start, so that a long conversation continues without a wait. This stores conversations on disk. Engine `llama_cpp` only. Default `off`. */
  keep_context?: 'off' | 'auto' | undefined;
}

export interface CreateKey {
  name: string;
  /** Default `["inference"]`. A role must not be higher than your own. */
  scopes?: Scope[] | undefined;
  /** Only these instances, by name. Default all. */
  instances?: string[] | undefined;
  /** Default true. */
  may_start?: boolean | undefined;
  /** Default never. */
  expires_at?: string | undefined;
  /** For admins: the account that gets the key. Default your own. */
  owner?: string | undefined;
  /** Concurrent requests to `/v1`, including those that wait for an engine; 0: no limit. */
  max_in_flight?: number | undefined;
  /** Requests to `/v1` in any 60 seconds; 0: no limit. */
  requests_per_minute?: number | undefined;
  /** Prompt and answer tokens in any 60 seconds, counted when an answer ends; 0: no limit. */
  tokens_per_minute?: number | undefined;
}

export interface CreateUser {
  /** Unique without regard to case; cannot be changed. */
  username: string;
  password: string;
  role: Role;
  /** Concurrent requests to `/v1`, including those that wait for an engine; 0: no limit. */
  max_in_flight?: number | undefined;
  /** Requests to `/v1` in any 60 seconds; 0: no limit. */
  requests_per_minute?: number | undefined;
  /** Prompt and answer tokens in any 60 seconds, counted when an answer ends; 0: no limit. */
  tokens_per_minute?: number | undefined;
}

export interface DeviceEstimate {
  /** `ram`, or a GPU by the vendor and number of its tool: `nvidia:0`. */
  device: string;
  /** Bytes of the device, or the share of a container. */
  total: number;
  /** Bytes that a start may take now. In RAM, models of running instances count fully, although their files are only mapped. */
  free: number;
  /** Bytes that should be free: weights, cache and computation, and a margin. */
  need: number;
  /** Bytes of the weights. */
  weights: number;
  /** Bytes of the cache of keys and values, which grows with the context. */
  cache: number;
  /** Bytes to compute in. */
  compute: number;
}

export interface Doctor {
  /** When the checks began. */
  checked_at: string;
  /** How long they took, seconds. */
  duration: number;
  findings: Finding[];
}

export interface Download {
  id: string;
  /** The reference as people write it: `org/repo:Q4_K_M`. */
  model: string;
  state: DownloadState;
  /** Bytes on this machine, of all files. */
  done_bytes: number;
  total_bytes: number;
  /** 0 unless bytes come. */
  bytes_per_second: number;
  /** Until all bytes are here; `null`: unknown. */
  eta_seconds: number | null;
  /** Why it failed, or waits for room on the disk. */
  error: DownloadError | null;
  /** Branch or tag. */
  revision: string;
  /** `model_path` for an instance, when it is done: its first file, or its folder. */
  path: string;
  files: DownloadFile[];
  /** Sentences, such as about a file of another program that could not be checked; left out: none. */
  warnings?: string[] | undefined;
  /** `anonymous`, `user:NAME` or `key:ID (NAME)`. */
  created_by: string;
  /** RFC 3339, UTC. */
  created_at: string;
  /** `null`: it is not done, failed or cancelled. */
  finished_at: string | null;
}

export interface DownloadError {
  code: 'HUB_ERROR' | 'DISK_FULL' | 'INTERNAL_ERROR';
  /** Cause and fix, for a person. */
  message: string;
}

export interface DownloadFile {
  /** Within the repo. */
  path: string;
  /** Bytes. */
  size: number;
  done_bytes: number;
}

export interface DownloadList {
  /** Oldest first. */
  downloads: Download[];
}

export type DownloadState = 'queued' | 'running' | 'verifying' | 'paused' | 'done' | 'failed' | 'cancelled';

export interface DroppedText {
  text: string;
  why: string;
}

export interface Engine {
  /** The `engine` of instances. */
  id: string;
  /** Path of the program; `null`: it was not found, or each instance gives its own `command`. */
  program: string | null;
  /** As the program reports it; `null`: unknown. */
  version: string | null;
  /** Why the program is missing or cannot be read; `null`: no problem. */
  problem: string | null;
  /** GPUs and accelerators that it can use; empty: only the CPU. `null`: unknown. */
  devices: EngineDevice[] | null;
}

export interface EngineDevice {
  /** As the engine names it, for the option `device`: `CUDA0`. */
  name: string;
  /** `NVIDIA GeForce RTX 4090`. */
  description: string;
  /** Bytes; `null`: not reported. */
  memory_total: number | null;
  /** Bytes; `null`: not reported. */
  memory_free: number | null;
}

export interface EngineList {
  engines: Engine[];
}

export interface EngineOption {
  /** Its name in `options`, in snake_case. An engine may accept other names too. */
  key: string;
  /** The spellings on the command line of the engine, long ones first. */
  flags: string[];
  /** The kind of its value. `number` and `text` may accept words that only `description` lists. */
  type: 'switch' | 'number' | 'text' | 'choice' | 'list';
  /** The default in the words of the engine's help: `4096`, `auto`, `same as --threads`; `null`: not given. */
  default: string | null;
  /** All allowed values of a `choice`, or of the items of a `list`; `null`: the help does not list them. */
  choices: string[] | null;
  /** The section of the engine's help: `common`, `sampling`; `null`: none. */
  group: string | null;
  /** The text of the engine's help, on one line. */
  description: string;
  /** Environment variables of the engine that set it. */
  variables: string[];
  /** Why instances may not set it, or only with `security.allow_privileged`; `null`: it is free. */
  guard: {
    kind: 'reserved' | 'privileged';
    why: string;
  } | null;
}

export interface EngineOptionList {
  /** In the order of the engine's help; empty if they are unknown. */
  options: EngineOption[];
  /** Why the options are unknown; `null`: they are known. */
  problem: string | null;
}

export interface ErrorBody {
  /** Cause and fix, for a person. */
  error: string;
  /** The kind of error, for programs; stable. */
  code: 'VALIDATION_ERROR' | 'INVALID_JSON' | 'RESERVED_OPTION' | 'PRIVILEGED_OPTION' | 'UNAUTHORIZED' | 'INVALID_CREDENTIALS' | 'TOKEN_EXPIRED' | 'FORBIDDEN' | 'NOT_FOUND' | 'INSTANCE_NOT_FOUND' | 'METHOD_NOT_ALLOWED' | 'INSTANCE_EXISTS' | 'INSTANCE_RUNNING' | 'INSTANCE_NOT_RUNNING' | 'ALIAS_CONFLICT' | 'PORT_CONFLICT' | 'PORT_IN_USE' | 'MODEL_NOT_FOUND' | 'MODEL_IN_USE' | 'ENGINE_NOT_FOUND' | 'AUTH_DISABLED' | 'CONFIG_PINNED' | 'CONFIG_READ_ONLY' | 'CAPACITY_EXCEEDED' | 'DOES_NOT_FIT' | 'PRECONDITION_FAILED' | 'PAYLOAD_TOO_LARGE' | 'URI_TOO_LONG' | 'UNSUPPORTED_MEDIA_TYPE' | 'RATE_LIMITED' | 'REQUEST_CANCELLED' | 'INTERNAL_ERROR' | 'START_FAILED' | 'HUB_ERROR' | 'SHUTTING_DOWN' | 'DISK_FULL';
  /** More about the error; may be empty. */
  details: string;
  /** The `X-Request-Id` of the answer; also in the log. */
  request_id: string;
  /** Every problem of the invalid part of the request, if known, up to 100. Checking stops there, and `details` says so. */
  errors?: Problem[] | undefined;
  /** Why the engine did not start, when `code` is `START_FAILED`. */
  reason?: string | undefined;
}

export interface Estimate {
  /** Every device has enough free memory now. */
  fits: boolean;
  /** RAM, and the GPUs that may be used. */
  per_device: DeviceEstimate[];
  /** Idle instances whose stop would make it fit, least recently used first; `another instance` for those that the caller may not see. Empty: it fits, or no stop helps. */
  must_stop: string[];
  /** Options with which it would fit now; empty if it fits. */
  suggestions: EstimateSuggestion[];
  /** The tokens that the estimate is for. Without `ctx_size`, the engine takes the trained context, or less if that does not fit. */
  context: number;
  /** The layers on GPUs, the output included. Without `n_gpu_layers`, as many as fit. */
  gpu_layers: number;
  /** Sentences about options that need attention, such as a context larger than the trained one; left out: none. */
  warnings?: string[] | undefined;
  /** `measured`: an earlier run. `projected`: what the engine reported at an earlier start. `estimated`: from the files alone. */
  source: 'measured' | 'projected' | 'estimated';
}

export interface EstimateRequest {
  /** A model of `GET /models`: its id, reference or name. */
  model?: string | undefined;
  /** Name of an instance. */
  instance?: string | undefined;
  /** Any model file of the server. Only for admins. */
  model_path?: string | undefined;
  /** Default: `llama_cpp`, or that of the instance. */
  engine?: string | undefined;
  /** Options of the engine. Of an instance they are merged into its own, key by key; `null` removes one. */
  options?: { [name: string]: string | number | boolean | (string | number)[] | null } | undefined;
  /** Names of the devices that may be used, as in `per_device`; left out: all. `ram` is always used. */
  devices?: string[] | undefined;
}

export interface EstimateSuggestion {
  /** For people: `a context of 8192 tokens`. */
  label: string;
  /** Options with which it fits, beside those given. */
  options: Options;
}

export interface Events {
  /** Newest first. */
  events: PastEvent[];
  /** Whether older ones match; ask for them with `before_seq`. */
  more: boolean;
  /** The oldest kept event of all instances: nothing is known of earlier times. `null`: no event is kept. */
  oldest_seq: number | null;
}

export interface Evidence {
  /** `process`, `port`, `last exit`, `log`, `restarts`, `memory`, `retry`, `waits for`, `tried` or `alert`. */
  what: string;
  text: string;
  /** `text` as data; absent: a line of output, or the message of an alert. */
  phrase?: Phrase | undefined;
  /** Why the last run ended, if `text` says it. */
  reason?: Phrase | undefined;
}

export interface Finding {
  /** The thing that was checked. Some checks have several findings. `unfinished`: the checks took too long. */
  id: 'configuration' | 'data_dir' | 'disk' | 'database' | 'gpu' | 'engine' | 'devices' | 'service' | 'models' | 'port_range' | 'port' | 'open_files' | 'clock' | 'alert' | 'instance' | 'unfinished';
  /** `warning`: it works, but may fail later or could be better. `problem`: it does not work. */
  status: 'ok' | 'warning' | 'problem';
  /** The finding, for people. */
  sentence: string;
  /** `sentence` as data, in its order; absent: a name, a path, or words of a program. */
  phrases?: Phrase[] | undefined;
  /** The alert that it repeats; absent: none. */
  alert?: {
    /** Kind of alert; stable. */
    code: string;
    level: 'warning' | 'error';
    /** The cause, if the alert is about the end of a run. */
    cause?: Cause | undefined;
  } | undefined;
  /** The instance that it is about; absent: none. */
  instance?: string | undefined;
  /** The steps against it, the best one first; empty: nothing to do. */
  remedies: Remedy[];
}

export interface FinishedRequest {
  /** Its `X-Request-Id`, followed by `~` and a number if another request has the same one. */
  id: string;
  /** `user:NAME`, `key:ID (NAME)` or `anonymous`; viewers get `null` for requests of others. `address:ADDRESS`: refused before it had a record, without valid credentials; with the beginning of an unknown key: `address:ADDRESS (llk_3RCRoi…)`. */
  caller: string | null;
  /** `null`: not yet known, or no instance has this name. */
  instance: string | null;
  /** The `model` of the request, at most 200 characters; `null`: the path names the instance, under `/proxy`, or the request was refused before its body was read. */
  model: string | null;
  /** `v1`: the gateway; `proxy`: the pass-through of the instance. */
  door: 'v1' | 'proxy';
  method: string;
  /** Path that the engine gets, without the query, at most 200 characters. */
  path: string;
  /** When llamactl had read enough of the body to know the model. */
  started_at: string;
  /** Seconds until an engine got the request; the last engine, if one died and llamactl retried. `null`: no engine has it now. */
  waited: number | null;
  /** Seconds of the wait for a slot and the start of the instance, so far. */
  starting: number;
  /** Seconds of the wait for its turn at a running instance, so far. */
  queued: number;
  /** Seconds in which the engine computed the prompt, as it reported; `null`: not reported. */
  prompt_seconds: number | null;
  /** `User-Agent` of the request, at most 200 characters; `null`: it has none, or it is of another caller and you are a viewer. */
  user_agent: string | null;
  /** Whether the answer is a stream of events or a WebSocket; `null`: not yet known. */
  stream: boolean | null;
  /** Seconds from `started_at`, including waiting; `null`: nothing came yet, or the answer is not a stream. */
  time_to_first_token: number | null;
  /** Tokens of the prompt, including cached ones, as the engine reported; `null`: not reported. */
  tokens_in: number | null;
  /** Tokens of the prompt that the engine had computed before; `null`: not reported. */
  cached_tokens: number | null;
  /** Tokens generated so far, as the engine reported or else as counted. */
  tokens_out: number | null;
  /** Whether `tokens_out` is a count of stream chunks because the engine reported no number. */
  tokens_estimated: boolean;
  /** Rate between the first and the last token; `null`: too few tokens, or not a stream. */
  tokens_per_second: number | null;
  /** Bytes of the answer body sent so far. */
  bytes_out: number;
  /** `ok`: complete answer; `client_error`, `engine_error`: complete answer with a 4xx or 5xx of the engine; `refused`: llamactl answered with an error; `aborted`: the caller disconnected; `cancelled`: by `DELETE /api/requests/{request_id}`, or by the end of the credentials, as `error` says; `broken`: the engine gave no answer or an incomplete one, or llamactl was killed. */
  outcome: RequestOutcome;
  /** Grows with every finished request; for `before_seq`. */
  seq: number;
  /** HTTP status of the answer; `null`: no answer. */
  status: number | null;
  /** Why it failed; `null`: it did not, or the engine did not say. */
  error: RequestError | null;
  /** RFC 3339, UTC. */
  finished_at: string;
  /** Seconds from `started_at`. */
  duration: number;
  /** How many refused requests the row stands for: of one caller, with one code, within a minute. Absent: one. */
  count?: number | undefined;
}

export interface Fleet {
  /** Version of this format; always 1. */
  version?: 1 | undefined;
  /** Each as in `POST /instances`: a setting that is left out gets its default, even if it was set before. */
  instances: CreateInstance[];
}

export type FleetAction = 'create' | 'change' | 'restart' | 'nothing' | 'remove';

export interface FleetStats {
  /** Length of the history, in seconds. */
  window: number;
  /** Length of a step. */
  seconds: number;
  /** The end of the last step. */
  until: string;
  /** Without the instances that did not run in that time. */
  instances: InstanceSeries[];
}

export interface FleetStep {
  name: string;
  action: FleetAction;
  /** Settings that differ, dotted: `options.threads`. */
  changes: string[];
  /** Accepted settings that need attention. */
  warnings?: string[] | undefined;
  /** Why this step failed; the other steps were made anyway. */
  error?: string | undefined;
}

export interface Folder {
  kind: 'data' | 'models';
  path: string;
  /** Bytes of its filesystem, or of that of its nearest parent that exists; `null`: unknown. */
  disk_total: number | null;
  /** Bytes of it that llamactl may use; `null`: unknown. */
  disk_free: number | null;
  /** A number that all folders of one filesystem share, and no others; `null`: unknown. */
  filesystem: number | null;
}

export interface FoundModel {
  /** `org/repo`. */
  reference: string;
  /** The hub's word: `text-generation`; `null`: it has none. */
  purpose: string | null;
  /** As its author names it; `null`: unknown. */
  license: string | null;
  /** Downloads need a token of an account that accepted the conditions of the author. */
  gated: boolean;
  /** Of the last month; `null`: unknown. */
  downloads: number | null;
  likes: number | null;
  /** RFC 3339; `null`: unknown. */
  updated_at: string | null;
}

export type Frame = {
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  type: 'instance_status_changed';
  data: {
    name: string;
    status: Status;
    previous_status: Status;
    reason?: string | undefined;
    /** `reason` as data; absent: no kind of phrase. */
    phrase?: Phrase | undefined;
    /** Why llamactl stops it without a request: `eviction`: another instance needs its slot; `idle`: its idle timeout passed. */
    cause?: 'eviction' | 'idle' | undefined;
    /** Who or what made it change; a later status of the same start or stop repeats it. Absent: unknown. */
    trigger?: {
      /** `command`: a start, stop or restart by a caller; `update`: a caller changed its settings; `demand`: a request needed it; `eviction`: another instance needed its slot or memory; `idle`: its idle timeout passed; `restart_policy`: its engine ended or hung; `server_start`: llamactl started. */
      kind: 'command' | 'update' | 'demand' | 'eviction' | 'idle' | 'restart_policy' | 'server_start';
      /** Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see all instances. */
      caller?: string | undefined;
      /** `X-Request-Id` of the request that started it on demand; absent like `caller`. */
      request_id?: string | undefined;
      /** Name of the instance that needed its slot or memory; absent: none, or one that you may not see. */
      needed_by?: string | undefined;
    } | undefined;
  };
} | {
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  type: 'instance_start_refused';
  data: {
    name: string;
    /** Error code that the start returned. */
    code: 'MODEL_NOT_FOUND' | 'ENGINE_NOT_FOUND' | 'PORT_IN_USE' | 'CAPACITY_EXCEEDED' | 'DOES_NOT_FIT' | 'VALIDATION_ERROR' | 'RESERVED_OPTION' | 'PRIVILEGED_OPTION';
    /** Message of that error. It names the program of an engine without the folder, which not every reader may see. */
    message: string;
    /** Who or what requested the start. Absent: unknown. */
    trigger?: {
      /** `command`: a start, stop or restart by a caller; `update`: a caller changed its settings; `demand`: a request needed it; `eviction`: another instance needed its slot or memory; `idle`: its idle timeout passed; `restart_policy`: its engine ended or hung; `server_start`: llamactl started. */
      kind: 'command' | 'update' | 'demand' | 'eviction' | 'idle' | 'restart_policy' | 'server_start';
      /** Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see all instances. */
      caller?: string | undefined;
      /** `X-Request-Id` of the request that started it on demand; absent like `caller`. */
      request_id?: string | undefined;
      /** Name of the instance that needed its slot or memory; absent: none, or one that you may not see. */
      needed_by?: string | undefined;
    } | undefined;
  };
} | {
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  type: 'instance_created';
  data: {
    name: string;
    /** Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see all instances. */
    caller?: string | undefined;
  };
} | {
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  type: 'instance_updated';
  data: {
    name: string;
    /** Present after a rename: the name until now. */
    previous_name?: string | undefined;
    /** The settings that changed: `port`, `options.ctx_size`. Absent: none of them. */
    changed?: string[] | undefined;
    /** The values of those in `changed` that are numbers, booleans or short texts: never secrets, variables, arguments or prompts. Absent: none of them. */
    values?: ChangedValue[] | undefined;
    /** The finding of llamactl, if no caller changed the instance. */
    reason?: string | undefined;
    /** Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see all instances. */
    caller?: string | undefined;
  };
} | {
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  type: 'instance_deleted';
  data: {
    name: string;
    /** Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see all instances. */
    caller?: string | undefined;
  };
} | {
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  type: 'system_alert';
  data: {
    level: 'warning' | 'error';
    code: string;
    message: string;
    state: 'raised' | 'cleared';
    instance?: string | undefined;
    cause?: Cause | undefined;
  };
} | {
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  type: 'download_progress';
  data: {
    id: string;
    /** The reference as people write it: `org/repo:Q4_K_M`. */
    model: string;
    state: DownloadState;
    /** Bytes on this machine, of all files. */
    done_bytes: number;
    total_bytes: number;
    /** 0 unless bytes come. */
    bytes_per_second: number;
    /** Until all bytes are here; `null`: unknown. */
    eta_seconds: number | null;
    /** Why it failed, or waits for room on the disk. */
    error: DownloadError | null;
  };
} | {
  type: 'instance_stats_updated';
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  data: {
    name: string;
    stats: Stats;
  };
} | {
  type: 'requests_updated';
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  data: {
    name: string;
    /** Requests that its engine works on. */
    in_flight: number;
    /** Requests that wait for its start, a slot or their turn. */
    waiting: number;
    /** Tokens of streamed answers that its engine generates, over the last two seconds. */
    tokens_per_second: number;
  };
} | {
  type: 'request_started';
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  data: ActiveRequest;
} | {
  type: 'request_finished';
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  data: FinishedRequest;
} | {
  type: 'system_stats_updated';
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  data: {
    resources: Resources;
  };
} | {
  type: 'instance_load_progress';
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  data: {
    name: string;
    load: Load;
  };
} | {
  type: 'instances_refreshed';
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  data: {
    /** `models`: a scan of models changed `model_info`; `starts`: a look changed `refused` of stopped instances. */
    reason: 'models' | 'starts';
  };
} | {
  type: 'decision';
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  data: {
    /** The kind of decision. */
    decision: 'slot' | 'eviction' | 'memory' | 'spared' | 'closing' | 'idle_stop' | 'request' | 'restart' | 'admission' | 'retry' | 'route';
    /** Name of the instance that it is about; left out: none, or none that exists. */
    instance?: string | undefined;
    /** Name of the instance for which this one is stopped, or not stopped. */
    other?: string | undefined;
    /** The decision and its reason, for people. It continues the name of the instance. */
    message: string;
    /** `X-Request-Id` of the request that it is about. */
    request_id?: string | undefined;
    /** The inputs of the decision and its outcome. */
    inputs: { [name: string]: string | number | boolean | null };
  };
} | {
  type: 'log_lines';
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  data: {
    /** The name in the subscription. */
    name: string;
    lines: LogEntry[];
  };
} | {
  type: 'log_gap';
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  data: {
    /** The name in the subscription. */
    name: string;
    /** The lines with a greater `seq` are missing, up to `to_seq`. */
    from_seq: number;
    to_seq: number;
  };
} | {
  type: 'gap';
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  data: {
    /** `seq` of the first missing event. */
    from_seq: number;
    /** `seq` of the last missing event; the frames after it are complete. */
    to_seq: number;
    /** `seq` of the newest event when this frame was sent; later events have greater numbers. */
    last_seq: number;
  };
};

export interface Gpu {
  /** The tool's own number for this GPU. */
  index: number;
  vendor: 'nvidia' | 'amd';
  /** `GPU-…`, as `CUDA_VISIBLE_DEVICES` takes it. It stays the same when numbers change; left out: not reported. */
  uuid?: string | undefined;
  /** `MIG-…`: the UUIDs of its MIG devices; left out: it has none. */
  slices?: string[] | undefined;
  name: string;
  /** Bytes; `null`: not reported, for example because the GPU shares the memory of the machine. */
  memory_total: number | null;
  /** Bytes; `null`: not reported. */
  memory_usage: number | null;
  /** 0–100; `null`: not reported. */
  utilization: number | null;
  /** Degrees Celsius; `null`: not reported. */
  temperature: number | null;
  /** Watts; `null`: not reported. */
  power: number | null;
}

export interface GpuPoint {
  /** The tool's own number for this GPU, as in `GET /system/status`. */
  index: number;
  vendor: 'nvidia' | 'amd';
  /** Bytes; `null`: not reported. */
  memory_usage: number | null;
  /** 0–100; `null`: not reported. */
  utilization: number | null;
  /** Degrees Celsius; `null`: not reported. */
  temperature: number | null;
  /** Watts; `null`: not reported. */
  power: number | null;
}

export interface GpuUse {
  /** The tool's own number for this GPU, as in `GET /system/status`. */
  index: number;
  /** Two vendors may have a GPU with the same number. */
  vendor?: 'nvidia' | 'amd' | undefined;
  /** As in `GET /system/status`; left out: not reported. */
  uuid?: string | undefined;
  /** Bytes. */
  memory: number;
}

export interface GroupLimits {
  name: string;
  /** How many of its members run at once; `null`: no limit. */
  max_running: number | null;
  /** While a member runs, no instance outside of the group does, except pinned ones. */
  exclusive: boolean;
  /** Its members are never evicted, and do not stop when idle. */
  pinned: boolean;
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
  /** For a stopped or failed instance: why a start would fail now. For a running one: why it could not start again, such as a file that is gone. Absent: no known problem. */
  start_obstacle?: StartObstacle | undefined;
}

export interface Instance {
  /** Unique without regard to case; only `rename` changes it. */
  name: string;
  status: Status;
  /** `llama_cpp`, `custom`, or the name of a custom engine in the configuration. */
  engine: string;
  /** As it was given; absent: the instance was given a `model_path`. */
  model?: string | undefined;
  /** Absent for an engine without a model file. */
  model_path?: string | undefined;
  /** The model of this file in `GET /models`; `null`: the file is none of them. */
  model_info: ModelInfo | null;
  /** Kinds of requests that it answers, by its model and options; empty: llamactl does not know its engine or model. */
  capabilities: InstanceCapability[];
  /** Tokens that one request may have, prompt and answer together; `null`: unknown. */
  context_size: number | null;
  /** How many requests its engine computes at once; `null`: unknown. */
  slots: number | null;
  /** Loopback port of its engine. */
  port: number;
  /** Port of the running engine, which differs from `port` after a change until the next start; `null`: none runs. */
  running_port: number | null;
  /** More names by which requests under `/v1` can select the instance. */
  aliases: string[];
  /** Hide the instance from `GET /v1/models`. */
  unlisted: boolean;
  /** A request under `/v1` starts the instance if it is stopped. Default true. */
  on_demand: boolean;
  /** Group whose limits apply; `groups` in the configuration defines them. */
  group?: string | undefined;
  /** The setting. Members of a pinned group are pinned too. */
  pinned: boolean;
  /** Automatic restarts in a row; back to 0 after running for five minutes. */
  restart_count: number;
  /** Whether the running engine was launched with other settings than the stored ones. */
  restart_required: boolean;
  /** Requests that its engine works on. */
  in_flight: number;
  /** Requests that wait for its start, a slot or their turn. */
  waiting: number;
  /** Tokens of streamed answers that its engine generates, per second, over the last two seconds. */
  tokens_per_second: number;
  /** When its last request ended; `null`: unknown, or none has ended. */
  last_used_at: string | null;
  /** The instances that must stop, or free memory, before it can start; `another instance` for those that the caller may not see. Empty: it does not wait for a slot or for memory. */
  waits_for: string[];
  /** Progress of its start; `null` exactly when it is not `starting`. */
  load: Load | null;
  /** When the current engine became ready; `null`: it is not, or none runs. */
  ready_at: string | null;
  /** Seconds from the spawn of its engine until it was ready, at its last start; `null`: unknown. */
  last_load_seconds: number | null;
  /** Why the instance failed or restarts; `null`: neither. */
  reason: string | null;
  /** The cause in `reason`; absent: it has none. */
  cause?: Cause | undefined;
  /** `reason` as data; absent: no kind of phrase. */
  phrase?: Phrase | undefined;
  /** The last start that was refused since its status or settings changed, or why a start of a stopped instance would be refused, as found by a look after each scan of models; `null`: neither. */
  refused: RefusedStart | null;
  /** The memory that it holds on each device; absent: it does not run, or its need is unknown. */
  memory?: InstanceMemory[] | undefined;
  /** When the process of the current run started; `null`: no process runs. */
  started_at: string | null;
  /** RFC 3339, UTC. */
  created_at: string;
  /** RFC 3339, UTC. */
  updated_at: string;
  /** The file that `model` names now, if it is another than `model_path`: the library has a newer version, which an update with `model` takes. Otherwise absent. */
  newer_model_path?: string | undefined;
  /** The engine's own process; `null` exactly when no process runs. */
  pid: number | null;
  options: Options;
  /** Passed to the engine unchanged, after `options`, which they override. */
  extra_args: string[];
  /** Environment variables of the engine; secrets are `"***"`. */
  environment: { [name: string]: string };
  /** Replaces the engine's command. Privileged. */
  command?: string[] | undefined;
  /** Path that answers 200 when the engine is ready. Default `/health`. */
  health_path?: string | undefined;
  /** After a reboot of the machine, start the instance if it was meant to run. */
  auto_start: boolean;
  /** The setting, or the default of the configuration. */
  auto_restart: boolean;
  /** The setting, or the default of the configuration. */
  max_restarts: number;
  /** The setting, or the default of the configuration. */
  idle_timeout: number;
  /** Absent: no limit. */
  concurrency?: number | undefined;
  /** Most requests that may wait; llamactl refuses further ones. Default 1 000. */
  queue_limit: number;
  /** Replaces the `model` of each request before the engine gets it. */
  upstream_model?: string | undefined;
  /** Fields that llamactl adds to JSON bodies under `/v1` that lack them. They override those of `preset`. */
  request_defaults: { [name: string]: JsonValue };
  /** Fields that llamactl removes from JSON bodies under `/v1`. */
  request_strip: string[];
  /** System prompt that llamactl adds to chats under `/v1` that have none. An empty text adds none, not even that of `preset`. */
  system_prompt?: string | undefined;
  /** Preset whose `request_defaults` and `system_prompt` apply; `presets` in the configuration defines them. */
  preset?: string | undefined;
  /** Do not reuse cached prompts across requests, so that callers cannot find out prompts of others. Engine `llama_cpp` only. Default false. */
  isolated: boolean;
  /** `auto`: save the computed prompts of the engine when it stops, and restore them at its next start, so that a long conversation continues without a wait. This stores conversations on disk. Engine `llama_cpp` only. Default `off`. */
  keep_context: 'off' | 'auto';
  /** The saved context; `null`: none. */
  context: KeptContext | null;
  /** How the last run ended; `null`: no run has ended. */
  last_exit: LastExit | null;
  /** The argv of the current or the next run; secrets are masked. */
  effective_command: string[];
  /** Measured now; `null` exactly when no process runs. */
  stats: Stats | null;
}

export type InstanceCapability = 'chat' | 'embeddings' | 'rerank' | 'vision' | 'audio' | 'image' | 'tools';

export interface InstanceCreated {
  message: string;
  instance: Instance;
  /** Accepted settings that need attention. */
  warnings?: string[] | undefined;
  /** Present for `dry_run`: nothing was changed, and `instance` is as it would be. */
  preview?: InstancePreview | undefined;
}

export interface InstanceEstimateRequest {
  /** Options of the engine. Of an instance they are merged into its own, key by key; `null` removes one. */
  options?: { [name: string]: string | number | boolean | (string | number)[] | null } | undefined;
  /** Names of the devices that may be used, as in `per_device`; left out: all. `ram` is always used. */
  devices?: string[] | undefined;
}

export interface InstanceList {
  instances: InstanceSummary[];
}

export interface InstanceMemory {
  /** `ram`, or a GPU: `nvidia:0`. */
  device: string;
  /** Bytes that count as held by its run: weights, cache and computation, and a margin. */
  need: number;
  /** `measured`: by an earlier run; `projected`: the engine reported it; `estimated`: from the files. */
  source: 'measured' | 'projected' | 'estimated';
}

export interface InstancePreview {
  /** Why it would be refused, beyond the form of the body, which gives an error as always; empty: it would succeed. */
  problems: Problem[];
  /** Accepted settings that need attention. */
  warnings: string[];
  /** The argv of the next run; secrets are masked. */
  effective_command: string[];
  /** Settings that would differ, dotted: `options.threads`. */
  changes: string[];
  /** Whether the running engine would keep older settings until a restart. */
  restart_required: boolean;
  /** The memory that it would need; `null`: unknown, for example because llamactl does not know its model. */
  estimate: Estimate | null;
}

export interface InstanceSeries {
  name: string;
  /** Percent of one core, the average; `null`: no run in that step. */
  cpu_usage: (number | null)[];
  /** Bytes, the average; `null`: no run in that step. */
  memory_usage: (number | null)[];
  /** Tokens generated, per second; `null`: no run in that step. */
  tokens_per_second: (number | null)[];
  /** Requests that ended; `null`: no run in that step. */
  requests: (number | null)[];
  /** Most requests that waited at one time; `null`: no run in that step. */
  waiting_max: (number | null)[];
}

export interface InstanceSummary {
  /** Unique without regard to case; only `rename` changes it. */
  name: string;
  status: Status;
  /** `llama_cpp`, `custom`, or the name of a custom engine in the configuration. */
  engine: string;
  /** As it was given; absent: the instance was given a `model_path`. */
  model?: string | undefined;
  /** Absent for an engine without a model file. */
  model_path?: string | undefined;
  /** The model of this file in `GET /models`; `null`: the file is none of them. */
  model_info: ModelInfo | null;
  /** Kinds of requests that it answers, by its model and options; empty: llamactl does not know its engine or model. */
  capabilities: InstanceCapability[];
  /** Tokens that one request may have, prompt and answer together; `null`: unknown. */
  context_size: number | null;
  /** How many requests its engine computes at once; `null`: unknown. */
  slots: number | null;
  /** Loopback port of its engine. */
  port: number;
  /** Port of the running engine, which differs from `port` after a change until the next start; `null`: none runs. */
  running_port: number | null;
  /** More names by which requests under `/v1` can select the instance. */
  aliases: string[];
  /** Hide the instance from `GET /v1/models`. */
  unlisted: boolean;
  /** A request under `/v1` starts the instance if it is stopped. Default true. */
  on_demand: boolean;
  /** Group whose limits apply; `groups` in the configuration defines them. */
  group?: string | undefined;
  /** The setting. Members of a pinned group are pinned too. */
  pinned: boolean;
  /** Automatic restarts in a row; back to 0 after running for five minutes. */
  restart_count: number;
  /** Whether the running engine was launched with other settings than the stored ones. */
  restart_required: boolean;
  /** Requests that its engine works on. */
  in_flight: number;
  /** Requests that wait for its start, a slot or their turn. */
  waiting: number;
  /** Tokens of streamed answers that its engine generates, per second, over the last two seconds. */
  tokens_per_second: number;
  /** When its last request ended; `null`: unknown, or none has ended. */
  last_used_at: string | null;
  /** The instances that must stop, or free memory, before it can start; `another instance` for those that the caller may not see. Empty: it does not wait for a slot or for memory. */
  waits_for: string[];
  /** Progress of its start; `null` exactly when it is not `starting`. */
  load: Load | null;
  /** When the current engine became ready; `null`: it is not, or none runs. */
  ready_at: string | null;
  /** Seconds from the spawn of its engine until it was ready, at its last start; `null`: unknown. */
  last_load_seconds: number | null;
  /** Why the instance failed or restarts; `null`: neither. */
  reason: string | null;
  /** The cause in `reason`; absent: it has none. */
  cause?: Cause | undefined;
  /** `reason` as data; absent: no kind of phrase. */
  phrase?: Phrase | undefined;
  /** The last start that was refused since its status or settings changed, or why a start of a stopped instance would be refused, as found by a look after each scan of models; `null`: neither. */
  refused: RefusedStart | null;
  /** The memory that it holds on each device; absent: it does not run, or its need is unknown. */
  memory?: InstanceMemory[] | undefined;
  /** When the process of the current run started; `null`: no process runs. */
  started_at: string | null;
  /** RFC 3339, UTC. */
  created_at: string;
  /** RFC 3339, UTC. */
  updated_at: string;
  /** The last measurement, at most `stats.interval` old; `null`: no process runs, or it was not measured yet. */
  stats: Stats | null;
}

export interface InstanceUpdated {
  message: string;
  instance: Instance;
  restart_required: boolean;
  /** Accepted settings that need attention. */
  warnings?: string[] | undefined;
  /** Present for `dry_run`: nothing was changed, and `instance` is as it would be. */
  preview?: InstancePreview | undefined;
}

export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };

export interface KeptContext {
  /** Tokens of all saved conversations. */
  tokens: number;
  /** Size of their files. */
  bytes: number;
  /** When the newest of them was saved. */
  saved_at: string;
  /** The last measured use after a restore; `null`: none was measured. */
  reuse: {
    /** RFC 3339, UTC. */
    at: string;
    /** Tokens that were restored at that start. */
    restored: number;
    /** Tokens of the first request's prompt that the engine did not compute again; its `cache_n`. */
    reused: number;
  } | null;
}

export interface Key {
  id: string;
  name: string;
  /** The account that the key acts for. */
  owner: string;
  /** Its first characters, to recognize it. */
  prefix: string;
  scopes: Scope[];
  /** The key works for these instances only; `null`: all. */
  instances: string[] | null;
  /** Whether a request with this key may start a stopped instance. */
  may_start: boolean;
  /** Concurrent requests to `/v1`, including those that wait for an engine; 0: no limit. */
  max_in_flight: number;
  /** Requests to `/v1` in any 60 seconds; 0: no limit. */
  requests_per_minute: number;
  /** Prompt and answer tokens in any 60 seconds, counted when an answer ends; 0: no limit. */
  tokens_per_minute: number;
  created_at: string;
  /** `null`: never. */
  expires_at: string | null;
  /** Accurate to one minute, and never before `created_at`; `null`: never. */
  last_used_at: string | null;
}

export interface KeyChanged {
  message: string;
  key: Key;
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

export interface LargestMemory {
  kind: 'gpu' | 'ram';
  /** Name of the GPU, or `memory`. */
  name: string;
  /** Bytes. For `ram`, no more than the control group allows. */
  total: number;
}

export interface LastExit {
  /** Exit status; 128 + n for signal n; `null`: unknown. */
  code: number | null;
  /** The signal that ended the engine, such as `SIGKILL`; `null`: none or unknown. */
  signal: string | null;
  /** RFC 3339, UTC. */
  at: string;
  /** Why the run ended, in one sentence. */
  reason: string;
  /** `null`: it was stopped, so nothing was wrong. */
  cause: Cause | null;
  /** `reason` as data; absent: no kind of phrase. */
  phrase?: Phrase | undefined;
  /** The engine's last lines of output. */
  lines: string[];
}

export interface Lifecycle {
  message: string;
  status: Status;
}

export interface Load {
  /** `queued`: waits for a slot; `preparing`: its launch is checked and spawned; `loading`: the engine loads its model; `restoring`: the engine restores its saved context. */
  phase: 'queued' | 'preparing' | 'loading' | 'restoring';
  /** Estimated part that is done, below 1 until the engine is ready; `null`: no estimate. */
  fraction: number | null;
  /** Seconds since the engine was spawned; before that, since the start was requested. */
  elapsed: number;
  /** Median of the last loads of the same model with the same options, in seconds from the spawn until the engine was ready; `null`: none was measured. */
  usual_seconds: number | null;
}

export interface LogEntry {
  /** RFC 3339, UTC, from the engine's own timestamps, converted to the machine's clock. */
  timestamp: string;
  level: LogLevel;
  /** Without control characters; a very long line is cut and ends in an ellipsis. */
  message: string;
  /** Position of the line's end in the instance's log. Grows across runs, rotations and restarts of llamactl; not consecutive. */
  seq: number;
  /** The line has no time of its own: `timestamp` is that of the line before it, or of the start of the run. Absent: it has one. */
  untimed?: true | undefined;
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
  /** The search stopped at its limit of bytes before it found enough lines. */
  truncated?: true | undefined;
  /** Where a `truncated` search stopped. To go on, pass it as `before_seq`, or as `after_seq` if you gave one. */
  next_seq?: number | undefined;
  /** Lines after `after_seq` that are no longer kept. */
  gap?: {
    from_seq: number;
    to_seq: number;
  } | undefined;
}

export interface Me {
  /** Whether accounts are on, so that callers need credentials. */
  auth_enabled: boolean;
  /** `null`: this request has no valid credentials, and needs some. */
  caller: Caller | null;
  /** Version of llamactl; `null`: the caller is unknown. */
  version: string | null;
  /** Whether the generated password of the account `admin` is still in the file `admin-password` of the data directory. */
  first_password_in_file: boolean;
}

export interface Message {
  message: string;
}

export interface Model {
  /** Stable over scans and restarts. 16 characters. */
  id: string;
  /** `org/repo:Q4_K_M` of the hub, or `ms:…`, `ollama:…`, `docker:…` or `https://…` of another source; `null`: the file is in a plain folder. */
  ref: string | null;
  /** For people: the name of the file without its ending, or of the folder. */
  name: string;
  format: 'gguf' | 'safetensors' | 'mlx';
  /** `llama`, `qwen3`, `bert`; `null`: unknown. */
  architecture: string | null;
  /** How many weights it has; `null`: unknown. */
  parameters: number | null;
  /** `Q4_K_M`, `F16`, `4bit`; `null`: unknown. */
  quantization: string | null;
  /** The context for which it was trained, in tokens; `null`: unknown. */
  context: number | null;
  /** Bytes of all its parts, without companions. */
  size: number;
  /** From its chat template, architecture and projector. */
  capabilities: ('chat' | 'tools' | 'reasoning' | 'vision' | 'embeddings' | 'rerank')[];
  source: 'folder' | 'hugging_face' | 'llama_cpp' | 'ollama' | 'lm_studio';
  /** `model_path` for an instance: the file, its first part, or the folder. */
  path: string;
  /** RFC 3339, UTC. */
  modified_at: string;
  /** Names of the instances with this file; `another instance` for those that the caller may not see. */
  used_by: string[];
  /** Why it cannot be loaded, in sentences; empty: no reason is known. */
  problems: string[];
}

export interface ModelCheck {
  /** Its parts, then its companions. */
  files: CheckedFile[];
}

export interface ModelCompanion {
  kind: 'projector' | 'adapter' | 'draft';
  path: string;
  /** Bytes. */
  size: number;
}

export interface ModelDetails {
  /** Stable over scans and restarts. 16 characters. */
  id: string;
  /** `org/repo:Q4_K_M` of the hub, or `ms:…`, `ollama:…`, `docker:…` or `https://…` of another source; `null`: the file is in a plain folder. */
  ref: string | null;
  /** For people: the name of the file without its ending, or of the folder. */
  name: string;
  format: 'gguf' | 'safetensors' | 'mlx';
  /** `llama`, `qwen3`, `bert`; `null`: unknown. */
  architecture: string | null;
  /** How many weights it has; `null`: unknown. */
  parameters: number | null;
  /** `Q4_K_M`, `F16`, `4bit`; `null`: unknown. */
  quantization: string | null;
  /** The context for which it was trained, in tokens; `null`: unknown. */
  context: number | null;
  /** Bytes of all its parts, without companions. */
  size: number;
  /** From its chat template, architecture and projector. */
  capabilities: ('chat' | 'tools' | 'reasoning' | 'vision' | 'embeddings' | 'rerank')[];
  source: 'folder' | 'hugging_face' | 'llama_cpp' | 'ollama' | 'lm_studio';
  /** `model_path` for an instance: the file, its first part, or the folder. */
  path: string;
  /** RFC 3339, UTC. */
  modified_at: string;
  /** Names of the instances with this file; `another instance` for those that the caller may not see. */
  used_by: string[];
  /** Why it cannot be loaded, in sentences; empty: no reason is known. */
  problems: string[];
  /** Its parts, in order. */
  files: ModelFile[];
  /** Files beside it that belong to it, for options such as `mmproj`. */
  companions: ModelCompanion[];
  /** Numbers and short texts of the header of a GGUF file. Lists and long texts are left out. */
  metadata: { [name: string]: string | number | boolean };
  /** `null`: it has none, or one of more than 1 MiB. */
  chat_template: string | null;
  /** That of Ollama for this model, for `system_prompt` of an instance; `null`: it has none. */
  system_prompt: string | null;
  /** Ollama's parameters for this model, as `request_defaults` of an instance. Empty: it has none. */
  request_defaults: { [name: string]: JsonValue };
  /** Ollama's parameters that are no request defaults, under Ollama's names, such as `num_ctx`. */
  other_parameters: { [name: string]: JsonValue };
  /** Messages with which Ollama begins each chat of this model. llamactl sends none. Absent: none. */
  messages?: {
    role: string;
    content: string;
  }[] | undefined;
  /** The text of the licenses that Ollama has for this model. Absent: none. */
  license?: string | undefined;
}

export interface ModelFile {
  path: string;
  /** Bytes. */
  size: number;
}

export interface ModelInfo {
  /** Stable over scans and restarts. 16 characters. */
  id: string;
  /** For people: the name of the file without its ending, or of the folder. */
  name: string;
  /** `Q4_K_M`, `F16`, `4bit`; `null`: unknown. */
  quantization: string | null;
  /** Bytes of all its parts, without companions. */
  size: number;
  /** The context for which it was trained, in tokens; `null`: unknown. */
  context: number | null;
}

export interface ModelList {
  /** By name. */
  models: Model[];
  /** Folders of `models.dirs` that cannot be read, each with the reason, and that some folders cannot be watched, in sentences; empty: none. */
  problems: string[];
  /** The first scan, or one after a change, is not over: the list may lack models. */
  scanning: boolean;
}

export interface ModelSearch {
  /** The most downloaded first. */
  models: FoundModel[];
  /** Base address of the hub that was searched. */
  hub: string;
}

export interface NamedBody {
  /** The instances. */
  names: string[];
}

export interface NamesBody {
  /** Only these instances. */
  names?: string[] | undefined;
}

/** The engine's own long flags in snake_case. `false` becomes `--no-x` if the engine has that flag; a list repeats the flag. */
export type Options = { [name: string]: string | number | boolean | (string | number)[] };

export interface ParseBody {
  /** A command line of llama-server, a `docker run`, or a llama-swap configuration. */
  text: string;
}

export interface Parsed {
  /** The kind of text. */
  format: 'command' | 'docker' | 'llama_swap';
  /** One, or one for each model that could be read. */
  instances: ParsedInstance[];
  /** Models of a llama-swap configuration that became no instance, and why. Left out: none. */
  unread?: UnreadModel[] | undefined;
  /** Global settings of a llama-swap configuration that became no setting of an instance, and their counterpart. Left out: none. */
  dropped?: DroppedText[] | undefined;
  /** The part of these that belongs into the configuration file of llamactl: `{"groups": …}`. Left out: the text has no global settings, because it is no whole configuration of llama-swap. */
  configuration?: { [name: string]: JsonValue } | undefined;
}

export interface ParsedInstance {
  /** Its name in a llama-swap configuration; left out: the text has none. */
  model?: string | undefined;
  /** The line of this name in the text. */
  line?: number | undefined;
  /** For `POST /instances`, after a person has looked at them. */
  settings: ParsedSettings;
  /** Parts of the text, and the setting that each became, dotted: `options.ctx_size`. */
  understood: UnderstoodText[];
  /** Parts of the text that became no setting, and why. */
  dropped: DroppedText[];
}

export interface ParsedSettings {
  /** Unique without regard to case; only `rename` changes it. */
  name?: string | undefined;
  /** `llama_cpp`, `custom`, or the name of a custom engine in the configuration. */
  engine?: string | undefined;
  /** A model of `GET /models`: its reference (`org/repo:Q4_K_M`), name or id. llamactl finds its file, which becomes `model_path`; give only one of the two. */
  model?: string | undefined;
  /** The model file. It need not exist until the instance starts. */
  model_path?: string | undefined;
  /** Left out: llamactl chooses one from `instances.port_range`. */
  port?: number | undefined;
  options?: Options | undefined;
  /** Passed to the engine unchanged, after `options`, which they override. */
  extra_args?: string[] | undefined;
  /** Environment variables of the engine. `"***"` in an update keeps the stored value. */
  environment?: { [name: string]: string } | undefined;
  /** More names by which requests under `/v1` can select the instance. */
  aliases?: string[] | undefined;
  /** Hide the instance from `GET /v1/models`. */
  unlisted?: boolean | undefined;
  /** Stop the instance after this many seconds without a request; 0: never. Default: `instances.idle_timeout`. */
  idle_timeout?: number | undefined;
  /** Never evict the instance or stop it because it is idle. */
  pinned?: boolean | undefined;
  /** Group whose limits apply; `groups` in the configuration defines them. */
  group?: string | undefined;
  /** Most requests that the engine gets at once; others wait. Default: no limit. */
  concurrency?: number | undefined;
  /** Replaces the `model` of each request before the engine gets it. */
  upstream_model?: string | undefined;
  /** Fields that llamactl adds to JSON bodies under `/v1` that lack them. They override those of `preset`. */
  request_defaults?: { [name: string]: JsonValue } | undefined;
  /** Fields that llamactl removes from JSON bodies under `/v1`. */
  request_strip?: string[] | undefined;
}

export interface PastAlert {
  /** `seq` of the event with which it was raised; for `before_seq`. */
  seq: number;
  level: 'warning' | 'error';
  /** Kind of alert; stable. */
  code: string;
  /** The last message. */
  message: string;
  /** The affected instance; absent: the whole system. */
  instance?: string | undefined;
  /** The cause, if the alert was about the end of a run. */
  cause?: Cause | undefined;
  /** `null`: before the oldest kept event. */
  raised_at: string | null;
  /** `null`: it is still raised. */
  cleared_at: string | null;
}

export type PastEvent = {
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  type: 'instance_status_changed';
  data: {
    name: string;
    status: Status;
    previous_status: Status;
    reason?: string | undefined;
    /** `reason` as data; absent: no kind of phrase. */
    phrase?: Phrase | undefined;
    /** Why llamactl stops it without a request: `eviction`: another instance needs its slot; `idle`: its idle timeout passed. */
    cause?: 'eviction' | 'idle' | undefined;
    /** Who or what made it change; a later status of the same start or stop repeats it. Absent: unknown. */
    trigger?: {
      /** `command`: a start, stop or restart by a caller; `update`: a caller changed its settings; `demand`: a request needed it; `eviction`: another instance needed its slot or memory; `idle`: its idle timeout passed; `restart_policy`: its engine ended or hung; `server_start`: llamactl started. */
      kind: 'command' | 'update' | 'demand' | 'eviction' | 'idle' | 'restart_policy' | 'server_start';
      /** Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see all instances. */
      caller?: string | undefined;
      /** `X-Request-Id` of the request that started it on demand; absent like `caller`. */
      request_id?: string | undefined;
      /** Name of the instance that needed its slot or memory; absent: none, or one that you may not see. */
      needed_by?: string | undefined;
    } | undefined;
  };
} | {
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  type: 'instance_start_refused';
  data: {
    name: string;
    /** Error code that the start returned. */
    code: 'MODEL_NOT_FOUND' | 'ENGINE_NOT_FOUND' | 'PORT_IN_USE' | 'CAPACITY_EXCEEDED' | 'DOES_NOT_FIT' | 'VALIDATION_ERROR' | 'RESERVED_OPTION' | 'PRIVILEGED_OPTION';
    /** Message of that error. It names the program of an engine without the folder, which not every reader may see. */
    message: string;
    /** Who or what requested the start. Absent: unknown. */
    trigger?: {
      /** `command`: a start, stop or restart by a caller; `update`: a caller changed its settings; `demand`: a request needed it; `eviction`: another instance needed its slot or memory; `idle`: its idle timeout passed; `restart_policy`: its engine ended or hung; `server_start`: llamactl started. */
      kind: 'command' | 'update' | 'demand' | 'eviction' | 'idle' | 'restart_policy' | 'server_start';
      /** Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see all instances. */
      caller?: string | undefined;
      /** `X-Request-Id` of the request that started it on demand; absent like `caller`. */
      request_id?: string | undefined;
      /** Name of the instance that needed its slot or memory; absent: none, or one that you may not see. */
      needed_by?: string | undefined;
    } | undefined;
  };
} | {
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  type: 'instance_created';
  data: {
    name: string;
    /** Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see all instances. */
    caller?: string | undefined;
  };
} | {
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  type: 'instance_updated';
  data: {
    name: string;
    /** Present after a rename: the name until now. */
    previous_name?: string | undefined;
    /** The settings that changed: `port`, `options.ctx_size`. Absent: none of them. */
    changed?: string[] | undefined;
    /** The values of those in `changed` that are numbers, booleans or short texts: never secrets, variables, arguments or prompts. Absent: none of them. */
    values?: ChangedValue[] | undefined;
    /** The finding of llamactl, if no caller changed the instance. */
    reason?: string | undefined;
    /** Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see all instances. */
    caller?: string | undefined;
  };
} | {
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  type: 'instance_deleted';
  data: {
    name: string;
    /** Who: `user:NAME`, `key:ID (NAME)` or `anonymous`. Absent: no caller, or you are not an operator who may see all instances. */
    caller?: string | undefined;
  };
} | {
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  type: 'system_alert';
  data: {
    level: 'warning' | 'error';
    code: string;
    message: string;
    state: 'raised' | 'cleared';
    instance?: string | undefined;
    cause?: Cause | undefined;
  };
} | {
  /** RFC 3339, UTC. */
  timestamp: string;
  /** Grows with every kept frame, also across restarts; a frame that is not kept repeats the last kept one. */
  seq: number;
  type: 'download_progress';
  data: {
    id: string;
    /** The reference as people write it: `org/repo:Q4_K_M`. */
    model: string;
    state: DownloadState;
    /** Bytes on this machine, of all files. */
    done_bytes: number;
    total_bytes: number;
    /** 0 unless bytes come. */
    bytes_per_second: number;
    /** Until all bytes are here; `null`: unknown. */
    eta_seconds: number | null;
    /** Why it failed, or waits for room on the disk. */
    error: DownloadError | null;
  };
};

/** A sentence of the server as data, for programs that write it in another language. */
export interface Phrase {
  kind: PhraseKind;
  /** The names and figures in it. Names of sizes end in `_bytes`. Absent: none. */
  data?: { [name: string]: string | number } | undefined;
}

export type PhraseKind = 'runs_well' | 'runs_without_answer' | 'pinned_despite_idle_timeout' | 'settings_wait' | 'blocked_once_stopped' | 'changed_blocked_once_stopped' | 'waits_to_start' | 'needs_memory' | 'about_to_start' | 'loads' | 'starts' | 'stops' | 'goes_down' | 'goes_down_because' | 'will_restart' | 'never_started' | 'stopped_by_caller' | 'run_ended' | 'blocked' | 'blocked_before_first_start' | 'blocked_after_change' | 'failed' | 'failed_before_change' | 'gave_up' | 'as_asked' | 'evicted' | 'idle' | 'rebooted' | 'model_missing' | 'model_unreadable' | 'model_damaged' | 'model_too_new' | 'wrong_file' | 'port_in_use' | 'engine_missing' | 'library_missing' | 'gpu_memory' | 'memory' | 'killed' | 'argument' | 'processor' | 'crash' | 'no_progress' | 'no_answer' | 'ended_by_itself' | 'does_not_fit' | 'waits_for' | 'no_slot' | 'unknown' | 'look_at_output' | 'follow_output' | 'unpin' | 'see_others_memory' | 'choose_model' | 'choose_model_or_name' | 'or_choose_model' | 'or_choose_model_or_name' | 'fetch_lfs_file' | 'download_again' | 'choose_file_of_model' | 'install_newer_for_model' | 'free_port' | 'another_port' | 'end_port_holder' | 'install_llama_server' | 'set_llama_server_path' | 'see_program' | 'choose_engine' | 'install_library' | 'test_engine' | 'raise_key' | 'check_oom' | 'raise_max_running' | 'install_for_cpu' | 'try_newer_llama_server' | 'check_model_file' | 'allow_more_time' | 'one_request_at_once' | 'look_for_ending_option' | 'delete_instance' | 'context_for_gpu' | 'see_gpus' | 'cpu_only' | 'part_to_cpu' | 'more_to_cpu' | 'make_readable' | 'find_files_again' | 'start_without_projector' | 'correct_option' | 'start_without_companion' | 'put_back' | 'or_put_back' | 'stop_instances' | 'smaller_context' | 'context' | 'context_fits' | 'cache_fits' | 'context_and_cache_fit' | 'layers_fit' | 'experts_fit' | 'options_fit' | 'correct_command' | 'correct_arguments' | 'correct_further_arguments' | 'correct_variable' | 'set_variable' | 'set_engine_variable' | 'correct_options' | 'check_variables' | 'check_engine_variables' | 'remove_option' | 'another_value' | 'use_flag' | 'use_present_file' | 'or_use_present_file' | 'use_newer_version' | 'pull_with_ollama' | 'then_use_file' | 'take_file_and_settings' | 'only_file' | 'start' | 'start_with_new_settings' | 'restart' | 'restart_then' | 'restart_if_hanging' | 'restart_to_apply' | 'stop_at_once' | 'retry_now' | 'give_up' | 'do_not_start' | 'process' | 'port' | 'last_exit' | 'restarts' | 'tried_removed' | 'tried_value' | 'tried_other' | 'retried_for_requests' | 'retried_by_hand' | 'waits_for_names' | 'newer_version' | 'device_short' | 'memory_in_use' | 'cannot_start' | 'cannot_start_again' | 'no_alerts' | 'checks_unfinished' | 'no_configuration_file' | 'configuration_pending' | 'files_replaced_by_ollama' | 'model_deleted_by_ollama' | 'broken_models' | 'data_dir_ok' | 'data_dir_foreign' | 'data_dir_not_writable' | 'data_dir_writable_by_others' | 'data_dir_readable_by_others' | 'disk_free' | 'disk_low' | 'downloads_not_writable' | 'database_none' | 'database_whole' | 'no_gpu' | 'gpu_not_reported' | 'engine_found' | 'engine_old' | 'engine_is_other' | 'engine_lacks_flags' | 'devices_not_reported' | 'devices_cpu_only' | 'devices_lack_gpu' | 'service_none' | 'service_kills_engines' | 'service_ends_at_logout' | 'models_no_folder' | 'models_none' | 'models_dir_missing' | 'models_dir_no_folder' | 'port_free' | 'port_own' | 'port_foreign' | 'ports_left' | 'open_files' | 'clock_wrong' | 'explain' | 'reload' | 'correct_file' | 'use_ollamas_files' | 'let_ollama_download' | 'delete_instances' | 'see_reasons' | 'allow_writing' | 'make_private' | 'other_user_or_folder' | 'other_folder' | 'other_download_folder' | 'free_space' | 'see_disk_use' | 'set_engine_path' | 'correct_or_remove' | 'install_newer_engine' | 'name_right_program' | 'install_gpu_engine' | 'keep_services_running' | 'set_kill_mode' | 'use_complete_unit' | 'get_model' | 'add_folder' | 'correct' | 'choose_port_or_stop' | 'widen' | 'raise_in_shell' | 'set_limit_in_service' | 'set_clock' | 'install_tool' | 'model_path_missing' | 'name_taken' | 'names_instance' | 'port_taken' | 'ports_used_up' | 'bad_name' | 'required' | 'unknown_setting' | 'wrong_type' | 'too_small' | 'too_large' | 'reserved_setting' | 'privileged_setting' | 'unknown_option' | 'option_of_ollama' | 'same_option' | 'removed_option' | 'needs_value' | 'needs_number' | 'needs_switch' | 'value_not_allowed';

export interface Probe {
  status: 'ok' | 'starting' | 'stopping';
}

export interface Problem {
  /** Where the problem is, dotted: `options.threads`; empty for the whole body. */
  path: string;
  /** Problem, and the expected value. */
  message: string;
  /** `message` as data; absent: no kind of phrase. */
  phrase?: Phrase | undefined;
}

export interface Quant {
  /** Names it: `org/repo:Q4_K_M`. */
  reference: string;
  /** `Q4_K_M`; `null`: the name of its file has none. */
  quantization: string | null;
  /** The reference of the request means this one. */
  chosen: boolean;
  /** Bytes of all its parts, without companions. */
  size: number;
  /** An estimate of `memory_needed` against the largest memory of the machine: `yes` leaves 15 % free, `tight` does not. */
  fits: 'yes' | 'tight' | 'no';
  /** Bytes, an estimate: the files and a tenth, and 512 MiB for a short context and buffers. */
  memory_needed: number;
  /** Its parts, in order. */
  files: QuantFile[];
  /** Files that are downloaded with it: of its folder or the nearest one above, then of the nearest bit width. */
  companions: QuantCompanion[];
}

export interface QuantCompanion {
  kind: 'projector' | 'draft';
  /** Within the repository. */
  path: string;
  /** Bytes. */
  size: number;
  /** Of its bytes, hex; `null`: the source has none. */
  sha256: string | null;
}

export interface QuantFile {
  /** Within the repository. */
  path: string;
  /** Bytes. */
  size: number;
  /** Of its bytes, hex; `null`: the source has none. */
  sha256: string | null;
}

export interface QuantList {
  source: 'hub' | 'modelscope' | 'ollama' | 'docker' | 'url';
  /** `org/repo`. */
  repo: string;
  /** Branch or tag. */
  revision: string;
  /** 40 hex digits. For sources without commits it stands for the contents. */
  commit: string;
  /** As its author names it; `null`: unknown. */
  license: string | null;
  /** Downloads need a token of an account that accepted the conditions of the author. */
  gated: boolean;
  /** The folder on the server that gets the files of a download. */
  folder: string;
  memory: LargestMemory;
  /** By the paths of their files. */
  quants: Quant[];
}

export interface RefusedStart {
  /** RFC 3339, UTC. */
  at: string;
  /** Error code that the start returned. */
  code: 'MODEL_NOT_FOUND' | 'ENGINE_NOT_FOUND' | 'PORT_IN_USE' | 'CAPACITY_EXCEEDED' | 'DOES_NOT_FIT' | 'VALIDATION_ERROR' | 'RESERVED_OPTION' | 'PRIVILEGED_OPTION';
  /** Message of that error. It names the program of an engine without the folder, which not every reader may see. */
  message: string;
}

export interface Remedy {
  /** The step for people, as on a button: `Use a context of 4096 tokens`. */
  label: string;
  /** `label` as data; absent: no kind of phrase. */
  phrase?: Phrase | undefined;
  /** Operation of the API that does it; for the instance, unless `body` has `names`. */
  operation?: 'updateInstance' | 'startInstance' | 'stopInstance' | 'restartInstance' | 'stopAllInstances' | undefined;
  /** Body of `operation`; absent: it needs none. */
  body?: { [name: string]: JsonValue } | undefined;
  /** Place where a person can do it, instead of `operation`: `log`, `settings`, `settings/FIELD`, `instances`, `instances/pinned`, `models`, `system`, or `configuration/KEY`. FIELD and KEY are dotted: `settings/options.ctx_size`. */
  link?: string | undefined;
  /** Whether the instance has these settings and failed again with them, for the same cause; absent: no. */
  tried?: boolean | undefined;
  /** A command for a shell on the machine, instead of `operation`; with `operation`, one that does it for all instances of the model; with `link`, one that does it where the place is locked. */
  command?: string | undefined;
}

export interface RenameInstance {
  /** The new name; unique without regard to case. */
  name: string;
}

export interface RequestError {
  /** The code of the error that llamactl or the engine answered; `null`: it has none. */
  code: string | null;
  /** At most 500 characters. */
  message: string;
}

export type RequestOutcome = 'ok' | 'client_error' | 'engine_error' | 'refused' | 'aborted' | 'cancelled' | 'broken';

export type RequestPhase = 'starting' | 'queued' | 'processing' | 'streaming';

export interface Requests {
  /** Oldest first. */
  in_flight: ActiveRequest[];
  /** Newest first. */
  finished: FinishedRequest[];
  /** Whether older finished requests match; ask for them with `before_seq`. */
  more: boolean;
}

export interface Resources {
  /** Percent (0–100) of all cores. */
  cpu_usage: number;
  /** Bytes that are not available to programs. */
  memory_usage: number;
  memory_total: number;
  /** Percent (0–100) of the data directory's filesystem. */
  disk_usage: number;
  /** Bytes of the data directory's filesystem. */
  disk_total: number;
  /** Bytes of it that llamactl may use. */
  disk_free: number;
  /** Empty if no tool reports a GPU. */
  gpus: Gpu[];
}

export type Role = 'viewer' | 'operator' | 'admin';

export type Scope = 'inference' | 'metrics' | 'viewer' | 'operator' | 'admin';

export interface ServerLog {
  /** Oldest first. */
  logs: ServerLogEntry[];
  /** From here on all lines are kept; of earlier lines only warnings and errors. `null`: none is kept. */
  since: string | null;
}

export interface ServerLogEntry {
  timestamp: string;
  level: LogLevel;
  message: string;
  /** The other fields of the line, such as `err`. */
  fields: { [name: string]: JsonValue };
}

export interface Session {
  id: string;
  /** When the user logged in. */
  created_at: string;
  /** When a token was last refreshed; `null`: never. */
  refreshed_at: string | null;
  /** When a request last had one of its tokens. Accurate to one minute; to the last refresh, if llamactl has restarted since. */
  last_used_at: string;
  /** When its newest token expires. */
  expires_at: string;
  /** When the log-in ends: no token is valid for longer. After `auth.session_ttl`; that of the web page with its cookie, after `auth.token_ttl`. */
  ends_at: string;
  /** Client address of the log-in, or of its last refresh. */
  address: string;
  /** `User-Agent` of that request; at most 200 characters. */
  user_agent: string | null;
  /** Whether this request has a token of this log-in. */
  current: boolean;
}

export interface SessionList {
  /** Newest log-in first. */
  sessions: Session[];
}

export interface SessionsEnded {
  message: string;
  /** How many log-ins were ended. */
  ended: number;
}

export interface StartObstacle {
  /** Error code that a start would return. `CAPACITY_EXCEEDED`: no slot can be freed, because pinned instances hold them. `DOES_NOT_FIT`: it needs more memory than it can get. `VALIDATION_ERROR`: the configuration no longer has the engine. `RESERVED_OPTION`, `PRIVILEGED_OPTION`: a stored variable may not be set. */
  code: 'MODEL_NOT_FOUND' | 'ENGINE_NOT_FOUND' | 'PORT_IN_USE' | 'CAPACITY_EXCEEDED' | 'DOES_NOT_FIT' | 'VALIDATION_ERROR' | 'RESERVED_OPTION' | 'PRIVILEGED_OPTION';
  /** Problem and fix, for a person. */
  message: string;
  cause: Cause;
}

export interface Starter {
  name: string;
  purpose: 'small' | 'general' | 'coder' | 'vision' | 'embedding' | 'reranker';
  /** For machines whose largest memory has at least so many GB. */
  memory_gb: number;
  reference: string;
  /** Bytes with companions, rounded; `GET /api/models/quants` has the exact sizes. */
  size: number;
  /** Why it is in the list, in a sentence. */
  reason: string;
  /** An estimate of `memory_needed` against the largest memory of the machine: `yes` leaves 15 % free, `tight` does not. */
  fits: 'yes' | 'tight' | 'no';
  /** Bytes, an estimate: the files and a tenth, and 512 MiB for a short context and buffers. */
  memory_needed: number;
}

export interface StarterList {
  memory: LargestMemory;
  /** By memory, then by purpose. */
  starters: Starter[];
}

export interface Stats {
  /** Resident memory of all its processes, bytes. */
  memory_usage: number;
  /** Percent of one core: 400 means four busy cores. */
  cpu_usage: number;
  /** Threads of all its processes. */
  threads: number;
  /** Bytes read since the engine was spawned, from disks and caches. */
  read_bytes: number;
  /** Bytes written since the engine was spawned. */
  write_bytes: number;
  /** Bytes on all GPUs; `null`: no tool reports it. */
  gpu_memory_usage: number | null;
  /** The GPUs that it uses; empty: none, or no tool reports it. */
  gpus: GpuUse[];
  /** Seconds since the engine was spawned. */
  uptime: number;
}

export interface StatsHistory {
  name: string;
  /** Length of the history, in seconds. */
  window: number;
  /** Seconds between two measurements, which is the shortest step. */
  interval: number;
  points: StatsPoint[];
}

export interface StatsPoint {
  /** The end of the step. */
  timestamp: string;
  /** Length of the step; older steps are longer. */
  seconds: number;
  /** Resident memory of all its processes, bytes. */
  memory_usage: number;
  /** Percent of one core: 400 means four busy cores. */
  cpu_usage: number;
  /** Threads of all its processes. */
  threads: number;
  /** Bytes read since the engine was spawned, from disks and caches. */
  read_bytes: number;
  /** Bytes written since the engine was spawned. */
  write_bytes: number;
  /** Bytes on all GPUs; `null`: no tool reports it. */
  gpu_memory_usage: number | null;
  /** Highest value of the step. */
  cpu_usage_peak: number;
  /** Highest value of the step. */
  memory_usage_peak: number;
  /** Requests that ended. */
  requests: number;
  /** Tokens of their prompts, cached ones too. */
  tokens_in: number;
  /** Tokens generated. */
  tokens_out: number;
  /** Tokens generated, per second of the step. */
  tokens_per_second: number;
  /** Seconds from a request to the first token of its answer, waiting included: the median; `null`: none came. */
  ttft_p50: number | null;
  /** The same, which 95 of 100 requests did not exceed. */
  ttft_p95: number | null;
  /** Most requests that waited at one time. */
  waiting_max: number;
}

/** `running`: the engine answered its health check. `restarting`: stopping in order to start again, or waiting for the backoff. `failed`: llamactl gave up; `reason` says why. */
export type Status = 'stopped' | 'starting' | 'running' | 'stopping' | 'restarting' | 'failed';

export interface StopBody {
  /** Send SIGKILL at once, even while a normal stop drains. Default false. */
  force?: boolean | undefined;
  /** How many seconds in-flight requests may take to finish. Default `instances.stop_timeout`. */
  timeout?: number | undefined;
}

export interface Subscribe {
  type: 'subscribe';
  /** Names, ignoring case, also of future instances. Left out: all that the caller may see. */
  instances?: string[] | undefined;
  /** Left out: all but `requests_updated`, `request_started`, `request_finished`, `system_stats_updated`, `instance_load_progress`, `instances_refreshed`, `decision`. */
  types?: ('instance_status_changed' | 'instance_start_refused' | 'instance_created' | 'instance_updated' | 'instance_deleted' | 'system_alert' | 'download_progress' | 'instance_stats_updated' | 'requests_updated' | 'request_started' | 'request_finished' | 'system_stats_updated' | 'instance_load_progress' | 'instances_refreshed' | 'decision')[] | undefined;
  /** Logs whose lines to send. An entry that the previous subscription had too goes on where it is. */
  logs?: {
    /** Name of the instance, ignoring case. */
    instance: string;
    /** Lines of this level and above. */
    level?: LogLevel | undefined;
    /** Begin after this line. Left out: with the next new line. */
    after_seq?: number | undefined;
  }[] | undefined;
}

export interface SystemInfo {
  hostname: string;
  os: 'linux' | 'darwin';
  /** In Go's names: amd64, arm64. */
  arch: string;
  cpu_count: number;
  /** As the system names it; `null`: unknown. */
  cpu_model: string | null;
  memory_total: number;
  version: string;
  /** When the package was built; for a checkout, when its files were written. */
  build_time: string;
  /** Commit of the source; `-dirty` at the end: the package was built with uncommitted changes. `null`: unknown. */
  commit: string | null;
  /** The data directory, then the folders of models. */
  folders: Folder[];
}

export interface SystemStats {
  /** Length of the history, in seconds. */
  window: number;
  /** Seconds between two measurements, which is the shortest step. */
  interval: number;
  points: SystemStatsPoint[];
}

export interface SystemStatsPoint {
  /** The end of the step. */
  timestamp: string;
  /** Length of the step; older steps are longer. */
  seconds: number;
  /** Percent (0–100) of all cores. */
  cpu_usage: number;
  /** Bytes that are not available to programs. */
  memory_usage: number;
  /** Percent (0–100) of the data directory's filesystem. */
  disk_usage: number;
  gpus: GpuPoint[];
}

export interface SystemStatus {
  version: string;
  /** Seconds since llamactl started. */
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
  resources: Resources;
  /** The configured groups of instances that the caller may see, by name. */
  groups: GroupLimits[];
}

export interface TestedReceiver {
  /** The setting that names the receiver. */
  receiver: 'alerts.webhook' | 'alerts.command';
  /** Why the receiver did not take the alert; `null`: it took it. */
  error: string | null;
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

export interface UnderstoodText {
  text: string;
  path: string;
}

export interface UnreadModel {
  /** Its name in the configuration; left out: the text has none. */
  model?: string | undefined;
  /** The line where the model begins in the text. */
  line: number;
  /** The end of a sentence about the model: `has no cmd`. */
  why: string;
  /** Settings of an instance of the custom engine that `configuration` has for the model, which the server lacks. Left out: no engine can run it. */
  settings?: ParsedSettings | undefined;
}

export interface UpdateInstance {
  /** `llama_cpp`, `custom`, or the name of a custom engine in the configuration. */
  engine?: string | null | undefined;
  /** The model file. It need not exist until the instance starts. */
  model_path?: string | null | undefined;
  /** A model of `GET /models`: its reference (`org/repo:Q4_K_M`), name or id. llamactl finds its file, which becomes `model_path`; give only one of the two. */
  model?: string | null | undefined;
  /** Left out: llamactl chooses one from `instances.port_range`. */
  port?: number | null | undefined;
  /** The engine's own long flags in snake_case. `false` becomes `--no-x` if the engine has that flag; a list repeats the flag. Merged key by key; `null` removes an option. */
  options?: { [name: string]: string | number | boolean | (string | number)[] | null } | null | undefined;
  /** Passed to the engine unchanged, after `options`, which they override. */
  extra_args?: string[] | null | undefined;
  /** Environment variables of the engine. `"***"` in an update keeps the stored value. Merged name by name; `null` removes a variable. */
  environment?: { [name: string]: string | null } | null | undefined;
  /** Replaces the engine's command. Privileged. */
  command?: string[] | null | undefined;
  /** Path that answers 200 when the engine is ready. Default `/health`. */
  health_path?: string | null | undefined;
  /** More names by which requests under `/v1` can select the instance. */
  aliases?: string[] | null | undefined;
  /** Hide the instance from `GET /v1/models`. */
  unlisted?: boolean | null | undefined;
  /** After a reboot of the machine, start the instance if it was meant to run. */
  auto_start?: boolean | null | undefined;
  /** Restart the engine if it dies after it was ready. Default: `instances.auto_restart`. */
  auto_restart?: boolean | null | undefined;
  /** Restarts in a row before `failed`; -1: no limit. Default: `instances.max_restarts`. */
  max_restarts?: number | null | undefined;
  /** A request under `/v1` starts the instance if it is stopped. Default true. */
  on_demand?: boolean | null | undefined;
  /** Stop the instance after this many seconds without a request; 0: never. Default: `instances.idle_timeout`. */
  idle_timeout?: number | null | undefined;
  /** Never evict the instance or stop it because it is idle. */
  pinned?: boolean | null | undefined;
  /** Group whose limits apply; `groups` in the configuration defines them. */
  group?: string | null | undefined;
  /** Most requests that the engine gets at once; others wait. Default: no limit. */
  concurrency?: number | null | undefined;
  /** Most requests that may wait; llamactl refuses further ones. Default 1 000. */
  queue_limit?: number | null | undefined;
  /** Replaces the `model` of each request before the engine gets it. */
  upstream_model?: string | null | undefined;
  /** Fields that llamactl adds to JSON bodies under `/v1` that lack them. They override those of `preset`. */
  request_defaults?: { [name: string]: JsonValue } | null | undefined;
  /** Fields that llamactl removes from JSON bodies under `/v1`. */
  request_strip?: string[] | null | undefined;
  /** System prompt that llamactl adds to chats under `/v1` that have none. An empty text adds none, not even that of `preset`. */
  system_prompt?: string | null | undefined;
  /** Preset whose `request_defaults` and `system_prompt` apply; `presets` in the configuration defines them. */
  preset?: string | null | undefined;
  /** Do not reuse cached prompts across requests, so that callers cannot find out prompts of others. Engine `llama_cpp` only. Default false. */
  isolated?: boolean | null | undefined;
  /** `auto`: save the computed prompts of the engine when it stops, and restore them at its next start, so that a long conversation continues without a wait. This stores conversations on disk. Engine `llama_cpp` only. Default `off`. */
  keep_context?: 'off' | 'auto' | null | undefined;
  /** Must be the current name; `rename` changes it. */
  name?: string | undefined;
}

export interface UpdateKey {
  name?: string | undefined;
  /** Another end, in the future; `null`: never. */
  expires_at?: string | null | undefined;
  /** Cannot be changed: it must be as it is, or be left out. */
  owner?: string | undefined;
  /** Cannot be changed: it must be as it is, or be left out. */
  scopes?: Scope[] | undefined;
  /** Cannot be changed: it must be as it is, or be left out. */
  instances?: string[] | null | undefined;
  /** Cannot be changed: it must be as it is, or be left out. */
  may_start?: boolean | undefined;
  /** Cannot be changed: it must be as it is, or be left out. */
  max_in_flight?: number | undefined;
  /** Cannot be changed: it must be as it is, or be left out. */
  requests_per_minute?: number | undefined;
  /** Cannot be changed: it must be as it is, or be left out. */
  tokens_per_minute?: number | undefined;
}

export interface UpdateUser {
  role?: Role | undefined;
  disabled?: boolean | undefined;
  /** Revokes all tokens and keys of the account. */
  password?: string | undefined;
  /** Concurrent requests to `/v1`, including those that wait for an engine; 0: no limit. */
  max_in_flight?: number | undefined;
  /** Requests to `/v1` in any 60 seconds; 0: no limit. */
  requests_per_minute?: number | undefined;
  /** Prompt and answer tokens in any 60 seconds, counted when an answer ends; 0: no limit. */
  tokens_per_minute?: number | undefined;
}

export interface Usage {
  by: UsageGroup;
  /** How far back, in seconds. */
  window: number;
  /** Requests that ended since then are counted. At most one step before the window: a minute up to `1h`, 15 minutes up to `24h`, then 3 hours. Later if llamactl began to count later. */
  since: string;
  /** The time of the answer. */
  until: string;
  /** Most tokens first. */
  usage: UsageRow[];
}

export type UsageGroup = 'key' | 'user' | 'instance';

export interface UsageRow {
  /** Id of the key; `null`: the row is of an account or an instance. */
  id: string | null;
  /** Its name, also after it was deleted. `null`: requests without an account, or for a model that no instance has. */
  name: string | null;
  /** The account of the key; `null`: the row is of an account or an instance. */
  owner: string | null;
  /** Whether the key, account or instance no longer exists. */
  deleted: boolean;
  /** Requests to engines that ended, with those that were refused or failed. */
  requests: number;
  /** Requests that llamactl answered with an error, such as those beyond a limit. */
  refused: number;
  /** Requests that an engine answered with an error, or whose answer broke off. */
  failed: number;
  /** Tokens of their prompts, cached ones too. */
  tokens_in: number;
  /** Tokens generated. */
  tokens_out: number;
  /** When the last of these requests ended. */
  last_used_at: string;
}

export interface User {
  username: string;
  role: Role;
  /** Its tokens and keys are refused. */
  disabled: boolean;
  /** Concurrent requests to `/v1`, including those that wait for an engine; 0: no limit. */
  max_in_flight: number;
  /** Requests to `/v1` in any 60 seconds; 0: no limit. */
  requests_per_minute: number;
  /** Prompt and answer tokens in any 60 seconds, counted when an answer ends; 0: no limit. */
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

export interface Why {
  /** The state of the instance, and why, in one sentence. */
  sentence: string;
  /** `sentence` as data, in its order. A phrase that ends in a reason has that reason after it. */
  phrases?: Phrase[] | undefined;
  /** The reason in `sentence`, in the words of the engine, the system or llamactl; absent: none. */
  words?: string | undefined;
  /** `null`: nothing is wrong. */
  cause: Cause | null;
  evidence: Evidence[];
  /** The best one first; empty: nothing to do. */
  remedies: Remedy[];
  /** `seq` of the line in its log that shows the cause; `null`: none. */
  log_seq: number | null;
}

/** The `code` of an error answer; stable. */
export type ErrorCode = ErrorBody['code'];
