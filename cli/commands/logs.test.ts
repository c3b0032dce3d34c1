import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { LogEntry, LogItem } from '@llamactl/client';
import { EventServer } from '@llamactl/server/testing/event-server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CommandSandbox } from '../testing/command-run.ts';
import { Watching } from '../testing/watching.ts';

let server: EventServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  server = await EventServer.open();
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
  await server.add('llama');
  await server.add('qw');
});

afterEach(async () => {
  await server.goAway();
  sandbox.dispose();
});

const entry = (seq: number, second: number, level: LogEntry['level'] = 'info'): LogEntry => ({
  timestamp: `2026-03-01T12:00:${String(second).padStart(2, '0')}Z`,
  level,
  message: `line ${seq}`,
  seq,
});

/** A log that a test writes, for its followers. */
class Voice implements AsyncIterable<readonly LogItem[]> {
  readonly #lines: LogItem[] = [];
  #wake = (): void => undefined;
  #isOver = false;

  say(item: LogItem): void {
    this.#lines.push(item);
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly LogItem[]> {
    for (let index = 0; ; index += 1) {
      const item = this.#lines[index];
      if (item !== undefined) yield [item];
      else if (this.#isOver) return;
      else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        index -= 1;
      }
    }
  }
}

describe('the log of an instance', () => {
  it('is printed as the engine wrote it', async () => {
    server.manager.log = { logs: [entry(1, 0), entry(2, 1, 'error')] };
    expect(await sandbox.run(['logs', 'llama', '-n', '20', '--level', 'info'])).toEqual({
      status: 0,
      stdout: 'line 1\nline 2\n',
      stderr: '',
    });
    expect(server.manager.calls.at(-1)?.arguments).toEqual(['llama', { lines: 20, level: 'info', afterSeq: null }]);
  });

  it('has as many lines with --tail as with -n', async () => {
    server.manager.log = { logs: [entry(1, 0)] };
    await sandbox.run(['logs', 'llama', '--tail', '7']);
    expect(server.manager.calls.at(-1)?.arguments[1]).toMatchObject({ lines: 7 });
  });

  it('leaves out debug lines unless --level names them', async () => {
    server.manager.log = { logs: [entry(1, 0)] };
    const levelOf = async (...words: string[]): Promise<unknown> => {
      await sandbox.run(['logs', 'llama', ...words]);
      return server.manager.calls.at(-1)?.arguments[1];
    };
    expect(await levelOf()).toEqual({ lines: 100, level: 'info', afterSeq: null });
    expect(await levelOf('--level', 'debug')).toEqual({ lines: 100, level: 'debug', afterSeq: null });
    expect(await levelOf('--level', 'all')).toEqual({ lines: 100, level: null, afterSeq: null });
  });

  it('is printed from its first line with -n all, in several requests', async () => {
    const pages = [Array.from({ length: 10_000 }, (_, index) => entry(index + 1, 0)), [entry(10_001, 1)]];
    const asked: unknown[] = [];
    vi.spyOn(server.manager, 'logs').mockImplementation(async (_name, query) => {
      asked.push(query.afterSeq);
      return { logs: pages.shift() ?? [] };
    });
    const { stdout } = await sandbox.run(['logs', 'llama', '-n', 'all']);
    expect(stdout.split('\n')).toHaveLength(10_002);
    expect(asked).toEqual([0, 10_000]);
    const { status, stderr } = await sandbox.run(['logs', 'llama', '-n', '20000']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('from 0 to 10000, or all')]);
  });

  it('has colours by level, and times with -t', async () => {
    server.manager.log = { logs: [entry(2, 1, 'error')] };
    const { stdout } = await sandbox.run(['logs', 'llama', '-t'], { columns: 80 });
    expect(stdout).toBe('\u{1B}[2m2026-03-01T12:00:01Z\u{1B}[22m \u{1B}[31mline 2\u{1B}[39m\n');
  });

  it('prints a note if it is empty', async () => {
    server.manager.log = { logs: [] };
    expect((await sandbox.run(['logs', 'llama', '--level', 'all'])).stderr).toBe('llamactl: llama has no output yet\n');
    expect(await sandbox.run(['logs', 'llama'])).toEqual({
      status: 0,
      stdout: '',
      stderr: 'llamactl: llama has no output yet\n',
    });
    expect((await sandbox.run(['logs', 'llama', '-q'])).stderr).toBe('');
  });

  it('prints a note if a filter leaves nothing', async () => {
    server.manager.log = { logs: [entry(1, 0)] };
    const now = Date.parse('2026-03-01T13:00:00Z');
    const { status, stdout, stderr } = await sandbox.run(['logs', 'llama', '--since', '1s', '--level', 'error'], {
      now,
    });
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toBe('llamactl: llama has no matching output; --level all prints every line\n');
  });

  it('begins at a given time', async () => {
    server.manager.log = { logs: [entry(1, 0), entry(2, 30), entry(3, 50)] };
    const now = Date.parse('2026-03-01T12:01:00Z');
    expect((await sandbox.run(['logs', 'llama', '--since', '30s'], { now })).stdout).toBe('line 2\nline 3\n');
    expect(server.manager.calls.at(-1)?.arguments[1]).toMatchObject({ lines: 10_000 });
    const { status, stderr } = await sandbox.run(['logs', 'llama', '--since', 'noon']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('--since noon: give an age')]);
  });

  it('is one line of JSON per entry with --json', async () => {
    server.manager.log = { logs: [entry(1, 0), entry(2, 1)] };
    const { stdout } = await sandbox.run(['logs', 'llama', '--json'], { columns: 80 });
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toEqual([entry(1, 0), entry(2, 1)]);
  });

  it('reports a search that ended early', async () => {
    server.manager.log = { logs: [], truncated: true };
    const { stderr } = await sandbox.run(['logs', 'llama', '--level', 'error']);
    expect(stderr).toBe('llamactl: llama: the search for lines of this level ended early; older ones may exist\n');
  });

  it('suggests the closest name for an unknown one', async () => {
    for (const words of [
      ['logs', 'lama'],
      ['logs', '-f', 'lama'],
    ]) {
      const { status, stderr } = await sandbox.run(words);
      expect([status, stderr]).toEqual([3, 'llamactl: there is no instance lama; did you mean llama?\n']);
    }
  });
});

describe('several logs', () => {
  it('are merged by time, each line with its name', async () => {
    server.manager.logs = async (name) => ({
      logs: name === 'qw' ? [entry(1, 1), entry(2, 3)] : [entry(7, 2), entry(8, 4)],
    });
    const { stdout } = await sandbox.run(['logs', 'llama', 'qw']);
    expect(stdout).toBe('qw    | line 1\nllama | line 7\nqw    | line 2\nllama | line 8\n');
    const json = (await sandbox.run(['logs', 'llama', 'qw', '--json'])).stdout.split('\n')[0] ?? '';
    expect(JSON.parse(json)).toEqual({ instance: 'qw', ...entry(1, 1) });
  });
});

describe('following a log', () => {
  it('prints new lines, reports missing ones, and ends silently on Ctrl-C', async () => {
    const voice = new Voice();
    server.manager.log = { logs: [entry(1, 0)] };
    server.manager.followed = voice;
    const watching = new Watching(sandbox, ['logs', '-f', 'llama']);
    await watching.until((output) => output === 'line 1\n');
    voice.say({ gap: { from_seq: 1, to_seq: 4 } });
    voice.say(entry(5, 5));
    await watching.until((output) => output === 'line 1\nline 5\n');
    expect(await watching.interrupt()).toEqual({
      status: 130,
      stdout: 'line 1\nline 5\n',
      stderr: 'llamactl: some lines are missing here: the server no longer keeps them\n',
    });
  });

  it('continues when the server is back, after one note', async () => {
    const before = new Voice();
    server.manager.log = { logs: [entry(1, 0)] };
    server.manager.followed = before;
    const noted = Promise.withResolvers<void>();
    const onErrorOutput = (output: string): void => {
      if (output.includes('Waiting for the server …')) noted.resolve();
    };
    const watching = new Watching(sandbox, ['logs', '-f', 'llama', 'qw', '-n', '1'], { onErrorOutput });
    await watching.until((output) => output.split('\n').length === 3);
    before.end();
    await server.goAway();
    const after = new Voice();
    server.manager.followed = after;
    after.say(entry(2, 2));
    await noted.promise;
    await server.comeBack();
    await watching.until((output) => output.split('\n').length === 5);
    const { stdout, stderr } = await watching.interrupt();
    expect(stdout.split('\n').toSorted()).toEqual([
      '',
      'llama | line 1',
      'llama | line 2',
      'qw    | line 1',
      'qw    | line 2',
    ]);
    expect(stderr).toMatch(/^llamactl: [^\n]+ Waiting for the server …\n$/);
  });

  it('ends when the instance is deleted', async () => {
    const voice = new Voice();
    server.manager.followed = voice;
    const watching = new Watching(sandbox, ['logs', '-f', 'llama']);
    voice.say(entry(5, 5));
    await watching.until((output) => output === 'line 5\n');
    await server.manager.remove('llama');
    voice.end();
    expect(await watching.ended).toEqual({ status: 0, stdout: 'line 5\n', stderr: 'llamactl: llama was deleted\n' });
  });
});

describe('the log of the server', () => {
  const line = (second: number, msg: string): string =>
    JSON.stringify({ level: 40, time: `2026-03-01T12:00:0${second}.000Z`, msg });

  function written(...lines: string[]): void {
    const folder = path.join(sandbox.home, 'data');
    sandbox.environment['LLAMACTL_DATA_DIR'] = folder;
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'server.log'), lines.map((each) => `${each}\n`).join(''));
  }

  it('is printed for a person, or as it is with --json', async () => {
    written(line(1, 'one'), line(2, 'two'), 'llamactl: port 1 is taken');
    const { status, stdout } = await sandbox.run(['logs', '--server', '-n', '2']);
    expect([status, stdout.split('\n')]).toEqual([
      0,
      [expect.stringMatching(/ {2}warn {2}two$/), 'llamactl: port 1 is taken', ''],
    ]);
    const json = await sandbox.run(['logs', '--server', '--json', '--tail', 'all']);
    expect(json.stdout).toBe(`${line(1, 'one')}\n${line(2, 'two')}\nllamactl: port 1 is taken\n`);
  });

  it('is named where it is missing or empty', async () => {
    written();
    expect((await sandbox.run(['logs', '--server'])).stderr).toContain('server.log is empty');
    sandbox.environment['LLAMACTL_DATA_DIR'] = path.join(sandbox.home, 'nowhere');
    const { status, stderr } = await sandbox.run(['logs', '--server']);
    expect([status, stderr]).toEqual([3, expect.stringContaining('journalctl --user -u llamactl')]);
  });

  it('has no instance and is not followed', async () => {
    const refused = await sandbox.run(['logs', '--server', 'llama']);
    expect([refused.status, refused.stderr]).toEqual([2, 'llamactl: --server takes no instance\n']);
    expect((await sandbox.run(['logs', '--server', '-f'])).stderr).toContain("'--server' cannot be used with");
  });

  it('is offered if no instance is named', async () => {
    const { status, stderr } = await sandbox.run(['logs']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('llamactl logs --server')]);
  });
});
