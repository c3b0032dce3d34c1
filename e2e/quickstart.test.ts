import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { PortBlock } from '@llamactl/server/testing/port-block';
import { testEngine, testModel } from '../scripts/test-assets.ts';
import { endProcessesOf } from './home-processes.ts';
import { OllamaFolder } from './ollama-folder.ts';

const LAUNCHER = path.join(import.meta.dirname, '..', 'llamactl');
const run = promisify(execFile);

let home: string;
let ports: PortBlock;

beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'llamactl-quickstart-'));
  ports = await PortBlock.take();
});

afterAll(async () => {
  await endProcessesOf(home);
  ports.release();
  await rm(home, { recursive: true, force: true });
});

/** A newcomer's command, in a home of its own, with the engine of the tests on PATH. */
async function llamactl(...words: string[]): Promise<string> {
  const env = { HOME: home, PATH: `${path.dirname(testEngine())}:${process.env['PATH'] ?? ''}` };
  return (await run(LAUNCHER, words, { env })).stdout;
}

async function quickstart(...flags: string[]): Promise<string> {
  return llamactl('quickstart', '--once', '--port', String(ports.next()), ...flags);
}

describe('quickstart', () => {
  it('from an empty home ends with the answer of a real engine', async () => {
    const output = await quickstart('--offline');
    expect(output).toContain(testEngine());
    expect(output).toContain('demo model');
    expect(output).toContain(`model: ${DEMO_SENTENCE}`);
    expect(output).toMatch(/\d+ tokens\/s/);
  });

  it('keeps what it made private', async () => {
    const { mode } = await stat(path.join(home, '.local/share/llamactl'));
    expect(mode & 0o777).toBe(0o700);
  });

  it('run again finds what it made, and prints one value with --json', async () => {
    expect(JSON.parse(await quickstart('--offline', '--json'))).toMatchObject({
      instance: 'quickstart',
      answer: expect.stringContaining(DEMO_SENTENCE) as unknown,
    });
  });

  it('takes the model that it is given, also for the instance of an earlier run', async () => {
    const output = await quickstart('--model', await testModel());
    expect(output).toMatch(/changed the model of quickstart from \/.*demo\.gguf to \//);
    expect(output).toContain(`model: ${DEMO_SENTENCE}`);
  });

  it('leaves the model of an existing instance unchanged without --model', async () => {
    expect(await quickstart('--offline')).toContain(`   quickstart keeps its model ${await testModel()}; for another:`);
  });

  it('skips a file that is cut off, and replaces a model that is gone', async () => {
    const models = path.join(home, 'models');
    await mkdir(models);
    const [good, cut] = [path.join(models, 'good.gguf'), path.join(models, 'cut.gguf')];
    await copyFile(await testModel(), good);
    await writeFile(cut, (await readFile(good)).subarray(0, 100_000));
    await quickstart('--model', good);
    const found = path.join(models, 'found.gguf');
    await rename(good, found);
    const output = await quickstart();
    expect(output).toMatch(/skipped: the model file .*cut\.gguf is cut off/);
    expect(output).toContain(`   found ${found}\n`);
    expect(output).toContain(`model: ${DEMO_SENTENCE}`);
    await rm(models, { recursive: true });
  });

  it('replaces the demo model by a real one', async () => {
    await quickstart('--offline');
    const models = path.join(home, 'models');
    await mkdir(models);
    await copyFile(await testModel(), path.join(models, 'real.gguf'));
    expect(await quickstart()).not.toContain('keeps its model');
    await rm(models, { recursive: true });
  });

  it('takes the smallest chat model of another program, before it downloads one', async () => {
    const ollama = new OllamaFolder(home);
    const weights = await ollama.pull('tiny/1b', { model: await readFile(await testModel()) });
    expect(await quickstart()).toContain(`   found tiny:1b: ${weights}\n`);
    await rm(ollama.path, { recursive: true });
  });

  it('leaves nothing running with --once, and looks for the model before it starts a server', async () => {
    await expect(llamactl('ps')).rejects.toMatchObject({ code: 5 });
    await expect(quickstart('--model', path.join(home, 'nope.gguf'))).rejects.toMatchObject({
      code: 3,
      stdout: expect.not.stringContaining('3. Server') as unknown,
      stderr: `llamactl: there is no model file ${path.join(home, 'nope.gguf')}\n`,
    });
  });

  it('leaves a server and its instance running, which the next one uses', async () => {
    const first = await llamactl('quickstart', '--offline', '--port', String(ports.next()));
    const [, url = ''] = /^ {3}listening in the background on (\S+)$/m.exec(first) ?? [];
    expect(first).toContain('llamactl down stops the server and leaves engines running');
    const second = await llamactl('quickstart', '--offline', '--once');
    expect(second).toContain(`   using the one that runs on ${url}\n`);
    expect(second).toContain(`model: ${DEMO_SENTENCE}`);
    expect(JSON.parse(await llamactl('ps', '--json'))).toMatchObject([{ name: 'quickstart', status: 'running' }]);
    expect(await llamactl('down', '--stop-engines')).toContain('stopped: quickstart\n');
  });

  it('that fails says how to end the server that it started', async () => {
    const failed = llamactl('quickstart', '--port', String(ports.next()), '--model', LAUNCHER);
    await expect(failed).rejects.toMatchObject({
      stderr: expect.stringMatching(
        /the server and its engines keep running; to stop them: .*--stop-engines/,
      ) as unknown,
    });
    await llamactl('down', '--stop-engines');
  });

  it('says what to do when the model is not one', async () => {
    await expect(quickstart('--model', LAUNCHER)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/the model file .*llamactl is not a GGUF file/) as unknown,
    });
  });

  it('says what to do instead when accounts are on', async () => {
    const file = path.join(home, 'accounts.yaml');
    await writeFile(file, 'auth: { enabled: true }\n');
    await expect(quickstart('--config', file)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/accounts are on[^]*llamactl login[^]*LLAMACTL_AUTH_ENABLED=false/) as unknown,
    });
  });
});
