import { z } from 'zod';
import { LongIntegerSchema } from './long-integer.ts';
import { JsonValueSchema } from './request-additions.ts';

/** Roles, from least to most rights: each includes the rights of those before it. docs/permissions.md has the table. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export const RoleSchema = z.enum(ROLES).meta({ id: 'Role' });
export type Role = z.infer<typeof RoleSchema>;

/** Scopes of a key: calling engines, reading metrics, or all rights of a role. */
export const SCOPES = ['inference', 'metrics', ...ROLES] as const;
export const ScopeSchema = z.enum(SCOPES).meta({ id: 'Scope' });
export type Scope = z.infer<typeof ScopeSchema>;

const TimestampSchema = z.iso.datetime();

export const UsernameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/,
    'must start with a letter or digit and hold at most 63 letters, digits, dots, underscores, dashes and @',
  )
  .describe('Unique without regard to case; cannot be changed.');

/** A new password. Its length does not change the cost of hashing; the maximum only bounds the request. */
const NewPasswordSchema = z
  .string()
  .min(8, 'must have at least 8 characters')
  .max(1_024, 'must have at most 1024 characters');

/** Body of `POST /auth/login`, as in the API reference. */
export const LoginSchema = z
  .strictObject({ username: z.string().max(1_024), password: z.string().max(1_024) })
  .meta({ id: 'Login' });
export type Login = z.infer<typeof LoginSchema>;

const LimitSchema = z.int().min(0).max(1_000_000_000_000);

/** Limits of an account or a key on `/v1`. 0: no limit. */
const LIMITS = {
  max_in_flight: LimitSchema.describe(
    'Concurrent requests to `/v1`, including those that wait for an engine; 0: no limit.',
  ),
  requests_per_minute: LimitSchema.describe('Requests to `/v1` in any 60 seconds; 0: no limit.'),
  tokens_per_minute: LimitSchema.describe(
    'Prompt and answer tokens in any 60 seconds, counted when an answer ends; 0: no limit.',
  ),
};

/** The same limits in a body that creates or changes an account or a key. */
const OPTIONAL_LIMITS = {
  max_in_flight: LIMITS.max_in_flight.optional(),
  requests_per_minute: LIMITS.requests_per_minute.optional(),
  tokens_per_minute: LIMITS.tokens_per_minute.optional(),
};

/** An account, without its secrets. Its limits apply to all its keys and tokens together. */
export const UserSchema = z
  .object({
    username: z.string(),
    role: RoleSchema,
    disabled: z.boolean().describe('Its tokens and keys are refused.'),
    ...LIMITS,
    created_at: TimestampSchema,
    updated_at: TimestampSchema,
    last_login_at: TimestampSchema.nullable(),
  })
  .meta({ id: 'User' });
export type User = z.infer<typeof UserSchema>;

/** Answer of `POST /auth/refresh`, as in the API reference. */
export const TokenSchema = z.object({ token: z.string(), expires_at: TimestampSchema }).meta({ id: 'Token' });
export type Token = z.infer<typeof TokenSchema>;

/** Answer of `POST /auth/login`: as in the API reference, and the account. */
export const LoggedInSchema = TokenSchema.extend({ user: UserSchema }).meta({ id: 'LoggedIn' });
export type LoggedIn = z.infer<typeof LoggedInSchema>;

export const UserListSchema = z.object({ users: z.array(UserSchema) }).meta({ id: 'UserList' });

/** Answer to a change of an account. */
export const UserChangedSchema = z.object({ message: z.string(), user: UserSchema }).meta({ id: 'UserChanged' });

export const CreateUserSchema = z
  .strictObject({ username: UsernameSchema, password: NewPasswordSchema, role: RoleSchema, ...OPTIONAL_LIMITS })
  .meta({ id: 'CreateUser' });
export type CreateUser = z.infer<typeof CreateUserSchema>;

/** Body of `PUT /users/{username}`. */
export const UpdateUserSchema = z
  .strictObject({
    role: RoleSchema.optional(),
    disabled: z.boolean().optional(),
    password: NewPasswordSchema.optional().describe('Revokes all tokens and keys of the account.'),
    ...OPTIONAL_LIMITS,
  })
  .meta({ id: 'UpdateUser' });
export type UpdateUser = z.infer<typeof UpdateUserSchema>;

/** Body of `PUT /auth/password`, which changes the caller's own password. */
export const ChangePasswordSchema = z
  .strictObject({ current_password: z.string().max(1_024), new_password: NewPasswordSchema })
  .meta({ id: 'ChangePassword' });
export type ChangePassword = z.infer<typeof ChangePasswordSchema>;

/** A log-in: the token of one `POST /auth/login` and the tokens of later refreshes. */
export const SessionSchema = z
  .object({
    id: z.string(),
    created_at: TimestampSchema.describe('When the user logged in.'),
    refreshed_at: TimestampSchema.nullable().describe('When a token was last refreshed; `null`: never.'),
    last_used_at: TimestampSchema.describe(
      'When a request last had one of its tokens. Accurate to one minute; to the last refresh, if llamactl has restarted since.',
    ),
    expires_at: TimestampSchema.describe('When its newest token expires.'),
    ends_at: TimestampSchema.describe(
      'When the log-in ends: no token is valid for longer. After `auth.session_ttl`; that of the web page with its cookie, after `auth.token_ttl`.',
    ),
    address: z.string().describe('Client address of the log-in, or of its last refresh.'),
    user_agent: z.string().nullable().describe('`User-Agent` of that request; at most 200 characters.'),
    current: z.boolean().describe('Whether this request has a token of this log-in.'),
  })
  .meta({ id: 'Session' });
export type Session = z.infer<typeof SessionSchema>;

export const SessionListSchema = z
  .object({ sessions: z.array(SessionSchema).describe('Newest log-in first.') })
  .meta({ id: 'SessionList' });

/** Answer to the end of several log-ins. */
export const SessionsEndedSchema = z
  .object({ message: z.string(), ended: z.int().describe('How many log-ins were ended.') })
  .meta({ id: 'SessionsEnded' });
export type SessionsEnded = z.infer<typeof SessionsEndedSchema>;

/** A key for programs, without its secret. Its own limits and those of its account both apply. */
export const KeySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    owner: z.string().describe('The account that the key acts for.'),
    prefix: z.string().describe('Its first characters, to recognize it.'),
    scopes: z.array(ScopeSchema),
    instances: z.array(z.string()).nullable().describe('The key works for these instances only; `null`: all.'),
    may_start: z.boolean().describe('Whether a request with this key may start a stopped instance.'),
    ...LIMITS,
    created_at: TimestampSchema,
    expires_at: TimestampSchema.nullable().describe('`null`: never.'),
    last_used_at: TimestampSchema.nullable().describe(
      'Accurate to one minute, and never before `created_at`; `null`: never.',
    ),
  })
  .meta({ id: 'Key' });
export type Key = z.infer<typeof KeySchema>;

export const KeyListSchema = z.object({ keys: z.array(KeySchema) }).meta({ id: 'KeyList' });

export const CreateKeySchema = z
  .strictObject({
    name: z.string().min(1).max(200),
    scopes: z
      .array(ScopeSchema)
      .min(1)
      .max(100)
      .optional()
      .describe('Default `["inference"]`. A role must not be higher than your own.'),
    instances: z
      .array(z.string().min(1))
      .min(1)
      .max(1_000)
      .optional()
      .describe('Only these instances, by name. Default all.'),
    may_start: z.boolean().optional().describe('Default true.'),
    expires_at: TimestampSchema.optional().describe('Default never.'),
    owner: z.string().optional().describe('For admins: the account that gets the key. Default your own.'),
    ...OPTIONAL_LIMITS,
  })
  .meta({ id: 'CreateKey' });
export type CreateKey = z.infer<typeof CreateKeySchema>;

/** Answer of `POST /keys`, the only answer that shows the secret. */
export const KeyCreatedSchema = z
  .object({ message: z.string(), key: z.string().describe('`llk_…`; shown once.'), info: KeySchema })
  .meta({ id: 'KeyCreated' });
export type KeyCreated = z.infer<typeof KeyCreatedSchema>;

const FIXED = 'Cannot be changed: it must be as it is, or be left out.';

/** Body of `PUT /keys/{id}`. Only name and end can change. The other properties are here so that an error says why. */
export const UpdateKeySchema = z
  .strictObject({
    name: z.string().min(1).max(200).optional(),
    expires_at: TimestampSchema.nullable().optional().describe('Another end, in the future; `null`: never.'),
    owner: z.string().optional().describe(FIXED),
    scopes: z.array(ScopeSchema).max(100).optional().describe(FIXED),
    instances: z.array(z.string()).max(1_000).nullable().optional().describe(FIXED),
    may_start: z.boolean().optional().describe(FIXED),
    max_in_flight: LimitSchema.optional().describe(FIXED),
    requests_per_minute: LimitSchema.optional().describe(FIXED),
    tokens_per_minute: LimitSchema.optional().describe(FIXED),
  })
  .meta({ id: 'UpdateKey' });
export type UpdateKey = z.infer<typeof UpdateKeySchema>;

/** Answer to a change of a key. */
export const KeyChangedSchema = z.object({ message: z.string(), key: KeySchema }).meta({ id: 'KeyChanged' });
export type KeyChanged = z.infer<typeof KeyChangedSchema>;

/** The caller of a request, as `GET /me` shows it. */
const CallerSchema = z
  .object({
    kind: z
      .enum(['anonymous', 'user', 'key'])
      .describe('`user`: a token of a log-in; `key`: a key; `anonymous`: authentication is off.'),
    username: z.string().nullable().describe('The account, or the owner of the key; `null`: anonymous.'),
    role: RoleSchema.nullable().describe('`null`: only the scopes give rights.'),
    scopes: z.array(ScopeSchema).describe('Rights of a key besides its role: `inference`, `metrics`.'),
    instances: z.array(z.string()).nullable().describe('The caller sees these instances only; `null`: all.'),
    may_start: z.boolean().describe('Whether its requests may start a stopped instance.'),
    expires_at: TimestampSchema.nullable().describe('When this token or key expires; `null`: never.'),
  })
  .meta({ id: 'Caller' });

/** Answer of `GET /me`. */
export const MeSchema = z
  .object({
    auth_enabled: z.boolean().describe('Whether accounts are on, so that callers need credentials.'),
    caller: CallerSchema.nullable().describe('`null`: this request has no valid credentials, and needs some.'),
    version: z.string().nullable().describe('Version of llamactl; `null`: the caller is unknown.'),
    first_password_in_file: z
      .boolean()
      .describe(
        'Whether the generated password of the account `admin` is still in the file `admin-password` of the data directory.',
      ),
  })
  .meta({ id: 'Me' });
export type Me = z.infer<typeof MeSchema>;

/** Answer of `POST /ws/ticket`. */
export const TicketSchema = z
  .object({ ticket: z.string().describe('For one WebSocket, as `?ticket=`.'), expires_at: TimestampSchema })
  .meta({ id: 'Ticket' });
export type Ticket = z.infer<typeof TicketSchema>;

/** Something that a request changed. */
export const AuditChangeSchema = z
  .object({
    path: z.string().describe('Dotted: `options.ctx_size`, `server.port`, `role`.'),
    // Without descriptions: those would give the schema of JSON another name.
    before: JsonValueSchema,
    after: JsonValueSchema,
  })
  .describe(
    'An old and a new value. `null`: not set. `"***"`: a secret, whose value is not recorded. A long value is a text that ends in `…`.',
  )
  .meta({ id: 'AuditChange' });
export type AuditChange = z.infer<typeof AuditChangeSchema>;

/** One row of the audit trail: who did what to which target. */
export const AuditRowSchema = z
  .object({
    seq: LongIntegerSchema,
    timestamp: TimestampSchema,
    subject: z.string().describe('`user:NAME`, `key:ID (NAME)`, or `anonymous`.'),
    address: z.string().describe('Client address of the request.'),
    action: z.string().describe('The id of the operation, such as `createInstance`.'),
    target: z
      .string()
      .nullable()
      .describe(
        'The instance, user or key that the request named. Of an ended request: `ID (INSTANCE, CALLER)`. Of a batch: `NAMES (DONE of ALL)`.',
      ),
    status: z.int().describe('HTTP status of the answer.'),
    request_id: z.string(),
    changes: z
      .array(AuditChangeSchema)
      .optional()
      .describe(
        'Old and new values of a change of configuration, instance, user or key. At most 50, of about 4 KB. Absent: none are recorded.',
      ),
    more_changes: z.int().optional().describe('How many changes `changes` leaves out. Absent: none.'),
  })
  .meta({ id: 'AuditRow' });
export type AuditRow = z.infer<typeof AuditRowSchema>;

export const AuditSchema = z.object({ audit: z.array(AuditRowSchema).describe('Newest first.') }).meta({ id: 'Audit' });
