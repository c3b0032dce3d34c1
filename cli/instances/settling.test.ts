import { ConnectionError, type EventStream, type Frame, type InstanceSummary, type Status } from '@llamactl/client';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { settled } from './settling.ts';

/** A fake server, controlled by a test. */
class Script {
  /** The result of each poll; the last one stays. */
  looks: (Record<string, Status> | Error)[] = [];
  #hear: ((frame: Frame) => void) | null = null;
  /** Resolves when a client listens to events. */
  readonly listening = Promise.withResolvers<void>();

  async listInstances(): Promise<InstanceSummary[]> {
    const [look] = this.looks;
    if (this.looks.length > 1) this.looks.shift();
    if (look instanceof Error) throw look;
    return Object.entries(look ?? {}).map(([name, status]) => ({ name, status }) as InstanceSummary);
  }

  events(options: { signal?: AbortSignal | undefined }): EventStream {
    return Object.assign(this.#frames(options), { subscribe: () => undefined });
  }

  async *#frames({ signal }: { signal?: AbortSignal | undefined }): AsyncGenerator<Frame, void, void> {
    for (;;) {
      const next = new Promise<Frame>((resolve, reject) => {
        this.#hear = resolve;
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      });
      this.listening.resolve();
      yield await next;
    }
  }

  report(name: string, status: Status): void {
    const frame = { type: 'instance_status_changed', data: { name, status, previous_status: 'stopped' }, seq: 1 };
    this.#hear?.(frame as Frame);
  }

  rename(previous: string, name: string): void {
    this.#hear?.({ type: 'instance_updated', data: { name, previous_name: previous }, seq: 1 } as Frame);
  }
}

const recorder = (): { statuses: string[]; onStatus: (name: string, status: Status) => void } => {
  const statuses: string[] = [];
  return { statuses, onStatus: (name, status) => void statuses.push(`${name} ${status}`) };
};
const never = (): void => {
  throw new Error('the server was not away');
};
/** Polls again at once. */
const noPause = async (): Promise<void> => undefined;
/** Never polls again. */
const forEver = (_seconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

describe('waiting for instances to settle', () => {
  const { signal } = new AbortController();

  it('ends at once for settled ones', async () => {
    const script = new Script();
    script.looks = [{ a: 'running', b: 'failed', c: 'stopped', other: 'starting' }];
    const { statuses, onStatus } = recorder();
    const rests = await settled(script, {
      names: ['a', 'b', 'c'],
      signal,
      onStatus,
      onPresence: never,
      pause: forEver,
    });
    expect(Object.fromEntries(rests)).toEqual({ a: 'running', b: 'failed', c: 'stopped' });
    expect(statuses).toEqual(['a running', 'b failed', 'c stopped']);
  });

  it('follows events, with names in any case', async () => {
    const script = new Script();
    script.looks = [{ Llama: 'starting' }];
    const { statuses, onStatus } = recorder();
    const rests = settled(script, { names: ['llama'], signal, onStatus, onPresence: never, pause: forEver });
    await script.listening.promise;
    script.report('Llama', 'running');
    expect(Object.fromEntries(await rests)).toEqual({ llama: 'running' });
    expect(statuses.at(-1)).toBe('llama running');
  });

  it('follows an instance to its new name', async () => {
    const script = new Script();
    script.looks = [{ a: 'starting' }];
    const rests = settled(script, {
      names: ['a'],
      signal,
      onStatus: () => undefined,
      onPresence: never,
      pause: forEver,
    });
    await script.listening.promise;
    script.rename('A', 'b');
    await setImmediate();
    script.report('B', 'running');
    expect(Object.fromEntries(await rests)).toEqual({ a: 'running' });
  });

  it('polls for missed events', async () => {
    const script = new Script();
    script.looks = [{ a: 'starting' }, { a: 'starting' }, { a: 'restarting' }, { a: 'failed' }];
    const { statuses, onStatus } = recorder();
    const pauses: number[] = [];
    const pause = async (seconds: number): Promise<void> => void pauses.push(seconds);
    const rests = await settled(script, { names: ['a'], signal, onStatus, onPresence: never, pause });
    expect(Object.fromEntries(rests)).toEqual({ a: 'failed' });
    expect(statuses).toEqual(['a starting', 'a restarting', 'a failed']);
    expect(pauses).toEqual([0.1, 0.2, 0.4]);
  });

  it('counts a missing instance as deleted', async () => {
    const script = new Script();
    script.looks = [{ a: 'stopping' }, {}];
    const rests = await settled(script, { names: ['a'], signal, ...recorder(), onPresence: never, pause: noPause });
    expect(Object.fromEntries(rests)).toEqual({ a: null });
  });

  it('waits for an unreachable server, and reports it', async () => {
    const script = new Script();
    const away = new ConnectionError('no answer', { url: 'http://127.0.0.1:1' });
    script.looks = [{ a: 'starting' }, away, away, away, { a: 'starting' }, away, { a: 'running' }];
    const presence: boolean[] = [];
    const onPresence = (isThere: boolean): void => void presence.push(isThere);
    const pauses: number[] = [];
    const pause = async (seconds: number): Promise<void> => void pauses.push(seconds);
    const rests = await settled(script, { names: ['a'], signal, ...recorder(), onPresence, pause });
    expect(Object.fromEntries(rests)).toEqual({ a: 'running' });
    expect(pauses).toEqual([0.1, 1, 1, 1, 1.6, 1]);
    expect(presence).toEqual([false, true, false, true]);
  });

  it('ends with a refusal of the server', async () => {
    const script = new Script();
    script.looks = [new Error('no rights')];
    await expect(settled(script, { names: ['a'], signal, ...recorder(), onPresence: never })).rejects.toThrow(
      'no rights',
    );
  });

  it('ends when it is interrupted', async () => {
    const script = new Script();
    script.looks = [{ a: 'starting' }];
    const interruption = new AbortController();
    const rests = settled(script, {
      names: ['a'],
      signal: interruption.signal,
      ...recorder(),
      onPresence: never,
      pause: forEver,
    });
    await script.listening.promise;
    interruption.abort();
    await expect(rests).rejects.toThrow('aborted');
  });

  it('ends at once without names', async () => {
    const rests = await settled(new Script(), { names: [], signal, ...recorder(), onPresence: never });
    expect(rests.size).toBe(0);
  });
});
