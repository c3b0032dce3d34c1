import type { Socket } from 'node:net';
import { CLOSE_CODES, type Subscribe, SubscribeSchema } from '@llamactl/contract/events';
import type { RawData, WebSocket } from 'ws';
import type { Caller } from '../auth/caller.ts';
import type { Clock } from '../instances/ports/time.ts';
import type { InstanceManager } from '../instances/use-cases.ts';
import { judge } from './bodies/problems.ts';
import { seesCallers, watchWelcome } from './edge/gate.ts';
import { LogFollowers, type LogNews } from './log-followers.ts';

/** Source of events for WebSocket clients. */
export interface LiveEvents {
  join(client: {
    /** Takes complete frames. `pending`: bytes that the operating system has not accepted yet. */
    wire: { write(bytes: Buffer): void; readonly pending: number };
    /** Ids of the instances whose events the client may see; `null`: all. */
    instances: ReadonlySet<string> | null;
    /** Whether the client may see who sent the requests of others. */
    seesCallers: boolean;
    /** The name with which requests of this caller are recorded. */
    caller: string;
    /** Number of the last event that the client has; `null`: replay no past events. */
    afterSeq: number | null;
    onTooSlow: () => void;
  }): LiveSeat;
}

export interface LiveSeat {
  subscribe(subscription: Pick<Subscribe, 'instances' | 'types'>): void;
  drained(): void;
  /** The number of the last event that was written to the client. */
  readonly lastSeq: number;
  leave(): void;
}

export interface WebSocketClientParts {
  webSocket: WebSocket;
  /** The connection of the WebSocket. */
  socket: Socket;
  caller: Caller;
  afterSeq: number | null;
  events: LiveEvents;
  /** Counts a new subscription to a log. Returns how long it has to wait, milliseconds; 0: not at all. */
  admitLog: () => number;
  /** The logs that the caller may see. */
  logs: Pick<InstanceManager, 'followLogs'>;
  clock: Clock;
  onFault: (error: unknown) => void;
}

/** Ping interval. Proxies close a silent connection after 60 s. */
const PING_MS = 30_000;
/** Time for the closing handshake, which takes one round trip. A client that hangs would never complete it. */
const CLOSE_PATIENCE_MS = 2_000;
const FRAMES_A_WINDOW = 100;
const WINDOW_MS = 10_000;
/** While more bytes of a connection wait, no more lines of a log are read for it. */
const MOST_UNSENT = 65_536;
/** Most bytes of a close reason: a control frame holds 125 bytes, two of them for the code. */
const LONGEST_REASON = 123;

/** One WebSocket client, from the end of its handshake to the end of its connection. */
export class WebSocketClient {
  readonly #parts: WebSocketClientParts;
  readonly #seat: LiveSeat;
  readonly #followers: LogFollowers;
  #stopWatching = (): void => undefined;
  #cancelPing = (): void => undefined;
  /** Settles when the connection has taken all bytes, or is over; `null`: nothing waits for that. */
  #drain: PromiseWithResolvers<void> | null = null;
  #isAlive = true;
  #isEnding = false;
  #frames = 0;
  #windowBegan = 0;

  constructor(parts: WebSocketClientParts) {
    this.#parts = parts;
    const { webSocket, socket, caller, afterSeq, events, logs, clock, onFault } = parts;
    const onDrain = (): void => {
      this.#seat.drained();
      this.#proceed();
    };
    webSocket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    for (const control of ['ping', 'pong'] as const) webSocket.on(control, () => this.#onFrame());
    // Ignore errors of the connection: they end it, and `close` handles the end.
    webSocket.on('error', () => undefined);
    webSocket.once('close', () => {
      socket.off('drain', onDrain);
      this.#leave();
    });
    this.#followers = new LogFollowers({
      clock,
      admit: parts.admitLog,
      logs,
      send: (news) => {
        if (!this.#isEnding) webSocket.send(JSON.stringify(frameOf(news, clock.now(), this.#seat.lastSeq)));
      },
      writable: () => this.#writable(),
      onFault,
    });
    this.#seat = events.join({
      wire: {
        write: (bytes) => void socket.write(bytes),
        get pending() {
          return socket.writableLength;
        },
      },
      instances: caller.instances,
      seesCallers: seesCallers(caller),
      caller: caller.subject,
      afterSeq,
      onTooSlow: () => this.end(CLOSE_CODES.tooSlow, 'You read too slowly; connect again with after_seq.'),
    });
    socket.on('drain', onDrain);
    this.#ping();
    this.#stopWatching = watchWelcome(caller, clock, ({ message }) => this.end(CLOSE_CODES.unauthorized, message));
    if (this.#isEnding) this.#stopWatching();
  }

  /** Closes the connection with a handshake, or after a timeout without one. */
  end(code: number, reason: string): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#leave();
    const { webSocket, clock } = this.#parts;
    webSocket.close(code, shortened(reason));
    clock.after(CLOSE_PATIENCE_MS, () => webSocket.terminate());
  }

  #leave(): void {
    this.#seat.leave();
    this.#followers.end();
    this.#proceed();
    this.#cancelPing();
    this.#stopWatching();
  }

  /** Resolves when few bytes wait in the connection, or when it is over. */
  async #writable(): Promise<void> {
    if (this.#isEnding || this.#parts.socket.writableLength <= MOST_UNSENT) return;
    this.#drain ??= Promise.withResolvers();
    await this.#drain.promise;
  }

  #proceed(): void {
    this.#drain?.resolve();
    this.#drain = null;
  }

  #ping(): void {
    this.#cancelPing = this.#parts.clock.after(PING_MS, () => {
      const { webSocket } = this.#parts;
      if (!this.#isAlive) {
        webSocket.terminate();
        return;
      }
      this.#isAlive = false;
      webSocket.ping();
      this.#ping();
    });
  }

  /** Counts a frame. Returns whether the frame may be processed. */
  #onFrame(): boolean {
    this.#isAlive = true;
    const now = this.#parts.clock.elapsed();
    if (now - this.#windowBegan >= WINDOW_MS) {
      this.#windowBegan = now;
      this.#frames = 0;
    }
    this.#frames += 1;
    if (this.#frames > FRAMES_A_WINDOW) {
      this.end(CLOSE_CODES.policy, `More than ${FRAMES_A_WINDOW} frames in ${WINDOW_MS / 1_000} s are too many.`);
    }
    return !this.#isEnding;
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (!this.#onFrame()) return;
    if (isBinary) {
      this.end(CLOSE_CODES.unsupported, 'Messages here are JSON in text frames.');
      return;
    }
    const message = parsed(data);
    if (message === undefined) {
      this.end(CLOSE_CODES.policy, 'This is no {"type":"subscribe"}: it is no JSON');
      return;
    }
    const { value, problems } = judge(SubscribeSchema, message);
    if (problems === null) {
      this.#seat.subscribe(value);
      this.#followers.follow(value.logs ?? []);
      return;
    }
    const [problem] = problems;
    const what = problem === undefined ? '' : `: ${problem.path === '' ? 'it' : problem.path} ${problem.message}`;
    this.end(CLOSE_CODES.policy, `This is no {"type":"subscribe"}${what}`);
  }
}

function frameOf({ type, data }: LogNews, now: number, seq: number): object {
  return { type, timestamp: new Date(now).toISOString(), seq, data };
}

/** Parses a message; `undefined`: it is not JSON. */
function parsed(data: RawData): unknown {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(new Uint8Array(data));
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    return undefined;
  }
}

/** Shortens a reason to fit into a close frame. */
function shortened(reason: string): string {
  if (Buffer.byteLength(reason) <= LONGEST_REASON) return reason;
  // Drop a character that was cut in the middle.
  const cut = Buffer.from(reason)
    .subarray(0, LONGEST_REASON - 3)
    .toString();
  return `${cut.replace(/\uFFFD$/, '')}…`;
}
