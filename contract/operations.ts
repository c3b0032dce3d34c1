import { z } from 'zod';
import type { ErrorCode } from './errors.ts';
import {
  BatchSchema,
  CreatedSchema,
  CreateInstanceSchema,
  HealthSchema,
  InstanceListSchema,
  InstanceSchema,
  LifecycleSchema,
  MessageSchema,
  NamesBodySchema,
  NameSchema,
  StatusSchema,
  StopBodySchema,
  UpdatedSchema,
  UpdateInstanceSchema,
} from './instance.ts';
import {
  AuditRowSchema,
  AuditSchema,
  ChangePasswordSchema,
  CreateKeySchema,
  CreateUserSchema,
  KeyCreatedSchema,
  KeyListSchema,
  LoggedInSchema,
  LoginSchema,
  TicketSchema,
  TokenSchema,
  UpdateUserSchema,
  UserChangedSchema,
  UserListSchema,
  UsernameSchema,
} from './auth.ts';
import { ConfigPatchSchema, ConfigViewSchema, ConfigWrittenSchema } from './config.ts';
import { AppliedSchema, FleetSchema } from './fleet.ts';
import { LogItemSchema, LogLevelSchema, LogsSchema, MAX_LOG_LINES } from './logs.ts';
import { LONGEST_WINDOW_SECONDS, StatsHistorySchema } from './stats.ts';
import type { Permission } from './permissions.ts';
import { AlertsSchema, ProbeSchema, SystemInfoSchema, SystemStatusSchema } from './system.ts';

/** The rate-limit class of a call. `free` is not limited. */
export type CostClass = 'free' | 'regular' | 'intensive';

/** A header, for the documentation. */
export interface Header {
  name: string;
  description: string;
}

/** One operation of the API, as data: routes, `openapi.json` and the permission table come from it. */
export interface Operation {
  /** `operationId`; what a client library calls the method. */
  id: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{name}` for parameters. */
  path: string;
  tag: string;
  summary: string;
  permission: Permission;
  cost: CostClass;
  query?: z.ZodType;
  /** `optional`: no body at all is fine too. */
  body?: { schema: z.ZodType; optional: boolean };
  /** Success status and the schema of its body. */
  success: { status: 200 | 201; schema: z.ZodType };
  /** What it can answer instead of one JSON text: a stream of such items, by media type. */
  streams?: { schema: z.ZodType; types: readonly string[] };
  /** Reads its body from YAML, or writes its answer as YAML, as well as JSON. */
  yaml?: 'body' | 'answer';
  /** Headers that mean something to this operation, beyond those of every request. */
  requestHeaders?: readonly Header[];
  /** Headers of the success answer, beyond those of every answer. */
  responseHeaders?: readonly Header[];
  /** Other answers of the same schema, such as a probe's 503. */
  otherStatuses?: readonly number[];
  /** Codes that this operation raises, beyond those that any operation can. */
  errors: readonly ErrorCode[];
}

const operation = <const Shape extends Operation>(shape: Shape): Shape => shape;

/** What stands in one place of a path. */
export interface PathRule {
  schema: z.ZodType;
  /** The error for what nothing has. */
  missing: ErrorCode;
  /** The sentence for it, without its end. */
  nobody: string;
}

/** What stands in a path as `{…}`: a name that breaks its rule belongs to nothing and is not found. */
export const PATH_PARAMETERS = {
  username: { schema: UsernameSchema, missing: 'NOT_FOUND', nobody: 'No account has this name' },
  id: {
    schema: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'is not of the form of an id'),
    missing: 'NOT_FOUND',
    nobody: 'No key has this id',
  },
  name: { schema: NameSchema, missing: 'INSTANCE_NOT_FOUND', nobody: 'No instance has this name' },
} as const satisfies Record<string, PathRule>;

/** A query parameter that is `true` or `false`; in the OpenAPI document it is a boolean. */
export const FlagSchema = z.enum(['true', 'false']).transform((text) => text === 'true');

/** A whole number in a query; in the OpenAPI document it is an integer. */
const CountSchema = (most: number) =>
  z
    .string()
    .regex(/^\d{1,16}$/, 'must be a whole number')
    .meta({ type: 'integer', minimum: 0, maximum: most })
    .transform(Number)
    .pipe(z.int().min(0).max(most));

const SECONDS_OF: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Seconds, or a number with a unit, in a query. */
const WindowSchema = z
  .string()
  .regex(/^\d{1,9}[smhd]?$/, 'must be seconds, or a number with s, m, h or d')
  .transform((text) => Number.parseInt(text, 10) * (SECONDS_OF[text.at(-1) ?? ''] ?? 1))
  .pipe(z.number().min(1).max(LONGEST_WINDOW_SECONDS));

/** A probe is asked by programs that add what they like. */
const AnyQuerySchema = z.looseObject({});

const ENTITY_TAG = { name: 'ETag', description: 'The version of the settings, for `If-Match`.' };

const LIFECYCLE_ERRORS = ['MODEL_NOT_FOUND', 'ENGINE_NOT_FOUND', 'PORT_IN_USE', 'START_FAILED'] as const;

export const OPERATIONS = {
  listInstances: operation({
    id: 'listInstances',
    method: 'GET',
    path: '/api/instances',
    tag: 'Instances',
    summary: 'List all instances, oldest first',
    permission: 'viewer',
    cost: 'regular',
    query: z.strictObject({ status: StatusSchema.optional().describe('Only instances in this state.') }),
    success: { status: 200, schema: InstanceListSchema },
    errors: [],
  }),
  getInstance: operation({
    id: 'getInstance',
    method: 'GET',
    path: '/api/instances/{name}',
    tag: 'Instances',
    summary: 'Get an instance in full; `ETag` is its version',
    permission: 'viewer',
    cost: 'regular',
    success: { status: 200, schema: InstanceSchema },
    responseHeaders: [ENTITY_TAG],
    errors: ['INSTANCE_NOT_FOUND'],
  }),
  createInstance: operation({
    id: 'createInstance',
    method: 'POST',
    path: '/api/instances',
    tag: 'Instances',
    summary: 'Create an instance; nothing starts',
    permission: 'admin',
    cost: 'regular',
    body: { schema: CreateInstanceSchema, optional: false },
    success: { status: 201, schema: CreatedSchema },
    responseHeaders: [{ name: 'Location', description: 'Where the instance is.' }, ENTITY_TAG],
    errors: ['INSTANCE_EXISTS', 'ALIAS_CONFLICT', 'PORT_CONFLICT', 'RESERVED_OPTION', 'PRIVILEGED_OPTION'],
  }),
  updateInstance: operation({
    id: 'updateInstance',
    method: 'PUT',
    path: '/api/instances/{name}',
    tag: 'Instances',
    summary: 'Change settings by a merge patch (RFC 7396); a running engine keeps its own until it restarts',
    permission: 'admin',
    cost: 'regular',
    query: z.strictObject({ apply: z.literal('restart').optional().describe('Restart now if an engine runs.') }),
    body: { schema: UpdateInstanceSchema, optional: false },
    success: { status: 200, schema: UpdatedSchema },
    requestHeaders: [
      { name: 'If-Match', description: 'Change it only if this is still its `ETag`; else 412 `PRECONDITION_FAILED`.' },
    ],
    responseHeaders: [ENTITY_TAG],
    errors: [
      'INSTANCE_NOT_FOUND',
      'PRECONDITION_FAILED',
      'ALIAS_CONFLICT',
      'PORT_CONFLICT',
      'RESERVED_OPTION',
      'PRIVILEGED_OPTION',
      'MODEL_NOT_FOUND',
      'ENGINE_NOT_FOUND',
      'PORT_IN_USE',
    ],
  }),
  deleteInstance: operation({
    id: 'deleteInstance',
    method: 'DELETE',
    path: '/api/instances/{name}',
    tag: 'Instances',
    summary: 'Delete an instance that does not run; waits for a stop under way',
    permission: 'admin',
    cost: 'regular',
    success: { status: 200, schema: MessageSchema },
    errors: ['INSTANCE_NOT_FOUND', 'INSTANCE_RUNNING'],
  }),
  startInstance: operation({
    id: 'startInstance',
    method: 'POST',
    path: '/api/instances/{name}/start',
    tag: 'Lifecycle',
    summary: 'Start an instance',
    permission: 'operator',
    cost: 'intensive',
    query: z.strictObject({ wait: FlagSchema.optional().describe('Answer when it runs, or 502 with the reason.') }),
    success: { status: 200, schema: LifecycleSchema },
    errors: ['INSTANCE_NOT_FOUND', ...LIFECYCLE_ERRORS],
  }),
  stopInstance: operation({
    id: 'stopInstance',
    method: 'POST',
    path: '/api/instances/{name}/stop',
    tag: 'Lifecycle',
    summary: 'Stop an instance: requests in flight may finish first',
    permission: 'operator',
    cost: 'regular',
    query: z.strictObject({ wait: FlagSchema.optional().describe('Answer when it has stopped.') }),
    body: { schema: StopBodySchema, optional: true },
    success: { status: 200, schema: LifecycleSchema },
    errors: ['INSTANCE_NOT_FOUND'],
  }),
  restartInstance: operation({
    id: 'restartInstance',
    method: 'POST',
    path: '/api/instances/{name}/restart',
    tag: 'Lifecycle',
    summary: 'Stop, then start; a stopped instance is started',
    permission: 'operator',
    cost: 'intensive',
    query: z.strictObject({
      wait: FlagSchema.optional().describe('Answer when it runs again, or 502 with the reason.'),
    }),
    body: { schema: StopBodySchema, optional: true },
    success: { status: 200, schema: LifecycleSchema },
    errors: ['INSTANCE_NOT_FOUND', ...LIFECYCLE_ERRORS],
  }),
  getInstanceHealth: operation({
    id: 'getInstanceHealth',
    method: 'GET',
    path: '/api/instances/{name}/health',
    tag: 'Lifecycle',
    summary: 'Probe the engine now (at most 2 s); never counts as use',
    permission: 'viewer',
    cost: 'regular',
    success: { status: 200, schema: HealthSchema },
    errors: ['INSTANCE_NOT_FOUND'],
  }),
  startAllInstances: operation({
    id: 'startAllInstances',
    method: 'POST',
    path: '/api/instances/start-all',
    tag: 'Batch',
    summary: 'Start all stopped and failed instances',
    permission: 'operator',
    cost: 'intensive',
    body: { schema: NamesBodySchema, optional: true },
    success: { status: 200, schema: BatchSchema },
    errors: [],
  }),
  stopAllInstances: operation({
    id: 'stopAllInstances',
    method: 'POST',
    path: '/api/instances/stop-all',
    tag: 'Batch',
    summary: 'Stop all instances that run, start or restart',
    permission: 'operator',
    cost: 'regular',
    body: { schema: NamesBodySchema, optional: true },
    success: { status: 200, schema: BatchSchema },
    errors: [],
  }),
  getInstanceLogs: operation({
    id: 'getInstanceLogs',
    method: 'GET',
    path: '/api/instances/{name}/logs',
    tag: 'Logs and stats',
    summary: 'The last lines of output, over runs and rotations; or all from now on, as they come',
    permission: 'viewer',
    cost: 'regular',
    query: z.strictObject({
      lines: CountSchema(MAX_LOG_LINES).optional().describe('How many, after the filter. Default 100.'),
      level: LogLevelSchema.optional().describe('Lines of this level and above.'),
      after_seq: CountSchema(Number.MAX_SAFE_INTEGER).optional().describe('Only lines after this one, oldest first.'),
      follow: FlagSchema.optional().describe(
        'Goes on as lines come, over restarts of the instance, until it is deleted: Server-Sent Events if `Accept` names them, else one JSON text a line.',
      ),
    }),
    requestHeaders: [
      { name: 'Last-Event-ID', description: 'The same as `after_seq`, from a browser that reconnects.' },
    ],
    success: { status: 200, schema: LogsSchema },
    streams: { schema: LogItemSchema, types: ['text/event-stream', 'application/x-ndjson'] },
    errors: ['INSTANCE_NOT_FOUND'],
  }),
  getInstanceStats: operation({
    id: 'getInstanceStats',
    method: 'GET',
    path: '/api/instances/{name}/stats',
    tag: 'Logs and stats',
    summary: 'Memory, CPU and I/O of the last hours, in steps that widen with age',
    permission: 'viewer',
    cost: 'regular',
    query: z.strictObject({
      window: WindowSchema.optional().describe(
        'How far back: seconds, or `15m`, `1h`, `24h`. Default `1h`, at most a day.',
      ),
    }),
    success: { status: 200, schema: StatsHistorySchema },
    errors: ['INSTANCE_NOT_FOUND'],
  }),
  applyFleet: operation({
    id: 'applyFleet',
    method: 'POST',
    path: '/api/apply',
    tag: 'Fleet',
    summary: 'Make the instances be as a document says; only what changed restarts',
    permission: 'admin',
    cost: 'intensive',
    query: z.strictObject({
      prune: FlagSchema.optional().describe('Remove the instances that the document does not name.'),
      dry_run: FlagSchema.optional().describe('Change nothing; answer what would be done.'),
    }),
    body: { schema: FleetSchema, optional: false },
    yaml: 'body',
    success: { status: 200, schema: AppliedSchema },
    errors: ['ALIAS_CONFLICT', 'PORT_CONFLICT', 'RESERVED_OPTION', 'PRIVILEGED_OPTION'],
  }),
  exportFleet: operation({
    id: 'exportFleet',
    method: 'GET',
    path: '/api/export',
    tag: 'Fleet',
    summary: 'All instances as a document for apply, environment included: YAML, or JSON if `Accept` names it',
    permission: 'admin',
    cost: 'regular',
    yaml: 'answer',
    success: { status: 200, schema: FleetSchema },
    errors: [],
  }),
  getSystemStatus: operation({
    id: 'getSystemStatus',
    method: 'GET',
    path: '/api/system/status',
    tag: 'System',
    summary: 'How many instances are in which state, and what the machine has left',
    permission: 'viewer',
    cost: 'regular',
    success: { status: 200, schema: SystemStatusSchema },
    errors: [],
  }),
  getSystemInfo: operation({
    id: 'getSystemInfo',
    method: 'GET',
    path: '/api/system/info',
    tag: 'System',
    summary: 'What machine this is, and which llamactl',
    permission: 'viewer',
    cost: 'regular',
    success: { status: 200, schema: SystemInfoSchema },
    errors: [],
  }),
  getSystemAlerts: operation({
    id: 'getSystemAlerts',
    method: 'GET',
    path: '/api/system/alerts',
    tag: 'System',
    summary: 'What needs attention now',
    permission: 'viewer',
    cost: 'regular',
    success: { status: 200, schema: AlertsSchema },
    errors: [],
  }),
  getConfig: operation({
    id: 'getConfig',
    method: 'GET',
    path: '/api/config',
    tag: 'Configuration',
    summary: 'The configuration, where each value comes from, and what waits for a restart',
    permission: 'admin',
    cost: 'regular',
    success: { status: 200, schema: ConfigViewSchema },
    errors: [],
  }),
  updateConfig: operation({
    id: 'updateConfig',
    method: 'PUT',
    path: '/api/config',
    tag: 'Configuration',
    summary: 'Change a part of the configuration file, comments kept; holds from the next start',
    permission: 'admin',
    cost: 'intensive',
    body: { schema: ConfigPatchSchema, optional: false },
    success: { status: 200, schema: ConfigWrittenSchema },
    errors: ['CONFIG_PINNED', 'CONFIG_READ_ONLY'],
  }),
  login: operation({
    id: 'login',
    method: 'POST',
    path: '/api/auth/login',
    tag: 'Authentication',
    summary: 'Log in with name and password; answers a token',
    permission: 'public',
    cost: 'intensive',
    body: { schema: LoginSchema, optional: false },
    success: { status: 200, schema: LoggedInSchema },
    errors: ['INVALID_CREDENTIALS', 'AUTH_DISABLED', 'RATE_LIMITED'],
  }),
  refreshToken: operation({
    id: 'refreshToken',
    method: 'POST',
    path: '/api/auth/refresh',
    tag: 'Authentication',
    summary: 'A new token for one that is still valid',
    permission: 'account',
    cost: 'regular',
    success: { status: 200, schema: TokenSchema },
    errors: ['AUTH_DISABLED'],
  }),
  logout: operation({
    id: 'logout',
    method: 'POST',
    path: '/api/auth/logout',
    tag: 'Authentication',
    summary: 'Revoke the token of this request',
    permission: 'account',
    cost: 'regular',
    success: { status: 200, schema: MessageSchema },
    errors: ['AUTH_DISABLED'],
  }),
  changePassword: operation({
    id: 'changePassword',
    method: 'PUT',
    path: '/api/auth/password',
    tag: 'Authentication',
    summary: 'Change your own password; revokes all your tokens and keys',
    permission: 'account',
    cost: 'intensive',
    body: { schema: ChangePasswordSchema, optional: false },
    success: { status: 200, schema: MessageSchema },
    errors: ['INVALID_CREDENTIALS', 'AUTH_DISABLED', 'RATE_LIMITED'],
  }),
  listUsers: operation({
    id: 'listUsers',
    method: 'GET',
    path: '/api/users',
    tag: 'Accounts',
    summary: 'All accounts',
    permission: 'admin',
    cost: 'regular',
    success: { status: 200, schema: UserListSchema },
    errors: [],
  }),
  createUser: operation({
    id: 'createUser',
    method: 'POST',
    path: '/api/users',
    tag: 'Accounts',
    summary: 'Make an account',
    permission: 'admin',
    cost: 'regular',
    body: { schema: CreateUserSchema, optional: false },
    success: { status: 201, schema: UserChangedSchema },
    errors: ['RATE_LIMITED'],
  }),
  updateUser: operation({
    id: 'updateUser',
    method: 'PUT',
    path: '/api/users/{username}',
    tag: 'Accounts',
    summary: 'Change role or password, disable or enable; revokes tokens and keys where it has to',
    permission: 'admin',
    cost: 'regular',
    body: { schema: UpdateUserSchema, optional: false },
    success: { status: 200, schema: UserChangedSchema },
    errors: ['NOT_FOUND', 'RATE_LIMITED'],
  }),
  deleteUser: operation({
    id: 'deleteUser',
    method: 'DELETE',
    path: '/api/users/{username}',
    tag: 'Accounts',
    summary: 'Delete an account with its keys',
    permission: 'admin',
    cost: 'regular',
    success: { status: 200, schema: MessageSchema },
    errors: ['NOT_FOUND'],
  }),
  listKeys: operation({
    id: 'listKeys',
    method: 'GET',
    path: '/api/keys',
    tag: 'Accounts',
    summary: 'Your own keys; for admins, all',
    permission: 'account',
    cost: 'regular',
    success: { status: 200, schema: KeyListSchema },
    errors: [],
  }),
  createKey: operation({
    id: 'createKey',
    method: 'POST',
    path: '/api/keys',
    tag: 'Accounts',
    summary: 'Make a key for a program; the only time that it is shown',
    permission: 'account',
    cost: 'regular',
    body: { schema: CreateKeySchema, optional: false },
    success: { status: 201, schema: KeyCreatedSchema },
    errors: ['NOT_FOUND', 'INSTANCE_NOT_FOUND'],
  }),
  deleteKey: operation({
    id: 'deleteKey',
    method: 'DELETE',
    path: '/api/keys/{id}',
    tag: 'Accounts',
    summary: 'Revoke a key: your own, or for admins any',
    permission: 'account',
    cost: 'regular',
    success: { status: 200, schema: MessageSchema },
    errors: ['NOT_FOUND'],
  }),
  getAudit: operation({
    id: 'getAudit',
    method: 'GET',
    path: '/api/audit',
    tag: 'Accounts',
    summary: 'Who did what to which, newest first; one JSON text a line if `Accept` names application/x-ndjson',
    permission: 'admin',
    cost: 'regular',
    query: z.strictObject({
      limit: CountSchema(1_000).optional().describe('How many rows. Default 100.'),
      before_seq: CountSchema(Number.MAX_SAFE_INTEGER).optional().describe('Only rows before this one.'),
      subject: z.string().max(200).optional().describe('Only what this subject did.'),
      action: z.string().max(100).optional().describe('Only this operation.'),
      target: z.string().max(200).optional().describe('Only what was done to this.'),
    }),
    success: { status: 200, schema: AuditSchema },
    streams: { schema: AuditRowSchema, types: ['application/x-ndjson'] },
    errors: [],
  }),
  createTicket: operation({
    id: 'createTicket',
    method: 'POST',
    path: '/api/ws/ticket',
    tag: 'Events',
    summary: 'A ticket for one WebSocket, for pages, which can set no headers; 30 seconds',
    permission: 'account',
    cost: 'regular',
    success: { status: 200, schema: TicketSchema },
    errors: [],
  }),
  getOpenApi: operation({
    id: 'getOpenApi',
    method: 'GET',
    path: '/api/openapi.json',
    tag: 'System',
    summary: 'This description of the API',
    permission: 'public',
    cost: 'regular',
    success: { status: 200, schema: z.looseObject({ openapi: z.string() }) },
    errors: [],
  }),
  getLiveness: operation({
    id: 'getLiveness',
    method: 'GET',
    path: '/livez',
    tag: 'System',
    summary: 'The process answers',
    permission: 'public',
    cost: 'free',
    query: AnyQuerySchema,
    success: { status: 200, schema: ProbeSchema },
    errors: [],
  }),
  getReadiness: operation({
    id: 'getReadiness',
    method: 'GET',
    path: '/readyz',
    tag: 'System',
    summary: 'Ready for requests; 503 while starting or stopping',
    permission: 'public',
    cost: 'free',
    query: AnyQuerySchema,
    success: { status: 200, schema: ProbeSchema },
    otherStatuses: [503],
    errors: [],
  }),
  getHealth: operation({
    id: 'getHealth',
    method: 'GET',
    path: '/health',
    tag: 'System',
    summary: 'The same as /readyz',
    permission: 'public',
    cost: 'free',
    query: AnyQuerySchema,
    success: { status: 200, schema: ProbeSchema },
    otherStatuses: [503],
    errors: [],
  }),
} as const satisfies Record<string, Operation>;

/** One kind of request that is no operation: described for people only. */
export interface PassThrough {
  /** As operations have one. */
  id: string;
  path: string;
  summary: string;
  permission: Permission;
  cost: CostClass;
}

/** What leads to engines, or to events: what is said there is not the business of `openapi.json`. */
export const PASS_THROUGH = {
  inference: {
    id: 'inference',
    path: '/v1/*',
    summary: 'The OpenAI and Anthropic APIs of the instance that the request names',
    permission: 'inference',
    cost: 'free',
  },
  proxy: {
    id: 'proxy',
    path: '/api/instances/{name}/proxy/*',
    summary: 'Anything that an engine has, HTTP and WebSocket',
    permission: 'admin',
    cost: 'free',
  },
  events: {
    id: 'events',
    path: '/api/ws',
    summary: 'Live events over WebSocket, with a replay of what was missed',
    permission: 'viewer',
    cost: 'regular',
  },
} as const satisfies Record<string, PassThrough>;
