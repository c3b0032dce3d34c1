import { z } from 'zod';
import { PhraseSchema } from './phrases.ts';

/**
 * Every error of `/api`: its code, HTTP status and meaning. No other place chooses a status.
 *
 * The documentation prints `meaning`. The code that raises the error writes the sentence for the caller, because only
 * that code knows what happened and what would work.
 */
export const ERRORS = {
  VALIDATION_ERROR: {
    status: 400,
    meaning:
      'The request is malformed or breaks a rule; `errors` lists every problem. With status 408 it was incomplete.',
  },
  INVALID_JSON: { status: 400, meaning: 'The body is not valid JSON.' },
  RESERVED_OPTION: { status: 400, meaning: 'llamactl sets this option itself.' },
  PRIVILEGED_OPTION: {
    status: 400,
    meaning:
      'The option can run code or read files; it needs `security.allow_privileged: true` in the configuration file.',
  },
  UNAUTHORIZED: { status: 401, meaning: 'Credentials are missing or unknown.' },
  INVALID_CREDENTIALS: { status: 401, meaning: 'The user name or the password is wrong.' },
  TOKEN_EXPIRED: { status: 401, meaning: 'The token is no longer valid; log in again.' },
  FORBIDDEN: { status: 403, meaning: 'This caller, host or origin may not do that.' },
  NOT_FOUND: { status: 404, meaning: 'Nothing exists at this path.' },
  INSTANCE_NOT_FOUND: { status: 404, meaning: 'No instance has this name.' },
  METHOD_NOT_ALLOWED: { status: 405, meaning: 'The path exists, the method does not; `Allow` lists those that do.' },
  INSTANCE_EXISTS: { status: 409, meaning: 'Another instance has this name (names ignore case).' },
  INSTANCE_RUNNING: { status: 409, meaning: 'The instance runs; stop it first.' },
  INSTANCE_NOT_RUNNING: { status: 409, meaning: 'The instance does not run; start it first.' },
  ALIAS_CONFLICT: { status: 409, meaning: 'Another instance has this name or alias.' },
  PORT_CONFLICT: {
    status: 409,
    meaning: 'The port belongs to another instance, a live run or llamactl itself, or no port of the range is free.',
  },
  PORT_IN_USE: { status: 409, meaning: 'A process that is not from llamactl listens on the port.' },
  MODEL_NOT_FOUND: { status: 409, meaning: 'The model file, or a part of it, does not exist or is not a model.' },
  MODEL_IN_USE: { status: 409, meaning: 'Instances or downloads use the model, so it cannot be deleted.' },
  ENGINE_NOT_FOUND: {
    status: 409,
    meaning:
      "The engine's program does not exist or cannot be executed; `llamactl doctor` looks for it, `llamactl quickstart` installs a llama-server.",
  },
  AUTH_DISABLED: { status: 409, meaning: 'Authentication is off, so no account can log in.' },
  CONFIG_PINNED: { status: 409, meaning: 'An environment variable or a flag sets this key to another value.' },
  CONFIG_READ_ONLY: { status: 409, meaning: 'The configuration file cannot be written.' },
  CAPACITY_EXCEEDED: {
    status: 409,
    meaning: 'No slot is free and none can be freed; with status 503: no memory is left for the body.',
  },
  DOES_NOT_FIT: {
    status: 409,
    meaning: 'The instance needs more memory than it can get; the message says what would fit.',
  },
  PRECONDITION_FAILED: { status: 412, meaning: 'The instance has changed since the `ETag` in `If-Match` was read.' },
  PAYLOAD_TOO_LARGE: { status: 413, meaning: 'The body, or with status 431 the header, is too large.' },
  URI_TOO_LONG: { status: 414, meaning: 'The URL is too long.' },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    meaning: 'The body must be `application/json`; `POST /api/apply` also accepts YAML.',
  },
  RATE_LIMITED: {
    status: 429,
    meaning:
      'The caller reached a limit: concurrent requests, memory for their bodies, or requests or tokens per minute; or a hub limits our requests. `Retry-After` says when to retry.',
  },
  REQUEST_CANCELLED: { status: 499, meaning: 'An operator cancelled the request before the engine answered it.' },
  INTERNAL_ERROR: { status: 500, meaning: 'A bug in llamactl; the log has the details under the `request_id`.' },
  START_FAILED: { status: 502, meaning: 'The engine did not become ready; `reason` says why.' },
  HUB_ERROR: {
    status: 502,
    meaning: 'A server that models come from did not answer, refused the request, or sent something unusable.',
  },
  SHUTTING_DOWN: { status: 503, meaning: 'llamactl is stopping or has not finished starting.' },
  DISK_FULL: { status: 507, meaning: 'The disk has no room for the files of the model.' },
} as const satisfies Record<string, { status: number; meaning: string }>;

/** The `code` of an error answer. */
export type ErrorCode = keyof typeof ERRORS;

/** Every code, in the order of the table. */
export const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** One problem of a request. */
export const ProblemSchema = z
  .object({
    path: z.string().describe('Where the problem is, dotted: `options.threads`; empty for the whole body.'),
    message: z.string().describe('Problem, and the expected value.'),
    phrase: PhraseSchema.optional().describe('`message` as data; absent: no kind of phrase.'),
  })
  .meta({ id: 'Problem' });

/** Most problems in one error. Checks stop there, which bounds the cost of a large request. */
export const MOST_PROBLEMS = 100;

/** The sentence in `details` when checks stopped early. */
const STOPPED = `Checking stopped after ${MOST_PROBLEMS} problems; there may be more.`;

/** The body of every error answer under `/api`. */
export const ErrorSchema = z
  .object({
    error: z.string().describe('Cause and fix, for a person.'),
    code: z.enum(ERROR_CODES).describe('The kind of error, for programs; stable.'),
    details: z.string().describe('More about the error; may be empty.'),
    request_id: z.string().describe('The `X-Request-Id` of the answer; also in the log.'),
    errors: z
      .array(ProblemSchema)
      .optional()
      .describe(
        'Every problem of the invalid part of the request, if known, up to 100. Checking stops there, and `details` says so.',
      ),
    reason: z.string().optional().describe('Why the engine did not start, when `code` is `START_FAILED`.'),
  })
  .meta({ id: 'Error' });

export type Problem = z.infer<typeof ProblemSchema>;
export type ErrorBody = z.infer<typeof ErrorSchema>;

/** Optional data of an {@link ApiError}. */
export interface ErrorExtras {
  details?: string;
  /** Every problem found, for validation and option errors. Beyond {@link MOST_PROBLEMS} they are dropped. */
  problems?: readonly Problem[];
  /** Why the engine did not start. */
  reason?: string;
  /**
   * Overrides the status of the table: only 431 for an oversized header, 408 for an incomplete request, and 503 for a
   * body without memory.
   */
  status?: number;
  /** Headers of the answer, such as `Allow` and `Retry-After`. */
  headers?: Readonly<Record<string, string>>;
  /** The underlying error, for the log only. */
  cause?: unknown;
}

/**
 * Returns the extras of an error after which the same request may succeed later. Only this function writes `Retry-After`.
 *
 * @param seconds How long the caller should wait; rounded up.
 */
export function retryIn(seconds: number): { headers: { 'retry-after': string } } {
  return { headers: { 'retry-after': String(Math.ceil(seconds)) } };
}

/** An error that llamactl sends to the caller. Its code is one of the table. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode;
  readonly extras: ErrorExtras;

  /** @param message One sentence for a person: what happened and what would work. */
  constructor(code: ErrorCode, message: string, extras: ErrorExtras = {}) {
    super(message, extras.cause === undefined ? {} : { cause: extras.cause });
    this.code = code;
    this.extras = bounded(extras);
  }

  get status(): number {
    return this.extras.status ?? ERRORS[this.code].status;
  }
}

/** Keeps the first {@link MOST_PROBLEMS} problems; `details` then says that checking stopped there. */
function bounded(extras: ErrorExtras): ErrorExtras {
  const { problems = [], details = '' } = extras;
  if (problems.length < MOST_PROBLEMS) return extras;
  const isSaid = details.endsWith(STOPPED);
  const said = isSaid ? details : [details.replace(/(?<![.?])$/, details === '' ? '' : '.'), STOPPED].join(' ').trim();
  return { ...extras, problems: problems.slice(0, MOST_PROBLEMS), details: said };
}
