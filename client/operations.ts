import { splitAuditFilter, type AuditFilter } from './audit-filter.ts';
import type * as models from './models.ts';
import type { CallOptions } from './options.ts';
import { path } from './path.ts';
import type { Request, Transport } from './transport.ts';

/** Options of starting, stopping and restarting. */
export interface WaitOptions extends CallOptions {
  /** Resolve when the outcome is known instead of at once. The call then has no timeout. */
  wait?: boolean | undefined;
}

/** Which requests to list. */
export interface RequestFilter {
  finished: number;
  before_seq: number;
  instance: string;
  caller: string;
  outcome: models.RequestOutcome;
  slower_than: number;
}

/** Which instances to export. */
interface ExportedNames {
  names: readonly string[];
}

/** Which kept events to list. */
export interface EventFilter {
  /** Name of the instance that the events are about. */
  instance: string;
  type: models.PastEvent['type'];
  /** Only events with a smaller `seq`. */
  before_seq: number;
  limit: number;
}

/** A type whose optional fields may also be `undefined`. */
type Optional<Fields> = { [Name in keyof Fields]?: Fields[Name] | undefined } & CallOptions;

/** The operations of the API as methods. Parameters are those of the path, then the body, then options. */
export class Operations {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Lists all instances, oldest first. */
  async listInstances({ status, ...call }: Optional<{ status: models.Status }> = {}): Promise<
    models.InstanceSummary[]
  > {
    return (await this.#get<models.InstanceList>('/api/instances', call, { status })).instances;
  }

  /** Returns an instance with all its fields. */
  getInstance(name: string, call?: CallOptions): Promise<models.Instance> {
    return this.#get(path`/api/instances/${name}`, call);
  }

  /**
   * Creates an instance; does not start it.
   *
   * @param options `dry_run`: change nothing; `preview` of the answer says what would happen.
   */
  createInstance(
    body: models.CreateInstance,
    { dry_run, ...call }: Optional<{ dry_run: boolean }> = {},
  ): Promise<models.InstanceCreated> {
    return this.#send('POST', '/api/instances', { body, query: { dry_run }, ...call });
  }

  /**
   * Changes settings with a merge patch: absent settings stay, `null` removes one. A running engine keeps its settings
   * until it restarts. `apply: 'restart'` restarts it now.
   *
   * @param options `ifMatch`: the `ETag` that the settings must still have, else `PreconditionFailedError`. `dry_run`: change
   *   nothing; `preview` of the answer says what would happen.
   */
  updateInstance(
    name: string,
    body: models.UpdateInstance,
    { apply, dry_run, ifMatch, ...call }: Optional<{ apply: 'restart'; dry_run: boolean; ifMatch: string }> = {},
  ): Promise<models.InstanceUpdated> {
    const headers = ifMatch === undefined ? {} : { 'if-match': ifMatch };
    return this.#send('PUT', path`/api/instances/${name}`, { body, query: { apply, dry_run }, headers, ...call });
  }

  /**
   * Gives an instance another name, in any state. Its logs, statistics and keys follow, and its engine keeps running.
   */
  renameInstance(name: string, body: models.RenameInstance, call?: CallOptions): Promise<models.InstanceUpdated> {
    return this.#send('POST', path`/api/instances/${name}/rename`, { body, ...call });
  }

  /** Deletes an instance that does not run; waits for a stop in progress. */
  deleteInstance(name: string, call?: CallOptions): Promise<models.Message> {
    return this.#send('DELETE', path`/api/instances/${name}`, { isPatient: true, ...call });
  }

  /** Starts an instance. With `wait`, a failed start rejects with a `ServerError` (`START_FAILED`) and its `reason`. */
  startInstance(name: string, { wait, ...call }: WaitOptions = {}): Promise<models.Lifecycle> {
    return this.#command(path`/api/instances/${name}/start`, undefined, wait, call);
  }

  /** Stops an instance; in-flight requests may finish first. */
  stopInstance(name: string, body?: models.StopBody, { wait, ...call }: WaitOptions = {}): Promise<models.Lifecycle> {
    return this.#command(path`/api/instances/${name}/stop`, body, wait, call);
  }

  /** Stops an instance, then starts it; starts a stopped one. */
  restartInstance(
    name: string,
    body?: models.StopBody,
    { wait, ...call }: WaitOptions = {},
  ): Promise<models.Lifecycle> {
    return this.#command(path`/api/instances/${name}/restart`, body, wait, call);
  }

  /** Probes the engine now. */
  getInstanceHealth(name: string, call?: CallOptions): Promise<models.Health> {
    return this.#get(path`/api/instances/${name}/health`, call);
  }

  /** Explains the state of an instance: the cause, the evidence, and what helps. Probes the engine. */
  getInstanceWhy(name: string, call?: CallOptions): Promise<models.Why> {
    return this.#get(path`/api/instances/${name}/why`, call);
  }

  /** Returns the memory that an instance needs, also with other options, and whether it fits now. */
  estimateInstance(name: string, body?: models.InstanceEstimateRequest, call?: CallOptions): Promise<models.Estimate> {
    return this.#send('POST', path`/api/instances/${name}/estimate`, { body, ...call });
  }

  /** Starts all stopped and failed instances, or only those of them in `names`. */
  startAllInstances(body?: models.NamesBody, call?: CallOptions): Promise<models.BatchResult> {
    return this.#send('POST', '/api/instances/start-all', { body, ...call });
  }

  /** Stops all instances that run, start or restart, or only those of them in `names`. */
  stopAllInstances(body?: models.NamesBody, call?: CallOptions): Promise<models.BatchResult> {
    return this.#send('POST', '/api/instances/stop-all', { body, ...call });
  }

  /** Restarts the instances in `names`; starts stopped ones. */
  restartAllInstances(body: models.NamedBody, call?: CallOptions): Promise<models.BatchResult> {
    return this.#send('POST', '/api/instances/restart-all', { body, ...call });
  }

  /** Deletes the instances in `names` that do not run; waits for stops in progress. */
  deleteAllInstances(body: models.NamedBody, call?: CallOptions): Promise<models.BatchResult> {
    return this.#send('POST', '/api/instances/delete-all', { body, isPatient: true, ...call });
  }

  /** Returns the last lines of output, across runs and rotations. `followLogs` continues with new lines. */
  getInstanceLogs(
    name: string,
    {
      lines,
      level,
      after_seq,
      before_seq,
      q,
      ...call
    }: Optional<{ lines: number; level: models.LogLevel; after_seq: number; before_seq: number; q: string }> = {},
  ): Promise<models.Logs> {
    return this.#get(path`/api/instances/${name}/logs`, call, { lines, level, after_seq, before_seq, q });
  }

  /**
   * Returns memory, CPU, I/O and requests of the last hours.
   *
   * @param options `window`: how far back, in seconds or as `15m`, `1h`, `24h`; default one hour.
   */
  getInstanceStats(
    name: string,
    { window, ...call }: Optional<{ window: string | number }> = {},
  ): Promise<models.StatsHistory> {
    return this.#get(path`/api/instances/${name}/stats`, call, { window });
  }

  /**
   * Returns resources and requests of all instances over time, in equal steps.
   *
   * @param options `window`: how far back, in seconds or as `15m`, `1h`, `24h`; default 15 minutes. `points`: how many
   *   steps; default 60.
   */
  getFleetStats({
    window,
    points,
    ...call
  }: Optional<{ window: string | number; points: number }> = {}): Promise<models.FleetStats> {
    return this.#get('/api/stats', call, { window, points });
  }

  /**
   * Creates, changes and removes instances to match a document; only changed ones restart.
   *
   * @param document The document, or its text in YAML or JSON.
   * @param options `prune`: remove instances that the document does not name. `dry_run`: change nothing, return the steps.
   */
  applyFleet(
    document: models.Fleet | string,
    { prune, dry_run, ...call }: Optional<{ prune: boolean; dry_run: boolean }> = {},
  ): Promise<models.Applied> {
    const content =
      typeof document === 'string' ? { text: { type: 'application/yaml', content: document } } : { body: document };
    return this.#send('POST', '/api/apply', { ...content, query: { prune, dry_run }, isPatient: true, ...call });
  }

  /**
   * Returns all instances, with their environment, as a document for `applyFleet`.
   *
   * @param options `names`: only these instances.
   */
  exportFleet({ names, ...call }: Optional<ExportedNames> = {}): Promise<models.Fleet> {
    return this.#get('/api/export', call, { names: names?.join(',') });
  }

  /** Returns the same document as YAML text. */
  async exportFleetYaml({ names, ...call }: Optional<ExportedNames> = {}): Promise<string> {
    const headers = { accept: 'application/yaml' };
    const query = { names: names?.join(',') };
    return (await this.#transport.text({ method: 'GET', path: '/api/export', headers, query, ...call })).body;
  }

  /** Lists the engines of the configuration, with program and version. */
  async listEngines(call?: CallOptions): Promise<models.Engine[]> {
    return (await this.#get<models.EngineList>('/api/engines', call)).engines;
  }

  /** Returns the options of the installed engine, from its own help. */
  getEngineOptions(engine: string, call?: CallOptions): Promise<models.EngineOptionList> {
    return this.#get(path`/api/engines/${engine}/options`, call);
  }

  /** Reads settings from a pasted command line, `docker run` or llama-swap model. Runs and changes nothing. */
  parseEngineCommand(body: models.ParseBody, call?: CallOptions): Promise<models.Parsed> {
    return this.#send('POST', '/api/engines/parse', { body, ...call });
  }

  /** Lists the models in the folders of the server. */
  listModels(call?: CallOptions): Promise<models.ModelList> {
    return this.#get('/api/models', call);
  }

  /** Returns a model with its files, companions, metadata and chat template. */
  getModel(id: string, call?: CallOptions): Promise<models.ModelDetails> {
    return this.#get(path`/api/models/${id}`, call);
  }

  /**
   * Searches the hub for repositories with GGUF files.
   *
   * @param options `limit`: most repositories; default 20.
   */
  searchModels(q: string, { limit, ...call }: Optional<{ limit: number }> = {}): Promise<models.ModelSearch> {
    return this.#get('/api/models/search', call, { q, limit });
  }

  /**
   * Lists the quants of a repository, with their files and whether they fit.
   *
   * @param options `revision`: branch, tag or commit; default `main`.
   */
  listQuants(repo: string, { revision, ...call }: Optional<{ revision: string }> = {}): Promise<models.QuantList> {
    return this.#get('/api/models/quants', call, { repo, revision });
  }

  /**
   * Reads the files of a model, and compares them with the hashes of their source. It has no timeout, because it takes a second for
   * each GB.
   *
   * @param id Of `listModels`.
   */
  async verifyModel(id: string, call?: CallOptions): Promise<models.CheckedFile[]> {
    const target = path`/api/models/${id}/verify`;
    return (await this.#send<models.ModelCheck>('POST', target, { isPatient: true, ...call })).files;
  }

  /** Deletes the files of a model that a download made, if no instance uses it. @param id Of `listModels`. */
  deleteModel(id: string, call?: CallOptions): Promise<models.Message> {
    return this.#send('DELETE', path`/api/models/${id}`, { ...call });
  }

  /** Lists models to begin with, for each purpose and size of memory. */
  listStarters(call?: CallOptions): Promise<models.StarterList> {
    return this.#get('/api/models/starters', call);
  }

  /** Returns the memory that a model needs with options, and whether it fits now. Starts nothing. */
  estimate(body: models.EstimateRequest, call?: CallOptions): Promise<models.Estimate> {
    return this.#send('POST', '/api/estimate', { body, ...call });
  }

  /** Downloads a model; returns the download of these files if there is one, which goes on if it was paused or failed. */
  createDownload(body: models.CreateDownload, call?: CallOptions): Promise<models.Download> {
    return this.#send('POST', '/api/models/downloads', { body, ...call });
  }

  /** Lists downloads that wait, run or failed, and those that ended in the last seven days, oldest first. */
  async listDownloads(call?: CallOptions): Promise<models.Download[]> {
    return (await this.#get<models.DownloadList>('/api/models/downloads', call)).downloads;
  }

  /** Returns a download with the progress of its files. */
  getDownload(id: string, call?: CallOptions): Promise<models.Download> {
    return this.#get(path`/api/models/downloads/${id}`, call);
  }

  /** Pauses a download; the bytes that came are kept. */
  pauseDownload(id: string, call?: CallOptions): Promise<models.Download> {
    return this.#send('POST', path`/api/models/downloads/${id}/pause`, { ...call });
  }

  /** Continues a download that is paused or failed. */
  resumeDownload(id: string, call?: CallOptions): Promise<models.Download> {
    return this.#send('POST', path`/api/models/downloads/${id}/resume`, { ...call });
  }

  /** Cancels a download and removes its incomplete files; a done or cancelled one leaves the list. */
  deleteDownload(id: string, call?: CallOptions): Promise<models.Message> {
    return this.#send('DELETE', path`/api/models/downloads/${id}`, { ...call });
  }

  /**
   * Lists requests to engines: those in flight and the last finished ones, by default 50.
   *
   * @param options `instance`, `caller`: only theirs. For finished ones also `outcome`, `slower_than` in seconds, and
   *   `before_seq`, for the next page.
   */
  listRequests({
    finished,
    before_seq,
    instance,
    caller,
    outcome,
    slower_than,
    ...call
  }: Optional<RequestFilter> = {}): Promise<models.Requests> {
    return this.#get('/api/requests', call, { finished, before_seq, instance, caller, outcome, slower_than });
  }

  /**
   * Returns requests and tokens of the last days by key, account or instance: your own; for admins, all.
   *
   * @param options `by`: default `key`. `window`: seconds or `'7d'`; default and most `'30d'`.
   */
  getUsage({
    by,
    window,
    ...call
  }: Optional<{ by: models.UsageGroup; window: string | number }> = {}): Promise<models.Usage> {
    return this.#get('/api/usage', call, { by, window });
  }

  /** Cancels a request of any caller: the engine stops working on it. */
  cancelRequest(id: string, call?: CallOptions): Promise<models.Message> {
    return this.#send('DELETE', path`/api/requests/${id}`, { ...call });
  }

  /** Returns metrics in the text format of Prometheus. */
  async getMetrics(call?: CallOptions): Promise<string> {
    return (await this.#transport.text({ method: 'GET', path: '/metrics', ...call })).body;
  }

  /** Returns the number of instances by status, and resource usage of the machine. */
  getSystemStatus(call?: CallOptions): Promise<models.SystemStatus> {
    return this.#get('/api/system/status', call);
  }

  /**
   * Returns CPU, memory, disk and GPUs of the last hours.
   *
   * @param options `window`: how far back, in seconds or as `15m`, `1h`, `24h`; default one hour.
   */
  getSystemStats({ window, ...call }: Optional<{ window: string | number }> = {}): Promise<models.SystemStats> {
    return this.#get('/api/system/stats', call, { window });
  }

  /** Describes the machine and the version of llamactl. */
  getSystemInfo(call?: CallOptions): Promise<models.SystemInfo> {
    return this.#get('/api/system/info', call);
  }

  /** Lists the alerts that are raised now. */
  async getSystemAlerts(call?: CallOptions): Promise<models.Alert[]> {
    return (await this.#get<models.Alerts>('/api/system/alerts', call)).alerts;
  }

  /** Sends a test alert to each configured receiver now. Returns why a receiver did not take it; an empty list: none is configured. */
  async testAlerts(call?: CallOptions): Promise<models.TestedReceiver[]> {
    return (await this.#send<models.AlertTest>('POST', '/api/system/alerts/test', { ...call })).receivers;
  }

  /** Lists kept events, newest first. `events` yields new ones. */
  listEvents({ instance, before_seq, limit, type, ...call }: Optional<EventFilter> = {}): Promise<models.Events> {
    return this.#get('/api/events', call, { instance, before_seq, limit, type });
  }

  /** Lists alerts that were raised, and when they were cleared. The one that was raised last comes first. */
  getAlertHistory({
    instance,
    before_seq,
    limit,
    ...call
  }: Optional<Omit<EventFilter, 'type'>> = {}): Promise<models.AlertHistory> {
    return this.#get('/api/system/alerts/history', call, { instance, before_seq, limit });
  }

  /** Checks the server's machine, the configuration and the instances for problems; takes up to 30 seconds. */
  getDoctor(call?: CallOptions): Promise<models.Doctor> {
    return this.#get('/api/system/doctor', call);
  }

  /** Returns the last lines of llamactl's own log, by default 200. */
  getSystemLogs({
    lines,
    level,
    q,
    ...call
  }: Optional<{ lines: number; level: models.LogLevel; q: string }> = {}): Promise<models.ServerLog> {
    return this.#get('/api/system/logs', call, { lines, level, q });
  }

  /** Replaces llamactl by a new process with the present configuration. No engine stops, no request is refused. */
  reloadSystem(call?: CallOptions): Promise<models.Message> {
    return this.#send('POST', '/api/system/reload', { ...call });
  }

  /** Returns the configuration, where each value comes from, and which changes wait for a restart. */
  getConfig(call?: CallOptions): Promise<models.ConfigView> {
    return this.#get('/api/config', call);
  }

  /** Changes a part of the configuration file. The change takes effect at the next reload or start. */
  updateConfig(body: models.ConfigPatch, call?: CallOptions): Promise<models.ConfigWritten> {
    return this.#send('PUT', '/api/config', { body, ...call });
  }

  /** Logs in and returns a token. The client does not use this token by itself: pass it as `token` to a new client. */
  login(body: models.Login, call?: CallOptions): Promise<models.LoggedIn> {
    return this.#send('POST', '/api/auth/login', { body, ...call });
  }

  /** Returns who you are to the server, and whether it has accounts. Invalid credentials count as none. */
  getMe(call?: CallOptions): Promise<models.Me> {
    return this.#get('/api/me', call);
  }

  /** Logs in a page of this server's own origin: sets its cookie, and returns the first token. */
  loginBrowser(body: models.Login, call?: CallOptions): Promise<models.LoggedIn> {
    return this.#send('POST', '/api/auth/browser', { body, token: null, ...call });
  }

  /**
   * Returns a token for 15 minutes, by the cookie of {@link loginBrowser}. The `token` function of a page's client calls
   * it, so it sends no token itself.
   */
  createBrowserToken(call?: CallOptions): Promise<models.Token> {
    return this.#send('POST', '/api/auth/browser/token', { token: null, ...call });
  }

  /** Ends the log-in of the page's cookie, with all its tokens. */
  logoutBrowser(call?: CallOptions): Promise<models.Message> {
    return this.#send('DELETE', '/api/auth/browser', { token: null, ...call });
  }

  /** Exchanges a valid token for a new one. */
  refreshToken(call?: CallOptions): Promise<models.Token> {
    return this.#send('POST', '/api/auth/refresh', { ...call });
  }

  /** Ends the log-in of this client's token, with all tokens of that log-in. */
  logout(call?: CallOptions): Promise<models.Message> {
    return this.#send('POST', '/api/auth/logout', { ...call });
  }

  /** Lists your own log-ins, newest first. */
  async listSessions(call?: CallOptions): Promise<models.Session[]> {
    return (await this.#get<models.SessionList>('/api/auth/sessions', call)).sessions;
  }

  /** Ends one of your log-ins: its tokens are refused from now on, and what they opened closes. */
  endSession(id: string, call?: CallOptions): Promise<models.Message> {
    return this.#send('DELETE', path`/api/auth/sessions/${id}`, { ...call });
  }

  /** Ends your log-ins. @param options `others`: the log-in of this client's token goes on. */
  endAllSessions({ others, ...call }: Optional<{ others: boolean }> = {}): Promise<models.SessionsEnded> {
    return this.#send('DELETE', '/api/auth/sessions', { query: { others }, ...call });
  }

  /** Changes your own password, which revokes all your tokens and keys. */
  changePassword(body: models.ChangePassword, call?: CallOptions): Promise<models.Message> {
    return this.#send('PUT', '/api/auth/password', { body, ...call });
  }

  /** Lists all accounts. */
  async listUsers(call?: CallOptions): Promise<models.User[]> {
    return (await this.#get<models.UserList>('/api/users', call)).users;
  }

  /** Creates an account. */
  createUser(body: models.CreateUser, call?: CallOptions): Promise<models.UserChanged> {
    return this.#send('POST', '/api/users', { body, ...call });
  }

  /** Changes role, password or limits of an account, disables or enables it. */
  updateUser(username: string, body: models.UpdateUser, call?: CallOptions): Promise<models.UserChanged> {
    return this.#send('PUT', path`/api/users/${username}`, { body, ...call });
  }

  /** Deletes an account with its keys. */
  deleteUser(username: string, call?: CallOptions): Promise<models.Message> {
    return this.#send('DELETE', path`/api/users/${username}`, { ...call });
  }

  /** Lists the log-ins of an account, newest first. */
  async listUserSessions(username: string, call?: CallOptions): Promise<models.Session[]> {
    return (await this.#get<models.SessionList>(path`/api/users/${username}/sessions`, call)).sessions;
  }

  /** Ends a log-in of an account: its tokens are refused from now on, and what they opened closes. */
  endUserSession(username: string, id: string, call?: CallOptions): Promise<models.Message> {
    return this.#send('DELETE', path`/api/users/${username}/sessions/${id}`, { ...call });
  }

  /** Ends all log-ins of an account. Its keys stay valid. */
  endUserSessions(username: string, call?: CallOptions): Promise<models.SessionsEnded> {
    return this.#send('DELETE', path`/api/users/${username}/sessions`, { ...call });
  }

  /** Lists your own keys; for admins, all keys. */
  async listKeys(call?: CallOptions): Promise<models.Key[]> {
    return (await this.#get<models.KeyList>('/api/keys', call)).keys;
  }

  /** Creates a key for a program. Only this answer contains the key itself. */
  createKey(body: models.CreateKey, call?: CallOptions): Promise<models.KeyCreated> {
    return this.#send('POST', '/api/keys', { body, ...call });
  }

  /** Changes the name or the end of a key: your own, or for admins any. `expires_at: null`: it never ends. */
  updateKey(id: string, body: models.UpdateKey, call?: CallOptions): Promise<models.KeyChanged> {
    return this.#send('PUT', path`/api/keys/${id}`, { body, ...call });
  }

  /** Revokes one of your own keys; for admins, any key. */
  deleteKey(id: string, call?: CallOptions): Promise<models.Message> {
    return this.#send('DELETE', path`/api/keys/${id}`, { ...call });
  }

  /** Returns a page of the audit trail, newest first: `limit` rows, by default 100. `streamAudit` returns all of it. */
  async getAudit(options: AuditFilter & CallOptions = {}): Promise<models.AuditRow[]> {
    const { query, call } = splitAuditFilter(options);
    return (await this.#get<models.Audit>('/api/audit', call, query)).audit;
  }

  /** Creates a ticket for one WebSocket. `events` needs none. */
  createTicket(call?: CallOptions): Promise<models.Ticket> {
    return this.#send('POST', '/api/ws/ticket', { ...call });
  }

  /** Returns the description of the API, as OpenAPI. */
  getOpenApi(call?: CallOptions): Promise<{ openapi: string; [name: string]: unknown }> {
    return this.#get('/api/openapi.json', call);
  }

  /** Resolves if the process answers. */
  getLiveness(call?: CallOptions): Promise<models.Probe> {
    return this.#get('/livez', call);
  }

  /** Returns `ok`, or what the server does: it takes no requests while it starts or stops. */
  getReadiness(call?: CallOptions): Promise<models.Probe> {
    return this.#send('GET', '/readyz', { otherStatuses: [503], ...call });
  }

  /** Does the same as {@link getReadiness}. */
  getHealth(call?: CallOptions): Promise<models.Probe> {
    return this.#send('GET', '/health', { otherStatuses: [503], ...call });
  }

  #get<Body>(path: string, call: CallOptions = {}, query: Request['query'] = {}): Promise<Body> {
    return this.#send('GET', path, { query, ...call });
  }

  /** Sends a command. With `wait`, it resolves when the outcome is known. */
  #command(
    path: string,
    body: models.StopBody | undefined,
    wait: boolean | undefined,
    call: CallOptions,
  ): Promise<models.Lifecycle> {
    return this.#send('POST', path, { body, query: { wait }, isPatient: wait === true, ...call });
  }

  async #send<Body>(method: Request['method'], path: string, options: Omit<Request, 'method' | 'path'>): Promise<Body> {
    return (await this.#transport.json<Body>({ method, path, ...options })).body;
  }
}
