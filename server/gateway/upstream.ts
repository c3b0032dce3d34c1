import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** One request to an engine on this machine. */
export interface EngineRequest {
  port: number;
  method: string;
  /** Path and query, byte for byte. */
  path: string;
  /** Complete, `Host` and the framing of the body included. */
  headers: string[];
}

/** A request on its way. Its body is written to `sink`. */
export interface EngineCall {
  sink: ClientRequest;
  /** The head of the answer; rejects when the engine cannot be reached or leaves without one. */
  answer: Promise<IncomingMessage>;
  /** Ends the connection to the engine at once, which is how an engine learns to stop working on it. Safe at any time. */
  destroy: () => void;
}

/** An engine that has accepted a WebSocket. */
export interface EngineSocket {
  answer: IncomingMessage;
  socket: Socket;
  /** What the engine sent right behind its answer. */
  head: Buffer;
}

/**
 * Sends a request over a connection of its own. llama-server closes its connections after each streamed answer without
 * saying so, which broke 150 of 300 back-to-back requests on a pooled agent, and each idle connection keeps one of its
 * HTTP threads busy for 5 s. There is no timeout: a long prompt is silent for as long as it takes.
 */
export function callEngine(request: EngineRequest): EngineCall {
  const sink = open(request);
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    sink.once('response', resolve);
    // Stays for good: an error after the answer has begun is also the answer's, and is handled there.
    sink.on('error', reject);
    sink.once('close', () => reject(new Error('the engine closed the connection')));
  });
  // Whoever waits for the answer sees the rejection; a call that is given up before anybody waits must not end the process.
  answer.catch(ignoreRejection);
  return { sink, answer, destroy: () => sink.destroy() };
}

/** Asks an engine for a WebSocket; resolves to its socket, or to the answer it gave instead. */
export function openEngineSocket(request: EngineRequest): {
  opened: Promise<EngineSocket | IncomingMessage>;
  destroy: () => void;
} {
  const sink = open(request);
  const opened = new Promise<EngineSocket | IncomingMessage>((resolve, reject) => {
    sink.once('upgrade', (answer, socket, head) => resolve({ answer, socket, head }));
    sink.once('response', resolve);
    sink.on('error', reject);
    sink.once('close', () => reject(new Error('the engine closed the connection')));
  });
  opened.catch(ignoreRejection);
  sink.end();
  return { opened, destroy: () => sink.destroy() };
}

function open({ port, method, path, headers }: EngineRequest): ClientRequest {
  return httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false, setHost: false });
}

function ignoreRejection(): void {
  // The same promise is awaited elsewhere; this handler only keeps Node from calling it unhandled in between.
}
