import type { ErrorCode, Problem } from './models.ts';

/** What an error answer says, in the words of this library. */
export interface ErrorFacts {
  /** HTTP status; of an error that came in the middle of a stream, the one that it would have had. */
  status: number;
  /** The error for a program; under `/v1` whatever code or type stands there. */
  code: string;
  /** More about it; may be empty. */
  details: string;
  requestId: string | null;
  problems: readonly Problem[];
  /** Why an engine did not start. */
  reason: string | undefined;
  /** Seconds after which the same request may succeed; `null`: nothing was said of it. */
  retryAfter: number | null;
}

/** An error that llamactl answered. `message` is its own sentence: what happened, and what would work. */
export class LlamactlError extends Error {
  override readonly name: string = 'LlamactlError';
  readonly status: number;
  /** Stable, for a program. An {@link ErrorCode} under `/api`; engines and `/v1` have more. */
  readonly code: ErrorCode | (string & {});
  /** More about it; may be empty. */
  readonly details: string;
  /** By which the request is found in the server's log. */
  readonly requestId: string | null;
  /** Every problem of the request, where it can be told which part is at fault. */
  readonly problems: readonly Problem[];
  /** Why an engine did not start, with the code `START_FAILED`. */
  readonly reason: string | undefined;
  /** Seconds after which the same request may succeed; `null`: nothing was said of it. */
  readonly retryAfter: number | null;

  constructor(message: string, facts: ErrorFacts) {
    super(message);
    this.status = facts.status;
    this.code = facts.code;
    this.details = facts.details;
    this.requestId = facts.requestId;
    this.problems = facts.problems;
    this.reason = facts.reason;
    this.retryAfter = facts.retryAfter;
  }
}

/** 400: the request breaks a rule; `problems` lists them all. */
export class ValidationError extends LlamactlError {
  override readonly name = 'ValidationError';
}

/** 401: credentials are missing, wrong, or not valid any more. */
export class UnauthorizedError extends LlamactlError {
  override readonly name = 'UnauthorizedError';
}

/** 403: this caller, host or origin may not do that. */
export class ForbiddenError extends LlamactlError {
  override readonly name = 'ForbiddenError';
}

/** 404: there is no such instance, account, key or path. */
export class NotFoundError extends LlamactlError {
  override readonly name = 'NotFoundError';
}

/** 409: it cannot be done in the present state; the code says what stands in the way. */
export class ConflictError extends LlamactlError {
  override readonly name = 'ConflictError';
}

/** 412: somebody else changed the instance since its `ETag` was read. */
export class PreconditionFailedError extends LlamactlError {
  override readonly name = 'PreconditionFailedError';
}

/** 429: too many requests; `retryAfter` says when the next one is taken. */
export class RateLimitedError extends LlamactlError {
  override readonly name = 'RateLimitedError';
}

/** 5xx: a fault of the server, an engine that did not start (`START_FAILED`), or a server that starts or stops. */
export class ServerError extends LlamactlError {
  override readonly name = 'ServerError';
}

const CLASSES: Readonly<Record<number, typeof LlamactlError>> = {
  400: ValidationError,
  401: UnauthorizedError,
  403: ForbiddenError,
  404: NotFoundError,
  409: ConflictError,
  412: PreconditionFailedError,
  429: RateLimitedError,
};

/** The error of the class that its status has. */
export function errorOf(message: string, facts: ErrorFacts): LlamactlError {
  const Class = CLASSES[facts.status] ?? (facts.status >= 500 ? ServerError : LlamactlError);
  return new Class(message, facts);
}

/** No answer came, or it broke off. `cause` is what the platform said. */
export class ConnectionError extends Error {
  override readonly name: string = 'ConnectionError';
  /** Of the request. */
  readonly url: string;
  /** It is certain that the server has seen nothing of the request. */
  readonly isUnsent: boolean;

  constructor(message: string, facts: { url: string; isUnsent?: boolean; cause?: unknown }) {
    super(message, { cause: facts.cause });
    this.url = facts.url;
    this.isUnsent = facts.isUnsent ?? false;
  }
}

/** No answer came in time. The server may have done what was asked. */
export class TimeoutError extends ConnectionError {
  override readonly name = 'TimeoutError';
}

/** What answered, or a message of it, is not llamactl's: the page of a proxy, a redirection, another program. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly url: string;
  /** HTTP status of the answer; `null` where it had none. */
  readonly status: number | null;
  /** Seconds after which the same request may succeed; `null`: nothing was said of it. */
  readonly retryAfter: number | null;

  constructor(
    message: string,
    facts: { url: string; status?: number | null; retryAfter?: number | null; cause?: unknown },
  ) {
    super(message, { cause: facts.cause });
    this.url = facts.url;
    this.status = facts.status ?? null;
    this.retryAfter = facts.retryAfter ?? null;
  }
}
