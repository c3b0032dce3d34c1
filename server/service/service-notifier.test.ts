import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import type { RunTool } from '../supervisor/tool.ts';
import { createServiceNotifier, type ServiceNotifier, type ServiceNotifierParts } from './service-notifier.ts';

const OURS = 4_711;

/** A systemd-notify that records its arguments, and ends with a given status. */
class FakeNotify {
  readonly words: string[] = [];
  readonly sockets = new Set<string | undefined>();
  code = 0;
  readonly runTool: RunTool = async (command, args, { environment }) => {
    expect(command).toBe('systemd-notify');
    this.words.push(args.join(' '));
    this.sockets.add(environment?.['NOTIFY_SOCKET']);
    return { code: this.code, stdout: '', stderr: this.code === 0 ? '' : 'Failed to notify init system\n' };
  };
}

let clock = new FakeClock();
let notify = new FakeNotify();
let warnings: object[] = [];

afterEach(() => {
  clock = new FakeClock();
  notify = new FakeNotify();
  warnings = [];
});

function notifier(environment: Record<string, string>, changes: Partial<ServiceNotifierParts> = {}): ServiceNotifier {
  const log = { warn: (details: object, message: string) => void warnings.push({ ...details, message }) };
  const { runTool } = notify;
  return createServiceNotifier({ environment, pid: OURS, isSuccessor: false, runTool, clock, log, ...changes });
}

const SERVICE = { NOTIFY_SOCKET: '/run/systemd/notify' };
const WATCHED = { ...SERVICE, WATCHDOG_USEC: '120000000', WATCHDOG_PID: String(OURS) };

describe('a service notifier', () => {
  it('does nothing without systemd', async () => {
    const silent = notifier({ WATCHDOG_USEC: '120000000' });
    silent.ready('listens');
    silent.reloading();
    silent.stopping();
    expect(await silent.successor(1)).toBe(false);
    await silent.close();
    expect([notify.words, clock.pending]).toEqual([[], []]);
  });

  it('reports states in order, to the socket of systemd', async () => {
    const service = notifier(SERVICE);
    service.ready('listens on http://127.0.0.1:8080\nREADY=0');
    service.reloading();
    service.ready('goes on');
    service.stopping();
    await service.close();
    expect(notify.words).toEqual([
      'READY=1 STATUS=listens on http://127.0.0.1:8080 READY=0',
      'RELOADING=1',
      'READY=1 STATUS=goes on',
      'STOPPING=1',
    ]);
    expect([...notify.sockets]).toEqual(['/run/systemd/notify']);
  });

  it('feeds the watchdog four times within its time, from ready to close', async () => {
    const service = notifier(WATCHED);
    await clock.advance(120_000);
    expect(notify.words).toEqual([]);
    service.ready('listens');
    await clock.advance(120_000);
    expect(notify.words.filter((words) => words === 'WATCHDOG=1')).toHaveLength(4);
    await service.close();
    await clock.advance(120_000);
    expect(notify.words).toHaveLength(5);
  });

  it('feeds the watchdog at one rate, however often it is ready', async () => {
    const service = notifier(WATCHED);
    service.ready('listens');
    service.ready('goes on');
    expect(clock.pending).toEqual([30_000]);
    await service.close();
  });

  it('does not feed a watchdog of another process', async () => {
    const service = notifier({ ...WATCHED, WATCHDOG_PID: '1' });
    service.ready('listens');
    expect(clock.pending).toEqual([]);
  });

  it('takes over the watchdog of the server that it replaces', () => {
    const service = notifier({ ...WATCHED, WATCHDOG_PID: '1' }, { isSuccessor: true });
    service.ready('listens');
    expect(clock.pending).toEqual([30_000]);
  });

  it('hands over to a successor, and feeds no more', async () => {
    const service = notifier(WATCHED);
    service.ready('listens');
    expect(await service.successor(4_712)).toBe(true);
    expect(notify.words.at(-1)).toBe('MAINPID=4712');
    expect(clock.pending).toEqual([]);
  });

  it('stays the watched process when systemd does not accept the successor, and logs why', async () => {
    const service = notifier(SERVICE);
    notify.code = 1;
    expect(await service.successor(4_712)).toBe(false);
    expect(warnings).toEqual([
      { reason: 'Failed to notify init system', message: 'systemd could not be notified of MAINPID=4712' },
    ]);
  });

  it('logs why when systemd-notify is missing', async () => {
    const runTool: RunTool = () => Promise.reject(new Error('systemd-notify was not found on the PATH (/bin)'));
    const service = notifier(SERVICE, { runTool });
    service.ready('listens');
    await service.close();
    expect(warnings).toEqual([expect.objectContaining({ reason: 'systemd-notify was not found on the PATH (/bin)' })]);
  });
});
