import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { type CommandResult, runCommand } from './command-line.ts';
import { ServerProcess } from './server-process.ts';

/** Instances of the Go llamactl become instances here: the real program, the real server and the real engine. */

let server: ServerProcess;
let file: string;

beforeAll(async () => {
  server = await ServerProcess.create();
  await server.start();
  file = path.join(server.home, 'go-instances.json');
  const backend_options = { model: await testModel(), ctx_size: 512, no_mmap: true, no_such_option: 1, port: 8001 };
  const chat = {
    backend_type: 'llama_cpp',
    backend_options: { ...backend_options, extra_args: { 'ubatch-size': '256', host: '::', threads: '1' } },
    idle_timeout: 1,
    command_override: '/opt/llama/llama-server',
    environment: { CUDA_VISIBLE_DEVICES: '0', HF_HOME: '/x' },
  };
  const hub = { backend_type: 'llama_cpp', backend_options: { hf_repo: 'org/repo', hf_file: 'x-Q4_K_M.gguf' } };
  const records = [
    { id: 1, name: 'chat', status: 'running', options: chat },
    { id: 2, name: 'hub', status: 'stopped', options: hub },
  ];
  await writeFile(file, JSON.stringify(records));
});

afterAll(() => server.dispose());

function llamactl(...words: string[]): Promise<CommandResult> {
  return runCommand(words, { HOME: server.home, LLAMACTL_URL: server.url });
}

it('an import says in a dry run what it would do, does it, and the instance answers', async () => {
  const planned = await llamactl('import', 'go-llamactl', file, '--dry-run');
  const line = (what: string): string =>
    `chat  ${what}, with model_path, load_mode=none, ctx_size=512, idle_timeout=60, ` +
    '--ubatch-size 256 --threads 1, environment.CUDA_VISIBLE_DEVICES\n';
  expect([planned.status, planned.stdout]).toEqual([1, expect.stringContaining(line('would be created'))]);
  expect(JSON.parse((await llamactl('ps', '--json')).stdout)).toEqual([]);

  const { status, stdout, stderr } = await llamactl('import', 'go-llamactl', file);
  expect([status, stdout]).toEqual([1, expect.stringContaining(line('created'))]);
  expect(stderr).toContain(
    'hub failed: its model is not on this machine; run llamactl pull org/repo:Q4_K_M, then this command again\n',
  );
  for (const dropped of ['command', 'environment.HF_HOME', 'extra_args.2', 'options.no_such_option'])
    expect(stdout).toContain(`\n  not taken: ${dropped}: `);
  expect(stdout).toContain('\n  not taken: backend_options.port 8001 → automatic: ');
  expect(await server.instance('chat')).toMatchObject({ status: 'stopped', idle_timeout: 60 });
  expect(await llamactl('run', 'chat', 'Hi')).toMatchObject({ status: 0, stdout: `${DEMO_SENTENCE}\n` });
  expect((await llamactl('import', 'go-llamactl', file)).stdout).toBe(
    'chat  exists already\nnot taken, as before: 5 settings; --verbose shows all\n',
  );
});
