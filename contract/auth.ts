import { z } from 'zod';
import { LongIntegerSchema } from './long-integer.ts';

/** Roles, each with everything that those before it may. docs/permissions.md has the table. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export const RoleSchema = z.enum(ROLES).meta({ id: 'Role' });
export type Role = z.infer<typeof RoleSchema>;

/** What a key is for: calling engines, reading metrics, or everything that a role may. */
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

/** Long ones cost nothing: they are hashed whole. The bound keeps a request from being one. */
const NewPasswordSchema = z
  .string()
  .min(8, 'must have at least 8 characters')
  .max(1_024, 'must have at most 1024 characters');

/** The seed's body of `POST /auth/login`. */
export const LoginSchema = z
  .strictObject({ username: z.string().max(1_024), password: z.string().max(1_024) })
  .meta({ id: 'Login' });
export type Login = z.infer<typeof LoginSchema>;

const LimitSchema = z.int().min(0).max(1_000_000_000_000);

/** Limits of an account or a key on `/v1`. 0: none. */
const LIMITS = {
  max_in_flight: LimitSchema.describe(
    'Requests to `/v1` at once, those that wait for an engine included; 0: no limit.',
  ),
  requests_per_minute: LimitSchema.describe('Requests to `/v1` in any 60 seconds; 0: no limit.'),
  tokens_per_minute: LimitSchema.describe(
    'Tokens of prompts and answers in any 60 seconds, counted when an answer ends; 0: no limit.',
  ),
};

/** The same in a body that makes or changes an account or a key. */
const OPTIONAL_LIMITS = {
  max_in_flight: LIMITS.max_in_flight.optional(),
  requests_per_minute: LIMITS.requests_per_minute.optional(),
  tokens_per_minute: LIMITS.tokens_per_minute.optional(),
};

/** An account, without its secrets. Its limits hold for the sum of its keys and tokens. */
export const UserSchema = z
  .object({
    username: z.string(),
    role: RoleSchema,
    disabled: z.boolean().describe('None of its tokens and keys is taken.'),
    ...LIMITS,
    created_at: TimestampSchema,
    updated_at: TimestampSchema,
    last_login_at: TimestampSchema.nullable(),
  })
  .meta({ id: 'User' });
export type User = z.infer<typeof UserSchema>;

/** The seed's answer of `POST /auth/refresh`. */
export const TokenSchema = z.object({ token: z.string(), expires_at: TimestampSchema }).meta({ id: 'Token' });
export type Token = z.infer<typeof TokenSchema>;

/** The seed's answer of `POST /auth/login`, and whose it is. */
export const LoggedInSchema = TokenSchema.extend({ user: UserSchema }).meta({ id: 'LoggedIn' });
export type LoggedIn = z.infer<typeof LoggedInSchema>;

export const UserListSchema = z.object({ users: z.array(UserSchema) }).meta({ id: 'UserList' });

/** Answer of a change of an account. */
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

/** Body of `PUT /auth/password`: one's own. */
export const ChangePasswordSchema = z
  .strictObject({ current_password: z.string().max(1_024), new_password: NewPasswordSchema })
  .meta({ id: 'ChangePassword' });
export type ChangePassword = z.infer<typeof ChangePasswordSchema>;

/** A log-in: the tokens of one `POST /auth/login` and of the refreshes that followed. */
export const SessionSchema = z
  .object({
    id: z.string(),
    created_at: TimestampSchema.describe('When the password was given.'),
    refreshed_at: TimestampSchema.nullable().describe('When a token was last refreshed; `null`: never.'),
    expires_at: TimestampSchema.describe('When its newest token ends.'),
    ends_at: TimestampSchema.describe('When it ends for good: no refresh goes beyond (`auth.session_ttl`).'),
    address: z.string().describe('Client address of the log-in, or of its last refresh.'),
    user_agent: z.string().nullable().describe('What the client called itself then; at most 200 characters.'),
    current: z.boolean().describe('This request was made with a token of it.'),
  })
  .meta({ id: 'Session' });
export type Session = z.infer<typeof SessionSchema>;

export const SessionListSchema = z
  .object({ sessions: z.array(SessionSchema).describe('Newest log-in first.') })
  .meta({ id: 'SessionList' });

/** A key for programs, without the key itself. Its limits hold beside those of its account. */
export const KeySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    owner: z.string().describe('The account that it acts for.'),
    prefix: z.string().describe('Its first characters, to tell it from others.'),
    scopes: z.array(ScopeSchema),
    instances: z.array(z.string()).nullable().describe('Only these; `null`: all.'),
    may_start: z.boolean().describe('A request with it may start an instance that is stopped.'),
    ...LIMITS,
    created_at: TimestampSchema,
    expires_at: TimestampSchema.nullable().describe('`null`: never.'),
    last_used_at: TimestampSchema.nullable().describe('To the minute.'),
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
      .describe('Default `["inference"]`. A role at most as high as your own.'),
    instances: z
      .array(z.string().min(1))
      .min(1)
      .max(1_000)
      .optional()
      .describe('Only these instances, by name. Default all.'),
    may_start: z.boolean().optional().describe('Default true.'),
    expires_at: TimestampSchema.optional().describe('Default never.'),
    owner: z.string().optional().describe('For admins: whose it is. Default your own.'),
    ...OPTIONAL_LIMITS,
  })
  .meta({ id: 'CreateKey' });
export type CreateKey = z.infer<typeof CreateKeySchema>;

/** Answer of `POST /keys`: the only time that the key itself is shown. */
export const KeyCreatedSchema = z
  .object({ message: z.string(), key: z.string().describe('`llk_…`; shown once.'), info: KeySchema })
  .meta({ id: 'KeyCreated' });
export type KeyCreated = z.infer<typeof KeyCreatedSchema>;

/** Answer of `POST /ws/ticket`. */
export const TicketSchema = z
  .object({ ticket: z.string().describe('For one WebSocket, as `?ticket=`.'), expires_at: TimestampSchema })
  .meta({ id: 'Ticket' });
export type Ticket = z.infer<typeof TicketSchema>;

/** Who did what to which. */
export const AuditRowSchema = z
  .object({
    seq: LongIntegerSchema,
    timestamp: TimestampSchema,
    subject: z.string().describe('`user:NAME`, `key:ID (NAME)`, or `anonymous`.'),
    address: z.string().describe('Where the request came from.'),
    action: z.string().describe('The id of the operation: `createInstance`.'),
    target: z.string().nullable().describe('The instance, user or key it was about.'),
    status: z.int().describe('Of the answer.'),
    request_id: z.string(),
  })
  .meta({ id: 'AuditRow' });
export type AuditRow = z.infer<typeof AuditRowSchema>;

export const AuditSchema = z.object({ audit: z.array(AuditRowSchema).describe('Newest first.') }).meta({ id: 'Audit' });
