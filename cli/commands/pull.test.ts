import { createHash } from 'node:crypto';
import path from 'node:path';
import { EventServer } from '@llamactl/server/testing/event-server';
import { DownloadBench } from '@llamactl/server/testing/download-bench';
import type { FakeTransfer } from '@llamactl/server/testing/fake-transfers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { demoModelBytes } from '../quickstart/demo-model.ts';
import { CommandSandbox, type RunOptions, type RunResult } from '../testing/command-run.ts';
import { screenAfter } from '../testing/screen.ts';
import { PROMPT, Typist } from '../testing/typist.ts';

const DEMO = demoModelBytes();
const EYES = Buffer.from('eyes');
const REF = 'acme/demo-GGUF:Q8_0';
const QUESTION = /\? $/;

let bench: DownloadBench;
let server: EventServer;
let sandbox: CommandSandbox;
let shown: string;

beforeEach(async () => {
  bench = await DownloadBench.open();
  const { commit } = bench.hub.add(
    'acme/demo-GGUF',
    { 'demo-Q8_0.gguf': DEMO, 'mmproj-F16.gguf': EYES },
    { license: 'mit' },
  );
  shown = path.join(bench.root, 'models--acme--demo-GGUF', 'snapshots', commit, 'demo-Q8_0.gguf');
  for (const bytes of [DEMO, EYES]) bench.transfers.contents.set(sha256(bytes), bytes);
  server = await EventServer.open({ models: bench.models, hub: bench.hubView, downloads: bench.downloads });
  bench.onEvent((event) => server.tell(event));
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
});

afterEach(async () => {
  await server.goAway();
  sandbox.dispose();
  await bench.close();
});

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const transfer = (bytes = DEMO): Promise<FakeTransfer> => bench.transfers.of(sha256(bytes));

async function store(): Promise<void> {
  await (await transfer()).end({ kind: 'stored' });
  await (await transfer(EYES)).end({ kind: 'stored' });
}

const ended = ({ status, stdout, stderr }: RunResult): unknown[] => [status, stdout, stderr];
const pull = (words: readonly string[] = [], options: RunOptions = {}): Promise<RunResult> =>
  sandbox.run(['pull', REF, ...words], options);

describe('llamactl pull', () => {
  it('begins without a terminal, says what it fetches and where, and ends with the path and the next step', async () => {
    const pulling = pull();
    await store();
    const { status, stdout, stderr } = await pulling;
    expect([status, stdout]).toEqual([0, `${shown}\n`]);
    const lines = stderr.split('\n');
    expect(lines.slice(0, 5)).toEqual([
      expect.stringMatching(/^acme\/demo-GGUF:Q8_0 {2}2\.\d MB$/),
      expect.stringMatching(/^ {2}2\.\d MB {2}demo-Q8_0\.gguf$/),
      '     4 B  mmproj-F16.gguf',
      `from the hub, into ${bench.root}`,
      'license: mit',
    ]);
    expect(stderr).toContain('100 %');
    expect(lines.slice(-2)).toEqual([`to chat with it: llamactl run ${REF}`, '']);
    expect(stderr).not.toContain('\u{1B}');
  });

  it('asks on a terminal, and downloads nothing after a no', async () => {
    const no = new Typist([[QUESTION, 'n\r']]);
    const { status, stderr } = await pull([], no.options);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/Download 2\.\d MB \(Y\/n\)\? [^]*nothing was downloaded/),
    ]);
    expect(bench.downloads.list()).toEqual([]);
    const yes = new Typist([[QUESTION, '\r']]);
    const pulling = pull([], yes.options);
    await store();
    expect((await pulling).status).toBe(0);
  });

  it('asks nothing with --yes, and shows one line of progress that fits the terminal', async () => {
    const typist = new Typist([[PROMPT, '']]);
    const drawn: string[] = [];
    const pulling = pull(['--yes'], {
      ...typist.options,
      onErrorOutput: (output) => void drawn.push(...screenAfter(output).filter((line) => line.startsWith('['))),
    });
    (await transfer()).progress({ done: 1_000_000, phase: 'fetching' });
    await vi.waitFor(() => expect(drawn.join('\n')).toMatch(/\[#+\.+\] {2}\d\d % {2}1\.0 MB of 2\.\d MB/));
    await store();
    const { status, stderr } = await pulling;
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('Download')]);
    for (const line of drawn) expect(line.length).toBeLessThan(80);
    // The line is gone at the end.
    expect(screenAfter(stderr).at(-1)).toBe(`to chat with it: llamactl run ${REF}`);
    expect(screenAfter(stderr).join('\n')).not.toContain('[#');
  });

  it('pauses at Ctrl-C, and the same command continues', async () => {
    const interrupt = new AbortController();
    const pulling = pull([], { signal: interrupt.signal });
    (await transfer()).progress({ done: 1_000_000, phase: 'fetching' });
    interrupt.abort();
    const { status, stderr } = await pulling;
    expect([status, stderr]).toEqual([
      130,
      expect.stringMatching(/^llamactl: paused at \d\d %\n {2}to go on: llamactl pull acme\/demo-GGUF:Q8_0$/m),
    ]);
    expect(bench.downloads.list()).toMatchObject([{ state: 'paused' }]);
    const again = pull([], new Typist([]).options);
    await store();
    const result = await again;
    expect([result.status, result.stderr]).toEqual([
      0,
      expect.stringMatching(/^continues acme\/demo-GGUF:Q8_0 at \d+ %/),
    ]);
    expect(bench.downloads.list()).toHaveLength(1);
  });

  it('takes the name of a starter', async () => {
    const { status, stderr } = await sandbox.run(['pull', 'qwen3-4b']);
    expect([status, stderr]).toEqual([3, expect.stringContaining('Qwen/Qwen3-4B-GGUF')]);
  });

  it.each([
    ['qwen3:8b', "from Ollama's registry: llamactl pull ollama:qwen3:8b"],
    ['qwen', 'to search the hub: llamactl models search qwen'],
    ['llama3.2', "from Ollama's registry: llamactl pull ollama:llama3.2"],
  ])('explains what a reference is for %s', async (word, remedy) => {
    const { status, stderr } = await sandbox.run(['pull', word]);
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/^llamactl: \S+ is not a reference: write org\/repo:Q4_K_M, .*\n/),
    ]);
    expect(stderr).toContain(`\n  ${remedy}\n`);
  });

  it('leaves the download running with --detach', async () => {
    const { status, stdout, stderr } = await pull(['--detach']);
    const [download] = bench.downloads.list();
    expect([status, stdout]).toEqual([0, `${download?.id}  ${REF}  ${download?.state}\n`]);
    expect(stderr).toContain('llamactl models downloads');
    expect(bench.downloads.list()).toMatchObject([{ state: 'running' }]);
  });

  it('says why a download failed, and how to try again', async () => {
    const pulling = pull();
    await (await transfer()).end({ kind: 'failed', why: 'hub.example answered with status 500' });
    expect(ended(await pulling)).toEqual([
      1,
      '',
      expect.stringMatching(
        /llamactl: demo-Q8_0\.gguf: hub\.example answered with status 500\n {2}to try again, without fetching twice: llamactl pull/,
      ),
    ]);
  });

  it('says that the disk is full, before and during a download', async () => {
    const pulling = pull();
    await (await transfer()).end({ kind: 'disk_full', lacking: 3e9 });
    const { status, stderr } = await pulling;
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/has no room for acme\/demo-GGUF:Q8_0: 3\.0 GB are lacking\.\n {2}it goes on by itself/),
    ]);
    await bench.downloads.remove(bench.downloads.list()[0]?.id ?? '');
    bench.free = 0;
    expect(ended(await pull())).toEqual([1, '', expect.stringContaining('has no room for')]);
  });

  it('prints the download at its end with --json, and only the path with --quiet', async () => {
    const pulling = pull(['--json']);
    await store();
    expect(JSON.parse((await pulling).stdout)).toMatchObject({ model: REF, state: 'done', path: shown });
    expect(await pull(['-q'])).toEqual({ status: 0, stdout: `${shown}\n`, stderr: '' });
  });

  it('does not ask for a model that is there, and fetches nothing', async () => {
    const pulling = pull();
    await store();
    await pulling;
    const { status, stderr } = await pull([], new Typist([]).options);
    expect([status, stderr]).toEqual([0, expect.stringMatching(/^acme\/demo-GGUF:Q8_0 is on the server already\n/)]);
    expect(bench.transfers.tasks).toHaveLength(2);
  });

  it('moves the instances of the model to its new files with --update, and no others', async () => {
    const older = { model: REF, model_path: '/older.gguf', newer_model_path: shown };
    await server.add('chat', older);
    await server.add('other', { ...older, newer_model_path: '/another.gguf' });
    await server.add('busy', older);
    await server.add('file');
    const real = server.manager.update.bind(server.manager);
    const update = vi.spyOn(server.manager, 'update').mockImplementation(async (name, edit, options) => {
      const written = await real(name, edit, options);
      return { ...written, instance: { ...written.instance, restart_required: name === 'busy' } };
    });
    const pulling = pull(['--update']);
    await store();
    const { status, stderr } = await pulling;
    expect([status, update.mock.calls.map(([name, edit]) => [name, edit])]).toEqual([
      0,
      ['chat', 'busy'].map((name) => [name, { model: REF }]),
    ]);
    expect(stderr).toContain('\nchat uses it now\nbusy uses it after a restart: llamactl restart busy\n');
    expect((await pull(['--update', '--detach'])).status).toBe(2);
  });

  it('says that another user paused or cancelled it', async () => {
    const pulling = pull();
    await transfer();
    const [{ id } = { id: '' }] = bench.downloads.list();
    await bench.downloads.pause(id);
    expect((await pulling).stderr).toMatch(/was paused at 0 %\n {2}to go on: llamactl pull/);
    const again = pull();
    await transfer();
    await bench.downloads.remove(id);
    expect(ended(await again)).toEqual([1, '', expect.stringMatching(/was cancelled\n$/)]);
  });

  it('fails for a repository that does not exist', async () => {
    expect(ended(await sandbox.run(['pull', 'acme/none']))).toEqual([
      3,
      '',
      expect.stringContaining('has no repository acme/none'),
    ]);
  });
});

describe('llamactl models downloads', () => {
  it('lists downloads with state, percent, speed and time left', async () => {
    expect((await sandbox.run(['models', 'downloads'])).stderr).toBe(
      'no downloads; to download a model: llamactl pull REFERENCE\n',
    );
    await pull(['--detach']);
    const { status, stdout } = await sandbox.run(['models', 'downloads']);
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^ID +MODEL +STATE +DONE +SIZE +SPEED +LEFT\n[0-9a-f]{16} {2}acme\/demo-GGUF:Q8_0 {2}running +0 % +2\.\d MB +0 B\/s +-\n$/,
      ),
    ]);
    expect(JSON.parse((await sandbox.run(['models', 'downloads', '--json'])).stdout)).toMatchObject([{ model: REF }]);
  });

  it('pauses, continues and cancels them by id or model', async () => {
    await pull(['--detach']);
    const [{ id } = { id: '' }] = bench.downloads.list();
    const change = async (...words: string[]): Promise<string> =>
      (await sandbox.run(['models', 'downloads', ...words])).stdout;
    expect(await change('pause', id)).toBe(`${REF}  paused\n`);
    expect(await change('resume', REF)).toMatch(/ {2}(?:queued|running)\n$/);
    expect(await change('rm', id, '--json')).toBe(`${JSON.stringify({ id, model: REF, state: 'removed' })}\n`);
    expect(bench.downloads.list()).toMatchObject([{ state: 'cancelled' }]);
    expect(await sandbox.run(['models', 'downloads', 'pause', 'nope'])).toMatchObject({
      status: 3,
      stderr: 'llamactl: there is no download nope; to list downloads: llamactl models downloads\n',
    });
  });
});

describe('llamactl models verify', () => {
  it('prints the result for each file, and exits with 1 if one is wrong', async () => {
    const pulling = pull();
    await store();
    await pulling;
    const verify = (...words: string[]): Promise<RunResult> => sandbox.run(['models', 'verify', REF, ...words]);
    bench.transfers.checked = { kind: 'good' };
    const { status, stdout, stderr } = await verify();
    expect([status, stdout.split('\n')[0], stderr]).toEqual([
      0,
      `${shown}  right`,
      expect.stringMatching(/^reading demo-Q8_0, 2\.\d MB …\n$/),
    ]);
    bench.transfers.checked = { kind: 'wrong', found: 'f00' };
    const wrong = await verify();
    expect([wrong.status, wrong.stdout]).toEqual([
      1,
      expect.stringContaining(`${shown}  WRONG: its hash is f00, and `),
    ]);
    expect((await verify('-q')).stdout.split('\n')[0]).toBe(shown);
    expect(JSON.parse((await verify('--json')).stdout)).toMatchObject([{ path: shown, result: 'wrong' }, {}]);
    expect((await sandbox.run(['models', 'verify', 'nothing'])).status).toBe(3);
  });
});

describe('llamactl models rm', () => {
  it('deletes a model that was downloaded', async () => {
    const pulling = pull();
    await store();
    await pulling;
    expect(await sandbox.run(['models', 'rm', 'demo'])).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/no model demo/) as unknown,
    });
    expect(await sandbox.run(['models', 'rm', REF])).toEqual({ status: 0, stdout: `${REF}  deleted\n`, stderr: '' });
    expect(bench.models.list()).toEqual([]);
  });

  it('names the instances that use it', async () => {
    const pulling = pull();
    await store();
    await pulling;
    await server.manager.create({ name: 'chat', model_path: shown });
    expect(ended(await sandbox.run(['models', 'rm', REF]))).toEqual([
      1,
      '',
      `llamactl: ${REF}: demo-Q8_0 is used by chat. Delete or change them first.\n`,
    ]);
  });
});
