import { z } from 'zod';

/**
 * Every error of `/api`: code → HTTP status → what it means. The one place where a status is chosen.
 *
 * `meaning` is what the documentation prints; the sentence a caller reads is written where the error is raised,
 * because only there is it known what happened and what would work.
 */
export const ERRORS = {
  VALIDATION_ERROR: {
    status: 400,
    meaning:
      'The request is malformed or breaks a rule; `errors` lists every problem. With status 408 it never came whole.',
  },
  INVALID_JSON: { status: 400, meaning: 'The body is not valid JSON.' },
  RESERVED_OPTION: { status: 400, meaning: 'llamactl sets this option itself.' },
  PRIVILEGED_OPTION: {
    status: 400,
    meaning:
      'The option can run code or read files; it needs `security.allow_privileged: true` in the configuration file.',
  },
  UNAUTHORIZED: { status: 401, meaning: 'Credentials are missing or not known.' },
  INVALID_CREDENTIALS: { status: 401, meaning: 'The user name or the password is wrong.' },
  TOKEN_EXPIRED: { status: 401, meaning: 'The token is no longer valid; log in again.' },
  FORBIDDEN: { status: 403, meaning: 'This caller, host or origin may not do that.' },
  NOT_FOUND: { status: 404, meaning: 'Nothing answers at this path.' },
  INSTANCE_NOT_FOUND: { status: 404, meaning: 'No instance has this name.' },
  METHOD_NOT_ALLOWED: { status: 405, meaning: 'The path exists, the method does not; `Allow` lists those that do.' },
  INSTANCE_EXISTS: { status: 409, meaning: 'Another instance has this name (names ignore case).' },
  INSTANCE_RUNNING: { status: 409, meaning: 'The instance has to be stopped first.' },
  INSTANCE_NOT_RUNNING: { status: 409, meaning: 'The instance has to run first.' },
  ALIAS_CONFLICT: { status: 409, meaning: 'Another instance has this name or alias.' },
  PORT_CONFLICT: {
    status: 409,
    meaning: 'The port belongs to another instance, a live run or llamactl itself, or the range is used up.',
  },
  PORT_IN_USE: { status: 409, meaning: 'A process that is not ours listens on the port.' },
  MODEL_NOT_FOUND: { status: 409, meaning: 'The model file, or a part of it, is not there, or is no model.' },
  ENGINE_NOT_FOUND: {
    status: 409,
    meaning:
      "The engine's program is not there or cannot be executed; `llamactl doctor` looks for it, `llamactl quickstart` gets a llama-server.",
  },
  AUTH_DISABLED: { status: 409, meaning: 'Authentication is off, so there is nobody to log in.' },
  CONFIG_PINNED: { status: 409, meaning: 'An environment variable or a flag sets this key to another value.' },
  CONFIG_READ_ONLY: { status: 409, meaning: 'The configuration file cannot be written.' },
  CAPACITY_EXCEEDED: {
    status: 409,
    meaning:
      'No slot is free and none can be freed; under `/v1` with status 503 also: there is no memory for the body.',
  },
  PRECONDITION_FAILED: { status: 412, meaning: 'The instance has changed since the `ETag` in `If-Match` was read.' },
  PAYLOAD_TOO_LARGE: { status: 413, meaning: 'The body, or with status 431 the header, is larger than is read.' },
  URI_TOO_LONG: { status: 414, meaning: 'The URL is longer than is read.' },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    meaning: 'The body has to be `application/json`; for `POST /api/apply` YAML will do too.',
  },
  RATE_LIMITED: {
    status: 429,
    meaning:
      'A limit of the caller is used up: requests at once, or requests or tokens of a minute; `Retry-After` says when to try again.',
  },
  REQUEST_CANCELLED: { status: 499, meaning: 'An operator ended the request to the engine before it was answered.' },
  INTERNAL_ERROR: { status: 500, meaning: 'A fault of llamactl; the log has the details under the `request_id`.' },
  START_FAILED: { status: 502, meaning: 'The engine did not become ready; `reason` says why.' },
  SHUTTING_DOWN: { status: 503, meaning: 'llamactl is stopping or has not finished starting.' },
} as const satisfies Record<string, { status: number; meaning: string }>;

/** The `code` of an error answer. */
export type ErrorCode = keyof typeof ERRORS;

/** Every code, in the table's order. */
export const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** One problem of a request: where it is (`options.threads`; empty for the whole body) and what it is. */
export const ProblemSchema = z
  .object({
    path: z.string().describe('Where the problem is, dotted: `options.threads`; empty for the body as a whole.'),
    message: z.string().describe('What is wrong there and what would be right.'),
  })
  .meta({ id: 'Problem' });

/** An error lists at most this many problems. Checks stop there, so that a large request costs no more than a wrong one. */
export const MOST_PROBLEMS = 100;

/** What `details` says when a check stopped. */
const STOPPED = `Checking stopped after ${MOST_PROBLEMS} problems; there may be more.`;

/** The body of every error answer under `/api`. */
export const ErrorSchema = z
  .object({
    error: z.string().describe('What happened and what would work, for a person.'),
    code: z.enum(ERROR_CODES).describe('The same for a program; stable.'),
    details: z.string().describe('More about it; may be empty.'),
    request_id: z.string().describe('The `X-Request-Id` of the answer, to be found in the log.'),
    errors: z
      .array(ProblemSchema)
      .optional()
      .describe(
        'Every problem with the part of the request at fault, where that is known, up to 100. Checking stops there, and `details` says so.',
      ),
    reason: z.string().optional().describe('Why the engine did not start, when `code` is `START_FAILED`.'),
  })
  .meta({ id: 'Error' });

export type Problem = z.infer<typeof ProblemSchema>;
export type ErrorBody = z.infer<typeof ErrorSchema>;

/** What an {@link ApiError} carries beside its sentence. */
export interface ErrorExtras {
  details?: string;
  /** Every problem found, for validation and option errors. Beyond {@link MOST_PROBLEMS} they are dropped. */
  problems?: readonly Problem[];
  /** Why the engine did not start. */
  reason?: string;
  /** Where it differs from the table's: only 431 for an oversized header, 408 for a request that never came whole. */
  status?: number;
  /** Headers of the answer, such as `Allow` and `Retry-After`. */
  headers?: Readonly<Record<string, string>>;
  /** What led to it, for the log alone. */
  cause?: unknown;
}

/** An error that a caller may read: every throw that is meant for one names a code of the table. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode;
  readonly extras: ErrorExtras;

  /** @param message What happened and what would work: one human sentence. */
  constructor(code: ErrorCode, message: string, extras: ErrorExtras = {}) {
    super(message, extras.cause === undefined ? {} : { cause: extras.cause });
    this.code = code;
    this.extras = bounded(extras);
  }

  get status(): number {
    return this.extras.status ?? ERRORS[this.code].status;
  }
}

/** The first {@link MOST_PROBLEMS} problems; `details` says that the check stopped there. */
function bounded(extras: ErrorExtras): ErrorExtras {
  const { problems = [], details = '' } = extras;
  if (problems.length < MOST_PROBLEMS) return extras;
  const isSaid = details.endsWith(STOPPED);
  const said = isSaid ? details : [details.replace(/(?<![.?])$/, details === '' ? '' : '.'), STOPPED].join(' ').trim();
  return { ...extras, problems: problems.slice(0, MOST_PROBLEMS), details: said };
}
