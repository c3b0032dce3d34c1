import { codeOf } from '@llamactl/contract/reason';
import http from 'node:http';
import { assureListener, ForeignListener } from '../instances/run/assured-listener.ts';
import type { EngineEndpoint, EngineTarget, ProbeResult } from '../instances/ports/engine-endpoint.ts';
import type { Clock } from '../instances/ports/time.ts';

/** The only address that engines listen on; `localhost` might be another one. */
const LOOPBACK = '127.0.0.1';

/**
 * Creates the HTTP client for health probes.
 *
 * Each probe has its own connection and closes it after the status line. A loading llama-server closes the connection
 * after each answer anyway. An idle connection occupies one of llama-server's few HTTP threads for five seconds
 * (measured).
 */
export function createEngineEndpoint({ clock }: { clock: Pick<Clock, 'after'> }): EngineEndpoint {
  return {
    /** An aborted probe resolves to `closed`: its caller no longer waits for an answer. */
    probe: (target, timeoutMs, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) {
          resolve('closed');
          return;
        }
        let request: http.ClientRequest;
        try {
          request = http.request({
            host: LOOPBACK,
            port: target.port,
            path: target.healthPath,
            agent: false,
            headers: target.key === null ? {} : { authorization: `Bearer ${target.key}` },
          });
        } catch {
          // A path or key that HTTP cannot encode.
          resolve('error');
          return;
        }
        const finish = (result: ProbeResult): void => {
          cancelTimeout();
          signal?.removeEventListener('abort', abort);
          resolve(result);
          request.destroy();
        };
        const abort = (): void => finish('closed');
        const cancelTimeout = clock.after(timeoutMs, () => finish('timeout'));
        signal?.addEventListener('abort', abort, { once: true });
        request.on('socket', (socket) => assureListener(socket, target.witness));
        request.on('response', ({ statusCode }) => finish(meaningOf(statusCode)));
        request.on('error', (error) => finish(isClosed(error) ? 'closed' : 'error'));
        // Without a response or an error: the connection was upgraded, or closed without an answer.
        request.on('close', () => finish('error'));
        request.end();
      }),
  };
}

/** A text answer of an engine. */
export interface EngineText {
  status: number;
  text: string;
}

/** Limits of time and size for reading a text. */
export interface TextLimits {
  timeoutMs: number;
  maxBytes: number;
}

/**
 * Creates a reader of texts from engines, such as their figures. Each read has a new connection. It resolves to `null`
 * when the answer does not come in time, breaks off, or is too long. It never rejects. With a `body` it is a POST of JSON.
 */
export function createTextReader({ clock }: { clock: Pick<Clock, 'after'> }) {
  return (
    target: EngineTarget,
    path: string,
    { timeoutMs, maxBytes }: TextLimits,
    body?: object,
  ): Promise<EngineText | null> =>
    new Promise((resolve) => {
      const request = http.request({
        host: LOOPBACK,
        port: target.port,
        method: body === undefined ? 'GET' : 'POST',
        path,
        agent: false,
        headers: {
          ...(target.key !== null && { authorization: `Bearer ${target.key}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
      });
      const finish = (result: EngineText | null): void => {
        cancelTimeout();
        resolve(result);
        request.destroy();
      };
      const cancelTimeout = clock.after(timeoutMs, () => finish(null));
      request.on('socket', (socket) => assureListener(socket, target.witness));
      request.on('response', (answer) => {
        const chunks: Buffer[] = [];
        let length = 0;
        answer.on('data', (chunk: Buffer) => {
          length += chunk.byteLength;
          if (length > maxBytes) finish(null);
          else chunks.push(chunk);
        });
        answer.on('error', () => finish(null));
        answer.on('end', () => finish({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
      });
      request.on('error', () => finish(null));
      // Without a response or an error: the connection was upgraded, or closed without an answer.
      request.on('close', () => finish(null));
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

/** Reads texts from engines, as {@link createTextReader} makes it. */
export type ReadText = ReturnType<typeof createTextReader>;

function isClosed(error: Error): boolean {
  return error instanceof ForeignListener || codeOf(error) === 'ECONNREFUSED';
}

function meaningOf(status: number | undefined): ProbeResult {
  if (status === 200) return 'ok';
  return status === 503 ? 'loading' : 'error';
}
