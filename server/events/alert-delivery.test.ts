import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DomainEvent } from '@llamactl/contract/events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import { createToolRunner } from '../supervisor/tool.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import type { RunTool } from './alert-command.ts';
import { createAlertDelivery, UNDELIVERED, type AlertDelivery } from './alert-delivery.ts';
import type { LeftAlert } from './alerts-left.ts';
import type { AlertNews } from './announcement.ts';

const WAIT = { interval: 2, timeout: 10_000 };
const MINUTE_MS = 60_000;
const FAILED: AlertNews = {
  state: 'raised',
  level: 'error',
  code: 'instance_failed',
  message: 'a failed; "$(touch x)" `id`',
  instance: 'a',
};

let clock: FakeClock;
let folder: string;
let faults: string[];
/** The alert about deliveries, each time it was raised; `null`: cleared. */
let undelivered: (string | null)[];
type Listener = (event: DomainEvent, kept: { timestamp: string }) => void;
let listeners: Set<Listener>;
let ends: (() => Promise<void> | void)[];
beforeEach(() => {
  clock = new FakeClock();
  folder = mkdtempSync(path.join(tmpdir(), 'llamactl-alerts-'));
  faults = [];
  undelivered = [];
  listeners = new Set();
  ends = [() => rmSync(folder, { recursive: true })];
});
afterEach(async () => {
  for (const end of ends.toReversed()) await end();
});

const now = (): string => new Date(clock.now()).toISOString();
const emit = (news: AlertNews): void => {
  for (const listener of listeners) listener({ type: 'system_alert', data: news }, { timestamp: now() });
};

function deliver(
  config: { webhook?: string; command?: string[] },
  runTool?: RunTool,
  left: readonly LeftAlert[] = [],
): AlertDelivery {
  const delivery = createAlertDelivery({
    config: { webhook: '', command: [], ...config },
    hostname: 'box',
    left,
    clock,
    runTool: runTool ?? createToolRunner(systemClock(), { PATH: '/usr/bin:/bin' }),
    events: {
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    alerts: {
      raise: ({ code, message }) => {
        undelivered.push(message);
        emit({ ...FAILED, code, message });
      },
      clear: (code) => void undelivered.push(code === UNDELIVERED ? null : code),
    },
    onFault: (error, what) => faults.push(`${what}: ${error instanceof Error ? error.message : String(error)}`),
  });
  ends.push(async () => {
    const closed = delivery.close();
    await clock.advance(2_000);
    await closed;
  });
  return delivery;
}

it('an alert whose text has only another number is not sent again', async () => {
  const sent: string[] = [];
  deliver({ command: ['/bin/notify'] }, async (_program, _words, options) => {
    sent.push(String(options?.environment?.['LLAMACTL_ALERT_MESSAGE']));
    return { code: 0, stdout: '', stderr: '' } as never;
  });
  for (const message of ['restarted 3 times', 'restarted 4 times', 'restarted 5 times; now it is ill']) {
    emit({ ...FAILED, message });
    await clock.advance(2 * MINUTE_MS);
  }
  expect(sent).toEqual(['restarted 3 times', 'restarted 5 times; now it is ill']);
});

/** A server that records the bodies posted to it. */
async function aReceiver(status = 200): Promise<{ url: string; bodies: Record<string, unknown>[] }> {
  const bodies: Record<string, unknown>[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
      response.writeHead(status).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/secret`, bodies };
}

describe('AlertDelivery', () => {
  it('posts an alert when it is raised and when it is cleared, with its raised_at', async () => {
    const { url, bodies } = await aReceiver();
    deliver({ webhook: url });
    const raisedAt = now();
    emit(FAILED);
    // The webhook has answered: only the minute's timer of the pace is left.
    await vi.waitFor(() => expect([bodies.length, clock.pending]).toEqual([1, [MINUTE_MS]]), WAIT);
    await clock.advance(2 * MINUTE_MS);
    emit({ ...FAILED, state: 'cleared' });
    await vi.waitFor(() => expect(bodies).toHaveLength(2), WAIT);
    expect(bodies).toMatchObject([
      { ...FAILED, title: 'llamactl on box: instance_failed (a)', raised_at: raisedAt },
      { ...FAILED, state: 'cleared', title: 'llamactl on box: instance_failed (a) is over', raised_at: raisedAt },
    ]);
  });

  it('runs the command with the alert in its environment, not in its arguments', async () => {
    const file = path.join(folder, 'alerts');
    const script =
      'printf "%s\\n" "$#" "$LLAMACTL_ALERT_STATE" "$LLAMACTL_ALERT_LEVEL" "$LLAMACTL_ALERT_CODE" "$LLAMACTL_ALERT_INSTANCE" ' +
      '"$LLAMACTL_ALERT_TITLE" "$LLAMACTL_ALERT_MESSAGE" "$LLAMACTL_ALERT_RAISED_AT" "$LLAMACTL_ALERT_JSON" > "$0.part"; mv "$0.part" "$0"';
    deliver({ command: ['/bin/sh', '-c', script, file] });
    emit(FAILED);
    await vi.waitFor(() => expect(existsSync(file)).toBe(true), WAIT);
    const [count, state, level, code, instance, title, message, raisedAt, json] = readFileSync(file, 'utf8').split(
      '\n',
    );
    expect([count, state, level, code, instance]).toEqual(['0', 'raised', 'error', 'instance_failed', 'a']);
    expect([title, message]).toEqual(['llamactl on box: instance_failed (a)', FAILED.message]);
    expect(raisedAt).toBe(now());
    expect(JSON.parse(json ?? '')).toEqual({ ...FAILED, title, raised_at: raisedAt });
  });

  it('delivers to both destinations, also when one fails', async () => {
    const { url, bodies } = await aReceiver(404);
    const file = path.join(folder, 'alerts');
    deliver({ webhook: url, command: ['/bin/sh', '-c', 'echo x >> "$0"; echo no such room >&2; exit 3', file] });
    emit(FAILED);
    emit({ ...FAILED, instance: 'b' });
    await vi.waitFor(() => expect(faults).toHaveLength(4), WAIT);
    expect(bodies).toMatchObject([{ instance: 'a' }, { instance: 'b' }]);
    expect(readFileSync(file, 'utf8')).toBe('x\nx\n');
    expect(faults.toSorted()).toEqual([
      'The alert instance_failed could not be delivered: alerts.command exited with status 3: no such room',
      'The alert instance_failed could not be delivered: alerts.command exited with status 3: no such room',
      'The alert instance_failed could not be delivered: alerts.webhook answered with status 404',
      'The alert instance_failed could not be delivered: alerts.webhook answered with status 404',
    ]);
  });

  it('raises an alert about a receiver that fails, sends it to none, and clears it with the next that arrives', async () => {
    let code = 3;
    const sent: unknown[] = [];
    const delivery = deliver({ command: ['x'] }, async (_command, _args, { environment }) => {
      sent.push(environment?.['LLAMACTL_ALERT_CODE']);
      return { code, stderr: 'no such room' };
    });
    const change = async (news: AlertNews): Promise<void> => {
      emit(news);
      await clock.advance(2 * MINUTE_MS);
    };
    await change(FAILED);
    const lost = 'The alert instance_failed could not be delivered: alerts.command exited with status 3: no such room.';
    expect([sent, undelivered]).toEqual([['instance_failed'], [lost]]);
    code = 0;
    await change({ ...FAILED, state: 'cleared' });
    expect([sent.length, undelivered]).toEqual([2, [lost, null]]);
    code = 3;
    emit({ ...FAILED, instance: 'b' });
    const closed = delivery.close();
    await clock.advance(2_000);
    await closed;
    expect([faults.length, undelivered.length]).toEqual([2, 2]);
  });

  it('logs a command that cannot run', async () => {
    deliver({ command: ['/no/such/program'] });
    emit(FAILED);
    await vi.waitFor(() => expect(faults).toEqual([expect.stringContaining('/no/such/program')]), WAIT);
  });

  it('delivers a flapping alert at most once a minute, and its last state', async () => {
    const delivered: unknown[] = [];
    deliver({ command: ['x'] }, async (_command, _args, { environment }) => {
      delivered.push(environment?.['LLAMACTL_ALERT_STATE']);
      return { code: 0, stderr: '' };
    });
    for (let second = 0; second < 30; second += 1) {
      emit(FAILED);
      emit({ ...FAILED, state: 'cleared' });
      await clock.advance(1_000);
    }
    await clock.advance(MINUTE_MS);
    expect(delivered).toEqual(['raised', 'cleared']);
  });

  it('gives an alert that is raised again a new raised_at', async () => {
    const beginnings: unknown[] = [];
    deliver({ command: ['x'] }, async (_command, _args, { environment }) => {
      beginnings.push(environment?.['LLAMACTL_ALERT_RAISED_AT']);
      return { code: 0, stderr: '' };
    });
    const first = now();
    emit(FAILED);
    await clock.advance(2 * MINUTE_MS);
    emit({ ...FAILED, state: 'cleared' });
    await clock.advance(2 * MINUTE_MS);
    const second = now();
    emit(FAILED);
    expect(beginnings).toEqual([first, first, second]);
  });

  it('keeps raised_at of an alert that the previous server raised', () => {
    const delivered: unknown[] = [];
    const raisedAt = '2026-01-01T12:00:00.000Z';
    const { state: _state, ...alert } = FAILED;
    const runTool: RunTool = async (_command, _args, { environment }) => {
      delivered.push(environment?.['LLAMACTL_ALERT_RAISED_AT']);
      return { code: 0, stderr: '' };
    };
    deliver({ command: ['x'] }, runTool, [{ alert: { ...alert, raised_at: raisedAt }, id: 'id-a' }]);
    emit({ ...FAILED, state: 'cleared' });
    expect(delivered).toEqual([raisedAt]);
  });

  it('runs one command after the other without delaying the emitter', async () => {
    const running: string[] = [];
    let end = (): void => undefined;
    deliver({ command: ['x'] }, (_command, _args, options) => {
      running.push(options.environment?.['LLAMACTL_ALERT_INSTANCE'] ?? '');
      return new Promise((resolve) => {
        end = () => resolve({ code: 0, stderr: '' });
      });
    });
    emit(FAILED);
    emit({ ...FAILED, instance: 'b' });
    expect(running).toEqual(['a']);
    end();
    await clock.flush();
    expect(running).toEqual(['a', 'b']);
  });

  it('delivers nothing when nothing is configured, or after close', async () => {
    deliver({});
    expect(listeners.size).toBe(0);
    const ran: string[] = [];
    const delivery = deliver({ command: ['x'] }, async (command) => {
      ran.push(command);
      return { code: 0, stderr: '' };
    });
    emit(FAILED);
    await delivery.close();
    expect([listeners.size, clock.pending]).toEqual([0, []]);
    await clock.advance(2 * MINUTE_MS);
    expect(ran).toEqual(['x']);
  });

  it('delivers on close that an alert was cleared within its minute', async () => {
    const delivered: unknown[] = [];
    const delivery = deliver({ command: ['x'] }, async (_command, _args, { environment }) => {
      delivered.push(environment?.['LLAMACTL_ALERT_STATE']);
      return { code: 0, stderr: '' };
    });
    emit(FAILED);
    emit({ ...FAILED, state: 'cleared' });
    await delivery.close();
    expect([delivered, clock.pending]).toEqual([['raised', 'cleared'], []]);
  });
});

describe('a test of the receivers', () => {
  const test = (delivery: AlertDelivery) => delivery.test(new AbortController().signal);

  it('sends one alert to each, and returns that they took it', async () => {
    const { url, bodies } = await aReceiver();
    const file = path.join(folder, 'alert');
    const delivery = deliver({ webhook: url, command: ['sh', '-c', `echo "$LLAMACTL_ALERT_TITLE" > ${file}`] });
    expect(await test(delivery)).toEqual([
      { receiver: 'alerts.webhook', error: null },
      { receiver: 'alerts.command', error: null },
    ]);
    expect(bodies).toMatchObject([
      { state: 'raised', level: 'warning', code: 'test', title: 'llamactl on box: test', raised_at: now() },
    ]);
    expect(readFileSync(file, 'utf8')).toBe('llamactl on box: test\n');
  });

  it('returns why a receiver did not take it, without a retry and without an alert', async () => {
    const { url, bodies } = await aReceiver(503);
    const delivery = deliver({ webhook: url, command: ['sh', '-c', 'echo no such room >&2; exit 3'] });
    expect(await test(delivery)).toEqual([
      { receiver: 'alerts.webhook', error: 'alerts.webhook answered with status 503' },
      { receiver: 'alerts.command', error: 'alerts.command exited with status 3: no such room' },
    ]);
    expect([bodies.length, undelivered, faults]).toEqual([1, [], []]);
  });

  it('clears the alert about a receiver that takes it', async () => {
    let code = 3;
    const delivery = deliver({ command: ['x'] }, async () => ({ code, stderr: 'no' }));
    emit(FAILED);
    await vi.waitFor(() => expect(undelivered).toHaveLength(1), WAIT);
    code = 0;
    await test(delivery);
    expect(undelivered.at(-1)).toBeNull();
  });

  it('returns nothing if no receiver is configured', async () => {
    expect(await test(deliver({}))).toEqual([]);
  });
});
