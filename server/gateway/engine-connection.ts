import { connect, type Socket } from 'node:net';
import { assureListener } from '../instances/run/assured-listener.ts';
import type { EngineTarget } from '../instances/ports.ts';

/** Who uses a connection at the moment. Nothing is told any more once it is destroyed. */
export interface ConnectionUser {
  /** `bytes` are lent until this returns. */
  received(bytes: Buffer): void;
  /** What was written is on its way; more is welcome. */
  drained(): void;
  /** The engine will send no more. */
  ended(): void;
  /** It is gone. */
  closed(error: Error | null): void;
}

/** A connection to an engine on this machine. It has no timeout: a long prompt is silent for as long as it takes. */
export class EngineConnection {
  readonly #socket: Socket;
  #user: ConnectionUser;
  #error: Error | null = null;
  #onClosed: ((isSent: boolean) => void) | null = null;

  /**
   * What is written leaves when it is proven that the engine has accepted.
   *
   * @param buffer What is read into; all connections may share one, because each read is over before the next.
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

  /** Whether all that was written has left. */
  get isFlushed(): boolean {
    return this.#socket.writableLength === 0;
  }

  /** From now on somebody else is told. */
  use(user: ConnectionUser): void {
    this.#user = user;
  }

  /** Whether more is welcome at once. */
  write(data: string | Buffer): boolean {
    return typeof data === 'string' ? this.#socket.write(data, 'latin1') : this.#socket.write(data);
  }

  /** @param done Called with true when these bytes, and all that were written before, have left. */
  writeLast(data: Buffer, done: (isSent: boolean) => void): void {
    this.#socket.write(data, (error) => {
      if (error === undefined || error === null) done(true);
    });
  }

  /** @param done Called with false when the system has closed it and reads no memory of ours any more. Replaces the one before. */
  onceClosed(done: (isSent: boolean) => void): void {
    this.#onClosed = done;
  }

  /** What is written meanwhile leaves together. */
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
    this.#user = NOBODY;
    this.#socket.destroy();
  }
}

const NOBODY: ConnectionUser = {
  received: () => undefined,
  drained: () => undefined,
  ended: () => undefined,
  closed: () => undefined,
};
