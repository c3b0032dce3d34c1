import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventServer } from '@llamactl/server/testing/event-server';
import { usualStats } from '@llamactl/server/testing/usual-stats';
import { CommandSandbox } from '../testing/command-run.ts';
import { screenAfter } from '../testing/screen.ts';
import { Watching } from '../testing/watching.ts';

let server: EventServer;
let sandbox: CommandSandbox;
const watching: Watching[] = [];

beforeEach(async () => {
  server = await EventServer.open();
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
});

afterEach(async () => {
  await Promise.all(watching.splice(0).map((each) => each.interrupt()));
  await server.goAway();
  sandbox.dispose();
});

const NOW = Date.parse('2026-03-01T12:00:00Z');
const watch = (words: readonly string[], columns?: number): Watching => {
  const begun = new Watching(sandbox, ['ps', '--watch', ...words], columns === undefined ? {} : { columns, now: NOW });
  watching.push(begun);
  return begun;
};
/** The row of an instance on the current screen. */
const rowOf = (output: string, name: string): string =>
  screenAfter(output).find((line) => line.startsWith(`${name} `)) ?? '';

/** The screen as a person sees it, without colours. */
const seen = (output: string): string[] => screenAfter(output);

describe('a list of instances', () => {
  it('shows one row each, with the name of the model', async () => {
    await server.add('llama', { status: 'running', started_at: '2026-03-01T11:00:00Z', port: 8100 });
    await server.add('qwen', { port: 8101 });
    const { status, stdout, stderr } = await sandbox.run(['ps'], { columns: 80, now: NOW });
    expect(seen(stdout)).toEqual([
      'NAME   STATUS      UP  ENGINE     PORT  MODEL',
      'llama  running  1h 0m  llama_cpp  8100  llama',
      'qwen   stopped      -  llama_cpp  8101  qwen',
    ]);
    expect([status, stderr]).toEqual([0, '']);
  });

  it('shows the name of the model in the list of models, whatever names the model', async () => {
    const info = { id: '78718cc79ca0fde2', quantization: null, size: 1, context: null };
    const model_info = { ...info, name: 'qwen:1b' };
    await server.add('file', { model_path: '/ollama/blobs/sha256-0a', model_info });
    await server.add('id', { model: info.id, model_path: '/ollama/blobs/sha256-0a', model_info });
    await server.add('reference', { model: 'ollama:qwen:1b', model_path: '/ollama/blobs/sha256-0a', model_info });
    const [, ...rows] = seen((await sandbox.run(['ps'], { columns: 80 })).stdout);
    expect(rows.map((row) => row.split(/ {2,}/).at(-1))).toEqual(['qwen:1b', 'qwen:1b', 'qwen:1b']);
  });

  it('shows both ports while the engine has another than the settings', async () => {
    await server.add('llama', { status: 'running', port: 8100, running_port: 8150 });
    expect(seen((await sandbox.run(['ps'], { columns: 80 })).stdout)[1]).toContain(' 8150→8100 ');
  });

  it('shows reasons if there are any, as far as there is room', async () => {
    const reason = 'error loading model: the file /models/broken.gguf is cut off in the middle of a tensor';
    await server.add('broken', { status: 'failed', reason });
    await server.add('fine');
    const narrow = seen((await sandbox.run(['ps'], { columns: 80 })).stdout);
    expect(narrow[1]).toMatch(/^broken {2}failed .* broken {2}error loading model: .*…$/);
    expect(narrow.every((line) => line.length <= 80)).toBe(true);
    expect(seen((await sandbox.run(['ps'])).stdout)[1]).toContain(reason);
  });

  it('shows why the last start of a stopped instance was refused', async () => {
    const message =
      'large cannot start: it needs 90.00 GiB of ram, and can get at most 8.00 GiB; raise `memory.overcommit`.';
    const refused = { at: '2026-03-01T11:00:00Z', code: 'DOES_NOT_FIT' as const, message };
    await server.add('large', { refused });
    await server.add('fine', { status: 'running', refused });
    const [head, large, fine] = seen((await sandbox.run(['ps'], { columns: 80 })).stdout);
    expect(head).toContain('REASON');
    expect(large).toMatch(/^large {2}stopped .* {2}start refused: it needs.*…$/);
    expect(large?.length).toBeLessThanOrEqual(80);
    expect(fine).not.toContain('refused');
    const [, whole] = seen((await sandbox.run(['ps'])).stdout);
    expect(whole).toContain('start refused: it needs 90.00 GiB of ram, and can get at most 8.00 GiB; raise');
  });

  it('cuts the beginning of a long model name first', async () => {
    await server.add('a', { model_path: `/models/${'very-'.repeat(20)}long-Q4_K_M.gguf` });
    const [, row = ''] = seen((await sandbox.run(['ps'], { columns: 80 })).stdout);
    expect(row).toMatch(/^a {8}stopped .*…[-a-z]*long-Q4_K_M$|^a .*…[-a-z]*long-Q4_K_M$/);
    expect(row).toHaveLength(80);
  });

  it('keeps the name longest on a narrow terminal', async () => {
    await server.add('qwen', { status: 'running', started_at: '2026-03-01T11:00:00Z' });
    const header = async (columns: number): Promise<string | undefined> =>
      seen((await sandbox.run(['ps'], { columns, now: NOW })).stdout)[0];
    expect(await header(22)).toBe('NAME  STATUS   PORT');
    expect(await header(16)).toBe('NAME  STATUS');
    expect(await header(10)).toBe('NAME');
  });

  it('takes a width of 0 for an unknown one', async () => {
    await server.add('qwen', { port: 8101 });
    const { stdout } = await sandbox.run(['ps'], { columns: 0 });
    expect(stdout).toBe((await sandbox.run(['ps'], { columns: 80 })).stdout);
    expect((await sandbox.run(['ps', '--help'], { columns: 0 })).stdout).toBe(
      (await sandbox.run(['ps', '--help'])).stdout,
    );
  });

  it('has what each run holds with --all, and what a start waits for', async () => {
    await server.add('a', { status: 'running', memory: [{ device: 'ram', need: 3e9, source: 'estimated' }] });
    await server.add('b', { status: 'starting', waits_for: ['a'] });
    const { stdout } = await sandbox.run(['ps', '--all']);
    expect(stdout).toMatch(/MEMORY[^]*ram 2\.8 GiB/);
    expect((await sandbox.run(['ps'])).stdout).toMatch(/REASON[^]*waits for a/);
  });

  it('has aliases with --all', async () => {
    await server.add('a', { aliases: ['gpt-4', 'org/model'] });
    const { stdout } = await sandbox.run(['ps', '--all']);
    expect(stdout).toContain('ALIASES');
    expect(stdout).toContain('gpt-4, org/model');
    expect((await sandbox.run(['ps', '--wide'])).stdout).toBe(stdout);
    expect((await sandbox.run(['ps'])).stdout).not.toContain('ALIASES');
  });

  it('sorts by a column with --sort, in every format', async () => {
    for (const [name, port] of [
      ['b', 8102],
      ['a', 8103],
      ['c', 8101],
    ] as const)
      await server.add(name, { port });
    expect((await sandbox.run(['ps', '-q', '--sort', 'name'])).stdout).toBe('a\nb\nc\n');
    expect((await sandbox.run(['ps', '-q', '--sort', '-port'])).stdout).toBe('a\nb\nc\n');
    expect((await sandbox.run(['ps', '--sort', 'port'])).stdout).toMatch(/\nc .*\nb .*\na /);
    const { status, stderr } = await sandbox.run(['ps', '--sort', 'age']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('Give one of name, status, up')]);
  });

  it('shows one status with --status', async () => {
    await server.add('a', { status: 'running' });
    await server.add('b');
    expect((await sandbox.run(['ps', '-q', '--status', 'running'])).stdout).toBe('a\n');
    const wrong = await sandbox.run(['ps', '--status', 'runing']);
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain('running');
  });

  it('suggests the next step beside an empty result', async () => {
    const { status, stdout, stderr } = await sandbox.run(['ps']);
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toContain('llamactl create');
    expect((await sandbox.run(['ps', '--status', 'failed'])).stderr).toBe('no instance is failed\n');
    expect((await sandbox.run(['ps', '-q'])).stderr).toBe('');
    expect((await sandbox.run(['ps', '--json'])).stdout).toBe('[]\n');
  });

  it("is the API's response with --json", async () => {
    await server.add('a', { status: 'running', reason: 'x' });
    expect(JSON.parse((await sandbox.run(['ps', '--json'])).stdout)).toMatchObject([
      { name: 'a', status: 'running', reason: 'x', model_path: '/models/a.gguf', port: 8100 },
    ]);
  });

  it('removes control characters of instances', async () => {
    await server.add('a', { reason: 'red \u{1B}[31m and \u{1B}]0;title\u{7} gone\u{1B}[2J' });
    expect((await sandbox.run(['ps'])).stdout).not.toContain('\u{1B}');
  });
});

describe('a watched list on a terminal', () => {
  it('is updated, and redrawn in place', async () => {
    await server.add('llama');
    await server.add('qwen');
    const ps = watch([], 80);
    await ps.until((output) => rowOf(output, 'qwen').includes('stopped'));
    server.changeStatus('llama', 'starting');
    await ps.until((output) => rowOf(output, 'llama').includes('starting'));
    server.changeStatus('llama', 'failed', { reason: 'no memory' });
    await ps.until((output) => rowOf(output, 'llama').includes('failed'));
    const { status, stdout, stderr } = await ps.interrupt();
    expect(seen(stdout)).toEqual([
      'NAME   STATUS   UP  ENGINE     PORT  MODEL  REASON',
      'llama  failed    -  llama_cpp  8100  llama  no memory',
      'qwen   stopped   -  llama_cpp  8101  qwen',
    ]);
    expect([status, stderr]).toEqual([130, '']);
  });

  it('adds new instances, and removes deleted ones', async () => {
    const ps = watch([], 80);
    await ps.until((output) => seen(output).join('').includes('no instances yet'));
    await server.add('a');
    server.tell({ type: 'instance_created', data: { name: 'a' } });
    await ps.until((output) => rowOf(output, 'a').includes('stopped'));
    await server.manager.remove('a');
    server.tell({ type: 'instance_deleted', data: { name: 'a' } });
    await ps.until((output) => seen(output).join('').includes('no instances yet'));
  });

  it('updates elapsed times with every measurement', async () => {
    await server.add('a', { status: 'running', started_at: null });
    const ps = watch([], 80);
    await ps.until((output) => rowOf(output, 'a').includes('running   -'));
    await server.joined;
    server.measured('a', usualStats({ uptime: (Date.now() - NOW) / 1_000 + 65 }));
    await ps.until((output) => rowOf(output, 'a').includes('1m '));
  });

  it('shows one status with --status', async () => {
    await server.add('a', { status: 'running' });
    await server.add('b');
    const ps = watch(['--status', 'running'], 80);
    await ps.until((output) => rowOf(output, 'a') !== '' && rowOf(output, 'b') === '');
    server.changeStatus('b', 'running');
    server.changeStatus('a', 'stopped');
    await ps.until((output) => rowOf(output, 'b') !== '' && rowOf(output, 'a') === '');
  });

  it('stays on the screen with a note while the server is away, and catches up afterwards', async () => {
    await server.add('a', { status: 'running' });
    const ps = watch([], 80);
    await ps.until((output) => rowOf(output, 'a').includes('running'));
    await server.goAway();
    await ps.until((output) => seen(output).at(-1)?.includes('does not answer') === true);
    expect(rowOf(ps.output, 'a')).toContain('running');
    server.manager.shape('a', { status: 'failed' });
    await server.comeBack();
    await ps.until((output) => rowOf(output, 'a').includes('failed'));
    expect(seen(ps.output).join('\n')).not.toContain('does not answer');
  });

  it('fails if no server answers at the start', async () => {
    await server.goAway();
    const { status, stdout, stderr } = await sandbox.run(['ps', '--watch'], { columns: 80 });
    expect([status, stdout]).toEqual([5, '']);
    expect(stderr).toContain(server.url);
    await server.comeBack();
  });
});

describe('a watched list with a keyboard', () => {
  it('ends at q', async () => {
    const keyboard = new PassThrough();
    const ps = new Watching(sandbox, ['ps', '--watch'], { columns: 80, keyboard });
    watching.push(ps);
    await ps.until((output) => output.includes('no instances yet'));
    keyboard.write('q');
    expect(await ps.ended).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('a watched list that is piped', () => {
  it('prints the present instances, then a line per change', async () => {
    await server.add('llama', { status: 'running' });
    const ps = watch([]);
    await ps.until((output) => output.includes('llama'));
    server.changeStatus('llama', 'failed', { reason: 'no memory' });
    server.tell({ type: 'instance_deleted', data: { name: 'llama' } });
    await ps.until((output) => output.includes('deleted'));
    const { status, stdout } = await ps.interrupt();
    const time = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d {2}llama {9}';
    expect(stdout).toMatch(new RegExp(`^${time}running\n${time}running → failed {2}no memory\n${time}deleted\n$`));
    expect(status).toBe(130);
  });

  it('prints frames with --json, across a restart of the server with one note', async () => {
    await server.add('a');
    const ps = watch(['--json']);
    await server.joined;
    server.changeStatus('a', 'starting');
    await ps.until((output) => output.includes('"starting"'));
    await server.goAway();
    await server.comeBack();
    server.changeStatus('a', 'running');
    await ps.until((output) => output.includes('"running"'));
    const { stdout, stderr } = await ps.interrupt();
    const frames = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(frames.every(({ type }) => type === 'instance_status_changed')).toBe(true);
    expect(stderr.match(/Waiting for the server/g)).toHaveLength(1);
  });
});
