import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { type CommandResult, runCommand } from './command-line.ts';
import { OllamaFolder } from './ollama-folder.ts';
import { ServerProcess } from './server-process.ts';

/** A library of Ollama becomes instances: the real program, the real server and the real engine. */

let server: ServerProcess;
let ollama: OllamaFolder;
let weights: Buffer;

beforeAll(async () => {
  weights = await readFile(await testModel());
  server = await ServerProcess.create();
  ollama = new OllamaFolder(server.home);
  const params = '{"num_ctx":512,"num_keep":4}';
  await ollama.pull('pirate/latest', { model: weights, system: 'You are a pirate.', params });
  await ollama.damage('gone/1b');
  await server.start();
});

afterAll(() => server.dispose());

function llamactl(...words: string[]): Promise<CommandResult> {
  return runCommand(words, { HOME: server.home, LLAMACTL_URL: server.url });
}

describe('a library of Ollama', () => {
  it('becomes stopped instances with its settings, and damaged models are named', async () => {
    const { status, stdout, stderr } = await llamactl('import', 'ollama');
    expect([status, stdout]).toEqual([0, 'pirate  created for pirate:latest, with system prompt, ctx_size=512\n']);
    expect(stderr).toContain('skipped: gone:1b lacks its file; ollama pull gone:1b downloads it again\n');
    expect(await server.instance('pirate')).toMatchObject({
      status: 'stopped',
      model_info: { name: 'pirate:latest' },
      system_prompt: 'You are a pirate.',
      options: { ctx_size: 512 },
    });
    expect(await llamactl('run', 'gone:1b', 'Hi')).toMatchObject({
      status: 1,
      stderr: 'llamactl: gone:1b lacks its file; ollama pull gone:1b downloads it again\n',
    });
  });

  it('answers under its name in Ollama', async () => {
    expect(await llamactl('run', 'pirate:latest', 'Hi', '--think=false')).toMatchObject({
      status: 0,
      stdout: `${DEMO_SENTENCE}\n`,
    });
  });

  it('has newer versions after a pull, which an import takes', async () => {
    await llamactl('import', 'ollama', 'pirate');
    await llamactl('create', 'parrot', '-m', 'pirate');
    expect((await llamactl('start', 'pirate', '--wait')).status).toBe(0);
    await ollama.pull('pirate/latest', {
      model: Buffer.concat([weights, Buffer.alloc(32)]),
      system: 'Be a new pirate.',
    });
    // The server scans again a second after a folder changed.
    await expect
      .poll(async () => (await llamactl('show', 'pirate')).stdout, { timeout: 60_000 })
      .toContain('the library has a newer version of pirate:latest');
    const { stdout, stderr } = await llamactl('import', 'ollama', 'pirate', '--update');
    expect(stdout).toContain(
      'pirate  updated from pirate:latest, with system prompt; changed: system prompt; kept: ctx_size\n',
    );
    expect(stdout).toContain('parrot  got the new file of pirate:latest; its settings stay\n');
    expect((await llamactl('start', 'parrot', '--wait')).status).toBe(0);
    expect(stderr).toContain('to apply the changes: llamactl restart pirate\n');
    const updated = await server.instance('pirate');
    expect(updated.system_prompt).toBe('Be a new pirate.');
    expect(updated).not.toHaveProperty('newer_model_path');
    expect((await llamactl('restart', 'pirate', '--wait')).status).toBe(0);
  });
});

describe('an instance whose file Ollama deletes while it runs', () => {
  it('answers until it stops, says that it cannot start again, and gets a new file by an import', async () => {
    const weightsOf = (version: number): Buffer => Buffer.concat([weights, Buffer.alloc(version)]);
    const blob = await ollama.pull('brief/latest', { model: weightsOf(64), params: '{"num_ctx":256}' });
    await expect.poll(async () => (await llamactl('models')).stdout, { timeout: 60_000 }).toContain('brief:latest');
    expect((await llamactl('create', 'short', '-m', 'brief', '-o', 'ctx_size=256', '--start', '--wait')).status).toBe(
      0,
    );
    await rm(blob);
    expect((await llamactl('why', 'short:latest')).stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /^short has run for .* and answers; once it stops, it cannot start again: the model file .* does not exist\./,
    );
    expect((await llamactl('doctor')).stdout).toContain('short (once it stops)');
    expect(await llamactl('restart', 'short:latest')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/does not exist\n {2}for help: llamactl why short\n$/) as unknown,
    });
    await ollama.pull('brief/latest', { model: weightsOf(96), params: '{"num_ctx":256}' });
    await expect
      .poll(async () => (await llamactl('why', 'short')).stdout, { timeout: 60_000 })
      .toContain('llamactl import ollama brief --update');
    expect((await llamactl('import', 'ollama', 'brief', '--update')).status).toBe(0);
    expect((await llamactl('restart', 'short', '--wait')).status).toBe(0);
    expect((await llamactl('why', 'short')).stdout).toMatch(/and answers\.\n/);
    expect((await llamactl('rm', '--force', 'short:latest')).stdout).toBe('short  deleted\n');
  });
});

describe('a Modelfile', () => {
  it('makes an instance that starts, and that show prints as a Modelfile', async () => {
    const file = path.join(server.home, 'Modelfile');
    await writeFile(file, 'FROM pirate\nPARAMETER num_ctx 256\nTEMPLATE x\nSYSTEM """\nBe\nbrief.\n"""\n');
    const { status, stderr } = await llamactl('create', 'brief', '-f', file, '--start', '--wait');
    expect([status, stderr]).toEqual([0, expect.stringContaining('Modelfile:3: TEMPLATE is not used')]);
    expect((await llamactl('show', 'brief', '--modelfile')).stdout).toBe(
      '# The instance brief of llamactl. In Ollama: ollama create brief -f FILE\n' +
        'FROM pirate:latest\nPARAMETER num_ctx 256\nSYSTEM """Be\nbrief."""\n',
    );
    await writeFile(file, 'FROM pirate\nPARAMETER num_thread 1\nPARAMETER num_ctx 256\nSYSTEM Be short.\n');
    expect((await llamactl('update', 'brief', '-f', file)).stderr).toContain(
      'from the Modelfile; added: threads 1; changed: system prompt\n',
    );
    expect((await server.instance('brief')).options).toEqual({ ctx_size: 256, threads: 1 });
  });
});
