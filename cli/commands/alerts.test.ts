import type { Alert, PastAlert, TestedReceiver } from '@llamactl/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventServer } from '@llamactl/server/testing/event-server';
import { NO_HISTORY } from '@llamactl/server/testing/fake-services';
import { CommandSandbox } from '../testing/command-run.ts';
import { screenAfter } from '../testing/screen.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const DISK: Alert = {
  level: 'error',
  code: 'disk_full',
  message: 'The disk of the data directory has 100 MB left. Remove models or logs that are unused.',
  raised_at: '2026-03-01T11:30:00Z',
};
const MEMORY: Alert = {
  level: 'warning',
  code: 'restart_loop',
  message: 'llama has restarted 4 times.',
  instance: 'llama',
  raised_at: '2026-03-01T11:59:00Z',
};

let alerts: Alert[];
let past: PastAlert[];
let receivers: TestedReceiver[];
let server: EventServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  alerts = [DISK, MEMORY];
  past = [];
  receivers = [];
  server = await EventServer.open({
    alerts: () => alerts,
    testAlerts: async () => receivers,
    history: {
      ...NO_HISTORY,
      alerts: async ({ before, limit }) => {
        const older = past.filter(({ seq }) => seq < before);
        return { alerts: older.slice(0, limit), more: older.length > limit, oldest_seq: 1 };
      },
    },
  });
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
});

afterEach(async () => {
  await server.goAway();
  sandbox.dispose();
});

describe('llamactl alerts', () => {
  it('prints complete messages, over several lines on a narrow terminal', async () => {
    const { status, stdout } = await sandbox.run(['alerts'], { columns: 80, now: NOW });
    expect(screenAfter(stdout)).toEqual([
      'LEVEL     SINCE  WHAT                                     CODE          INSTANCE',
      'error    30m 0s  The disk of the data directory has 100   disk_full     -',
      '                 MB left. Remove models or logs that are',
      '                 unused.',
      'warning   1m 0s  llama has restarted 4 times.             restart_loop  llama',
    ]);
    expect(status).toBe(0);
  });

  it('keeps the whole message in 40 columns', async () => {
    const { stdout } = await sandbox.run(['alerts'], { columns: 40, now: NOW });
    expect(screenAfter(stdout).every((line) => line.length <= 40)).toBe(true);
    const words = screenAfter(stdout).slice(1).join(' ').split(/\s+/);
    expect(words).toEqual(expect.arrayContaining(DISK.message.split(' ')));
  });

  it('never cuts a message, even with a path wider than the terminal', async () => {
    alerts = [{ ...MEMORY, message: `/models/${'x'.repeat(100)}.gguf is gone. Bring it back.` }];
    const { stdout } = await sandbox.run(['alerts'], { columns: 80, now: NOW });
    expect(stdout).not.toContain('…');
    expect(stdout.replaceAll(/\s/g, '')).toContain('.gguf');
    expect(screenAfter(stdout).every((line) => line.length <= 80)).toBe(true);
  });

  it('prints one line each on a wide terminal, and piped', async () => {
    for (const columns of [200, undefined]) {
      const options = columns === undefined ? { now: NOW } : { columns, now: NOW };
      const { stdout } = await sandbox.run(['alerts'], options);
      expect(screenAfter(stdout)).toHaveLength(3);
      expect(stdout).toContain(DISK.message);
    }
  });

  it('prints a note beside an empty result', async () => {
    alerts = [];
    expect(await sandbox.run(['alerts'])).toEqual({ status: 0, stdout: '', stderr: 'no alerts\n' });
    expect(await sandbox.run(['alerts', '-q'])).toEqual({ status: 0, stdout: '', stderr: '' });
    expect((await sandbox.run(['alerts', '--json'])).stdout).toBe('[]\n');
  });

  it("prints the API's response with --json, and only codes with -q", async () => {
    expect(JSON.parse((await sandbox.run(['alerts', '--json'])).stdout)).toEqual(alerts);
    expect((await sandbox.run(['alerts', '-q'])).stdout).toBe('disk_full\nrestart_loop\n');
  });
});

describe('llamactl alerts --history', () => {
  it('lists past alerts with the times when they were raised and cleared', async () => {
    const { raised_at: _, ...memory } = MEMORY;
    past = [
      { ...memory, seq: 9, raised_at: '2026-03-01T11:00:00Z', cleared_at: '2026-03-01T11:30:00Z' },
      { ...DISK, seq: 4, raised_at: null, cleared_at: null },
    ];
    const { stdout, status } = await sandbox.run(['alerts', '--history'], { columns: 120, now: NOW });
    const [head, first, second] = screenAfter(stdout);
    expect(head).toMatch(/^LEVEL +RAISED +CLEARED +WHAT +CODE +INSTANCE$/);
    expect(first).toMatch(/^warning +\d\d:00:00 +\d\d:30:00 +llama has restarted 4 times\. +restart_loop +llama$/);
    expect(second).toMatch(/^error +- +- +The disk of the data directory/);
    expect(status).toBe(0);
  });

  it('reads as many pages as needed', async () => {
    past = Array.from({ length: 700 }, (_, index) => ({ ...DISK, seq: 1_000 - index, cleared_at: null }));
    const { stdout } = await sandbox.run(['alerts', '--history', '-n', '620', '--json']);
    const found = JSON.parse(stdout) as PastAlert[];
    expect(found.map(({ seq }) => seq)).toEqual(Array.from({ length: 620 }, (_, index) => 1_000 - index));
  });

  it('says when there were none', async () => {
    expect((await sandbox.run(['alerts', '--history'])).stderr).toContain('no past alerts');
    expect((await sandbox.run(['alerts', '--history', '-n', '0'])).status).toBe(2);
  });
});

describe('llamactl alerts test', () => {
  it('says which receivers took the test alert', async () => {
    receivers = [
      { receiver: 'alerts.webhook', error: null },
      { receiver: 'alerts.command', error: null },
    ];
    expect(await sandbox.run(['alerts', 'test'])).toEqual({
      status: 0,
      stdout: 'alerts.webhook took the test alert\nalerts.command took the test alert\n',
      stderr: '',
    });
  });

  it('says why a receiver did not take it, and fails', async () => {
    const error = 'alerts.command exited with status 3: no such room';
    receivers = [
      { receiver: 'alerts.webhook', error: null },
      { receiver: 'alerts.command', error },
    ];
    const { status, stdout, stderr } = await sandbox.run(['alerts', 'test']);
    expect([status, stdout]).toEqual([1, 'alerts.webhook took the test alert\n']);
    expect(stderr).toContain(error);
    const asJson = await sandbox.run(['alerts', 'test', '--json']);
    expect([asJson.status, JSON.parse(asJson.stdout)]).toEqual([1, receivers]);
  });

  it('names the settings when no receiver is configured', async () => {
    expect(await sandbox.run(['alerts', 'test'])).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'llamactl: the server has no receiver of alerts: alerts.webhook and alerts.command are not set\n' +
        '  to set one: llamactl config set alerts.webhook=URL, then llamactl reload\n',
    });
  });
});
