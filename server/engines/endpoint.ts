import http from 'node:http';
import { assureListener, ForeignListener } from '../instances/run/assured-listener.ts';
import type { Clock, EngineEndpoint, EngineTarget, ProbeResult } from '../instances/ports.ts';

/** Engines listen here and nowhere else; `localhost` might be another address. */
const LOOPBACK = '127.0.0.1';

/**
 * HTTP to engines for health probes.
 *
 * Each probe has a connection of its own and closes it with the first line of the answer: a loading llama-server closes
 * after each answer anyway, and an idle connection keeps one of its few HTTP threads busy for five seconds (measured).
 */
export function createEngineEndpoint({ clock }: { clock: Pick<Clock, 'after'> }): EngineEndpoint {
  return {
    /** An aborted probe reads `closed`: whoever aborts has stopped waiting for an answer. */
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
          // A path or key that HTTP cannot carry.
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
        // The last word where neither came: a connection that was upgraded, or closed without an answer.
        request.on('close', () => finish('error'));
        request.end();
      }),
  };
}

/** A text that an engine answered. */
export interface EngineText {
  status: number;
  text: string;
}

/** Bounds of what is waited for and read. */
export interface TextLimits {
  timeoutMs: number;
  maxBytes: number;
}

/**
 * Reads texts of engines over a connection of its own each: their figures. Resolves to `null` when there was none in time,
 * it broke off, or it was too long; never rejects.
 */
export function createTextReader({ clock }: { clock: Pick<Clock, 'after'> }) {
  return (target: EngineTarget, path: string, { timeoutMs, maxBytes }: TextLimits): Promise<EngineText | null> =>
    new Promise((resolve) => {
      const request = http.request({
        host: LOOPBACK,
        port: target.port,
        path,
        agent: false,
        headers: target.key === null ? {} : { authorization: `Bearer ${target.key}` },
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
      // The last word where there was none: a connection that was upgraded, or closed without an answer.
      request.on('close', () => finish(null));
      request.end();
    });
}

function isClosed(error: Error): boolean {
  return error instanceof ForeignListener || ('code' in error && error.code === 'ECONNREFUSED');
}

function meaningOf(status: number | undefined): ProbeResult {
  if (status === 200) return 'ok';
  return status === 503 ? 'loading' : 'error';
}
