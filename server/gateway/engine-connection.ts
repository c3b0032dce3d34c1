import { connect, type Socket } from 'node:net';
import { assureListener } from '../instances/run/assured-listener.ts';
import type { EngineTarget } from '../instances/ports/engine-endpoint.ts';

/** Receives the events of a connection. It gets no calls after the connection is destroyed. */
export interface ConnectionUser {
  /** Receives bytes, which are lent until this method returns. */
  received(bytes: Buffer): void;
  /** Called when all written bytes have left, so more can be written. */
  drained(): void;
  /** Called when the engine will send no more bytes. */
  ended(): void;
  /** Called when the connection is closed. */
  closed(error: Error | null): void;
}

/** A connection to an engine on this machine. It has no timeout, because an engine is silent while it reads a prompt. */
export class EngineConnection {
  readonly #socket: Socket;
  #user: ConnectionUser;
  #error: Error | null = null;
  #onClosed: ((isSent: boolean) => void) | null = null;

  /**
   * Opens a connection. Written bytes leave only after `witness` has proven that the engine accepted it.
   *
   * @param buffer Target of all reads. Connections may share one buffer, because each read ends before the next begins.
   */
  constructor({ port, witness }: Pick<EngineTarget, 'port' | 'witness'>, buffer: Buffer, user: ConnectionUser) {
    this.#user = user;
    this.#socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: {
        buffer,
        callback: (length) => {
          if (!this.#socket.destroyed) this.#user.received(buffer.subarray(0, length));
          return true;
        },
      },
    });
    assureListener(this.#socket, witness);
    this.#socket.on('error', (error) => {
      this.#error = error;
    });
    this.#socket.on('drain', () => this.#user.drained());
    this.#socket.on('end', () => {
      if (!this.#socket.destroyed) this.#user.ended();
    });
    this.#socket.on('close', () => {
      this.#onClosed?.(false);
      this.#user.closed(this.#error);
    });
  }

  /** Whether all written bytes have left. */
  get isFlushed(): boolean {
    return this.#socket.writableLength === 0;
  }

  /** Sends all further events to another user. */
  use(user: ConnectionUser): void {
    this.#user = user;
  }

  /** Writes bytes. @returns `false`: wait for `drained` before writing more */
  write(data: string | Buffer): boolean {
    return typeof data === 'string' ? this.#socket.write(data, 'latin1') : this.#socket.write(data);
  }

  /** Writes bytes. @param done Called with true when these bytes, and all bytes before them, have left. */
  writeLast(data: Buffer, done: (isSent: boolean) => void): void {
    this.#socket.write(data, (error) => {
      if (error === undefined || error === null) done(true);
    });
  }

  /**
   * Sets a callback for the end of the connection, and replaces the previous callback.
   *
   * @param done Called with false when the connection is closed, so that the system no longer reads this process's memory.
   */
  onceClosed(done: (isSent: boolean) => void): void {
    this.#onClosed = done;
  }

  /** Sends all bytes that `write` writes in one batch. */
  together(write: () => void): void {
    this.#socket.cork();
    write();
    this.#socket.uncork();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#user = NO_USER;
    this.#socket.destroy();
  }
}

const NO_USER: ConnectionUser = {
  received: () => undefined,
  drained: () => undefined,
  ended: () => undefined,
  closed: () => undefined,
};
