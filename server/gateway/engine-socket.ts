import { connect, type Socket } from 'node:net';
import { assureListener } from '../instances/run/assured-listener.ts';
import { type AnswerEvents, type AnswerHead, AnswerParser, MalformedAnswer } from './answer-parser.ts';
import { requestHead } from './headers.ts';
import type { EngineRequest } from './upstream.ts';

/** An engine that has accepted a WebSocket. */
export interface EngineSocket {
  head: AnswerHead;
  /** The connection to the engine, paused. */
  socket: Socket;
  /** Bytes that the engine sent right after its answer. */
  rest: Buffer;
}

/** Receives the result: `accepted`, an ordinary answer, or `failed`, which may also break off an ordinary answer. */
export interface SocketReceiver extends AnswerEvents {
  accepted(engine: EngineSocket): void;
  failed(error: unknown): void;
}

/** An in-flight request for a WebSocket. */
export interface SocketCall {
  /** Stops reading an ordinary answer until `resume`. */
  pause(): void;
  resume(): void;
  /**
   * Closes the connection, and the receiver gets no further calls. Does nothing once the engine has accepted: the
   * receiver then owns the connection.
   */
  destroy(): void;
}

/** Requests a WebSocket from an engine, over a new connection. */
export function openEngineSocket(
  { target, method, path, headers }: Omit<EngineRequest, 'body'>,
  receiver: SocketReceiver,
): SocketCall {
  const head = requestHead(method, path, headers);
  const socket = connect({ host: '127.0.0.1', port: target.port, noDelay: true });
  assureListener(socket, target.witness);
  let accepted: AnswerHead | null = null;
  let isOver = false;
  let failure: Error | null = null;
  const end = (): void => {
    isOver = true;
    socket.destroy();
  };
  const fail = (error: unknown): void => {
    if (isOver) return;
    end();
    receiver.failed(error);
  };
  const attempt = (read: () => void): void => {
    try {
      if (!isOver) read();
    } catch (error) {
      fail(error);
    }
  };
  const parser = new AnswerParser(method, true, {
    information: (status) => receiver.information(status),
    head: (answer) => {
      if (answer.status === 101) accepted = answer;
      else receiver.head(answer);
    },
    data: (bytes) => receiver.data(bytes),
    end: (bytes, trailers) => receiver.end(bytes, trailers),
  });
  const onData = (bytes: Buffer): void =>
    attempt(() => {
      const taken = parser.push(bytes);
      if (accepted !== null) {
        isOver = true;
        socket.off('data', onData);
        socket.pause();
        receiver.accepted({ head: accepted, socket, rest: bytes.subarray(taken) });
      } else if (parser.isComplete) end();
    });
  socket.on('data', onData);
  socket.on('end', () => attempt(() => parser.finish()));
  socket.on('error', (error) => {
    failure = error;
  });
  socket.on('close', () => fail(failure ?? new MalformedAnswer('the engine closed the connection')));
  socket.write(head, 'latin1');
  return {
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    destroy: () => {
      if (!isOver) end();
    },
  };
}
