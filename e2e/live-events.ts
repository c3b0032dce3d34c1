import { once } from 'node:events';
import { FrameSchema, type Frame } from '@llamactl/contract/events';

/** A client of the WebSocket that keeps all frames, and resumes at its position. */
export class LiveEvents {
  /** All frames of all its connections. */
  readonly frames: Frame[] = [];
  readonly #url: string;
  #socket: WebSocket | null = null;

  /** @param serverUrl Of the HTTP server. */
  constructor(serverUrl: string) {
    this.#url = `${serverUrl.replace(/^http/, 'ws')}/api/ws`;
  }

  /** The number of the last event that it knows; 0: it knows none. */
  get lastSeq(): number {
    return this.frames.at(-1)?.seq ?? 0;
  }

  /** Asks for everything after what it knows. */
  async connect(): Promise<void> {
    const socket = new WebSocket(`${this.#url}?after_seq=${this.lastSeq}`, 'llamactl.v1');
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      // What comes after it has hung up is lost on it, as it would be on the way.
      if (this.#socket === socket) this.frames.push(FrameSchema.parse(JSON.parse(String(data))));
    });
    await once(socket, 'open');
  }

  /** Hangs up, whatever is still on its way. */
  disconnect(): void {
    this.#socket?.close();
    this.#socket = null;
  }

  /** The transitions of an instance, as `previous → status`. */
  transitions(name: string): string[] {
    return this.frames.flatMap(({ type, data }) =>
      type === 'instance_status_changed' && data.name === name ? [`${data.previous_status} → ${data.status}`] : [],
    );
  }

  /** Alerts in its frames, as `code state`. */
  alerts(): string[] {
    return this.frames.flatMap(({ type, data }) => (type === 'system_alert' ? [`${data.code} ${data.state}`] : []));
  }
}
