import type { ErrorCode, Problem } from './models.ts';

/** The data of an error answer. */
export interface ErrorFacts {
  /** HTTP status. For an error in the middle of a stream, the status that matches its type. */
  status: number;
  /** The kind of error, for programs; under `/v1` the code or type in the answer. */
  code: string;
  /** More about the error; may be empty. */
  details: string;
  requestId: string | null;
  problems: readonly Problem[];
  /** Why an engine did not start. */
  reason: string | undefined;
  /** Seconds after which the same request may succeed; `null`: unknown. */
  retryAfter: number | null;
}

/** An error answer of llamactl. `message` says what happened and what would work. */
export class LlamactlError extends Error {
  override readonly name: string = 'LlamactlError';
  readonly status: number;
  /** The kind of error, for programs; stable. An {@link ErrorCode} under `/api`; engines and `/v1` have other codes too. */
  readonly code: ErrorCode | (string & {});
  /** More about the error; may be empty. */
  readonly details: string;
  /** The id of the request in the server's log. */
  readonly requestId: string | null;
  /** Every problem of the request, if the server knows which parts are wrong. */
  readonly problems: readonly Problem[];
  /** Why the engine did not start, for the code `START_FAILED`. */
  readonly reason: string | undefined;
  /** Seconds after which the same request may succeed; `null`: unknown. */
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

/** 400: the request is invalid; `problems` lists every problem. */
export class ValidationError extends LlamactlError {
  override readonly name = 'ValidationError';
}

/** 401: credentials are missing, wrong or expired. */
export class UnauthorizedError extends LlamactlError {
  override readonly name = 'UnauthorizedError';
}

/** 403: this caller, host or origin may not do that. */
export class ForbiddenError extends LlamactlError {
  override readonly name = 'ForbiddenError';
}

/** 404: the instance, account, key or path does not exist. */
export class NotFoundError extends LlamactlError {
  override readonly name = 'NotFoundError';
}

/** 409: the current state does not allow the request; the code says why. */
export class ConflictError extends LlamactlError {
  override readonly name = 'ConflictError';
}

/** 412: the instance has changed since its `ETag` was read. */
export class PreconditionFailedError extends LlamactlError {
  override readonly name = 'PreconditionFailedError';
}

/** 429: too many requests; `retryAfter` says when to retry. */
export class RateLimitedError extends LlamactlError {
  override readonly name = 'RateLimitedError';
}

/** 5xx: a bug in the server, an engine that did not start (`START_FAILED`), or a server that is starting or stopping. */
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

/** Creates the error whose class matches the status. */
export function errorOf(message: string, facts: ErrorFacts): LlamactlError {
  const Class = CLASSES[facts.status] ?? (facts.status >= 500 ? ServerError : LlamactlError);
  return new Class(message, facts);
}

/** No answer, or an incomplete one. `cause` is the platform's error. */
export class ConnectionError extends Error {
  override readonly name: string = 'ConnectionError';
  /** The URL of the request. */
  readonly url: string;
  /** Whether it is certain that the server got nothing of the request. */
  readonly isUnsent: boolean;

  constructor(message: string, facts: { url: string; isUnsent?: boolean; cause?: unknown }) {
    super(message, { cause: facts.cause });
    this.url = facts.url;
    this.isUnsent = facts.isUnsent ?? false;
  }
}

/** No answer within the timeout. The server may still have done what the request asked for. */
export class TimeoutError extends ConnectionError {
  override readonly name = 'TimeoutError';
}

/** An answer or message that is not from llamactl: the page of a proxy, a redirect, another program. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly url: string;
  /** HTTP status of the answer; `null`: it had none. */
  readonly status: number | null;
  /** Seconds after which the same request may succeed; `null`: unknown. */
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
