/** The client library of llamactl for the whole API. It needs only `fetch` and WebSocket. */
export { Client, type RequestOptions } from './client.ts';
export type { AuditFilter } from './audit-filter.ts';
export type { ChatChunk, ChatMessage, ChatRequest } from './chat-stream.ts';
export {
  ConflictError,
  ConnectionError,
  ForbiddenError,
  LlamactlError,
  NotFoundError,
  PreconditionFailedError,
  ProtocolError,
  RateLimitedError,
  ServerError,
  TimeoutError,
  UnauthorizedError,
  ValidationError,
} from './errors.ts';
export type { EventsOptions, EventStream } from './event-stream.ts';
export type { EventWishes } from './event-wishes.ts';
export type { FollowLogsOptions } from './log-stream.ts';
export type * from './models.ts';
export type { EventFilter, RequestFilter, WaitOptions } from './operations.ts';
export type {
  CallOptions,
  ChatOptions,
  ClientOptions,
  Interruption,
  StreamOptions,
  Token as ClientToken,
  WebSocketConstructor,
  WebSocketLike,
} from './options.ts';
export { path } from './path.ts';
export type { Answer } from './transport.ts';
