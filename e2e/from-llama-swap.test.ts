import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testModel } from '../scripts/test-assets.ts';
import { type CommandResult, runCommand } from './command-line.ts';
import { ServerProcess } from './server-process.ts';

/** A configuration of llama-swap becomes instances: the real program, the real server and the real engine. */

let server: ServerProcess;
let file: string;

beforeAll(async () => {
  server = await ServerProcess.create();
  const model = await testModel();
  file = path.join(server.home, 'config.yaml');
  await writeFile(
    file,
    `globalTTL: 900
healthCheckTimeout: 300
apiKeys: [sk-secret]
macros:
  server: llama-server --port \${PORT} -m \${env.MODEL}
models:
  "org/chat":
    cmd: \${server} -c 512 --frobnicate 3
    aliases: [gpt-4o-mini]
    ttl: 300
    filters: { setParams: { temperature: 0 } }
  embed:
    cmd: \${server} --embeddings -c 256
    env: [OMP_NUM_THREADS=1, LD_PRELOAD=/x.so]
  vllm:
    cmd: vllm serve Qwen/Qwen3-8B --port \${PORT}
groups:
  big: { members: ["org/chat", vllm] }
  always: { persistent: true, swap: false, exclusive: false, members: [embed] }
`,
  );
  await server.start();
  environment = { HOME: server.home, LLAMACTL_URL: server.url, MODEL: model };
});

afterAll(() => server.dispose());

let environment: Record<string, string>;

function llamactl(...words: string[]): Promise<CommandResult> {
  return runCommand(words, environment);
}

const names = async (): Promise<string> => (await llamactl('ps', '--all', '-q')).stdout;

const SKIPPED =
  'skipped: vllm (line 15): begins with "vllm", which is not a llama-server; `engines.vllm-engine` of the configuration can run it; then: ' +
  '`llamactl create vllm --engine vllm-engine --idle-timeout 900 --group big`\n';

describe('a configuration of llama-swap', () => {
  it('is only shown in a dry run, which changes nothing', async () => {
    const { status, stdout, stderr } = await llamactl('import', 'llama-swap', file, '--dry-run');
    expect(stdout).toContain('org-chat  would be created for org/chat, with ');
    expect(stdout).toContain('embed  would be created, with ');
    expect([status, stderr]).toEqual([0, SKIPPED]);
    expect(await names()).toBe('');
  });

  it('becomes stopped instances, and says what was taken and dropped', async () => {
    const { status, stdout, stderr } = await llamactl('import', 'llama-swap', file);
    expect([status, stderr]).toEqual([
      0,
      `${SKIPPED}each starts at its first request; to chat with one: llamactl run org-chat\ndocs/how-to/from-llama-swap.md has the rest of the move\n`,
    ]);
    expect(stdout).toMatch(/^org-chat {2}created for org\/chat, with .*idle_timeout=300.*ctx_size=512/m);
    expect(stdout).toMatch(/^ {2}not taken: --frobnicate 3: the installed llama-server has no such option$/m);
    expect(stdout).toMatch(/^ {2}not taken: LD_PRELOAD=\/x.so: is not on the list of variables/m);
    expect(stdout).not.toContain('--port ${PORT}:');
    expect(stdout).toMatch(/^ {2}apiKeys: `llamactl keys create NAME`/m);
    expect(stdout).toMatch(
      /\n\ngroups:\n {2}big:\n {4}max_running: 1\ninstances:\n {2}start_timeout: 300\nengines:\n {2}vllm-engine:\n {4}kind: custom\n/,
    );
    expect(stdout).not.toContain('sk-secret');
    expect(await server.instance('org-chat')).toMatchObject({
      status: 'stopped',
      aliases: ['org/chat', 'gpt-4o-mini'],
      group: 'big',
      idle_timeout: 300,
      request_strip: ['temperature'],
      request_defaults: { temperature: 0 },
    });
    expect(await server.instance('embed')).toMatchObject({
      pinned: false,
      idle_timeout: 900,
      environment: { OMP_NUM_THREADS: '1' },
    });
  });

  it('answers under the name that the model had there', async () => {
    expect(await llamactl('run', 'org/chat', 'Hi', '--think=false')).toMatchObject({
      status: 0,
      stdout: `${DEMO_SENTENCE}\n`,
    });
  });

  it('changes nothing when it is imported again', async () => {
    await llamactl('update', 'embed', '--idle-timeout', '5');
    const { status, stdout } = await llamactl('import', 'llama-swap', file);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^org-chat {2}exists already for org\/chat$/m);
    expect(stdout).toMatch(/^not taken, as before: \d+ settings; --verbose shows all$/m);
    // A mistake is named until it is mended.
    expect(stdout).toContain('not taken: --frobnicate 3: ');
    expect(stdout).toMatch(/^embed {2}exists; differs: idle_timeout 5 → 900$/m);
    expect(await server.instance('embed')).toMatchObject({ idle_timeout: 5 });
    expect((await names()).trim().split('\n').toSorted()).toEqual(['embed', 'org-chat']);
  });

  it('names an option that was added to the file since', async () => {
    const changed = (await readFile(file, 'utf8')).replace('--embeddings', '--embeddings --n-gpu-layerz 3');
    await writeFile(file, changed);
    const { stdout } = await llamactl('import', 'llama-swap', file);
    expect(stdout).toMatch(/^ {2}not taken: --n-gpu-layerz 3: .*did you mean `--n-gpu-layers`\?$/m);
  });

  it('changes what differs with --update', async () => {
    const { stdout } = await llamactl('import', 'llama-swap', file, '--update', '--only', 'embed');
    expect(stdout).toMatch(/^embed {2}updated: idle_timeout 5 → 900\n/);
    expect(await server.instance('embed')).toMatchObject({ idle_timeout: 900 });
  });

  it('may give only some of its models; a named one that cannot be read is a failure', async () => {
    await llamactl('rm', 'embed');
    const some = await llamactl('import', 'llama-swap', file, '--only', 'embed', 'vllm', '--json');
    expect(some.status).toBe(1);
    const done = JSON.parse(some.stdout) as { steps: unknown[] };
    expect(done).toMatchObject({
      steps: [
        { name: 'embed', line: 12, instance: 'embed', action: 'create', error: null },
        { name: 'vllm', line: 15, instance: null, action: 'skip' },
      ],
      // Lines that concern other models are left out.
      configuration: { engines: { 'vllm-engine': { command: 'vllm' } }, groups: { big: { max_running: 1 } } },
    });
    expect(await llamactl('import', 'llama-swap', file, '--only', 'embde')).toMatchObject({
      status: 3,
      stderr: 'llamactl: there is no model embde; did you mean embed?\n',
    });
  });

  it('with a model that this machine lacks names the pull, and the others are created', async () => {
    const other = path.join(server.home, 'other.yaml');
    await writeFile(
      other,
      'models:\n  hub: { cmd: llama-server -hf org/repo:Q4_K_M }\n  own: { cmd: "llama-server -m ${env.MODEL}" }\n',
    );
    const dry = await llamactl('import', 'llama-swap', other, '--dry-run');
    expect([dry.status, dry.stdout]).toEqual([1, expect.stringMatching(/^own {2}would be created/) as string]);
    expect(dry.stderr).toMatch(/^hub \(line 2\).*llamactl pull org\/repo:Q4_K_M/);
    const { status, stdout, stderr } = await llamactl('import', 'llama-swap', other);
    expect([status, stdout.split('\n')[0]]).toEqual([1, expect.stringMatching(/^own {2}created/) as string]);
    expect(stderr).toMatch(/^hub \(line 2\) failed: .*llamactl pull org\/repo:Q4_K_M/);
  });

  it('with broken YAML is refused with the line, and a file of another kind by its name', async () => {
    const broken = path.join(server.home, 'broken.yaml');
    await writeFile(broken, 'models:\n  a:\n    cmd: llama-server\n   ttl: 5\n');
    expect(await llamactl('import', 'llama-swap', broken)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('YAML with a mistake in line 4') as string,
    });
    await writeFile(broken, 'llama-server -m /m.gguf\n');
    expect(await llamactl('import', 'llama-swap', broken)).toMatchObject({
      status: 2,
      stderr: `llamactl: ${broken} is not a configuration of llama-swap\n`,
    });
    expect(await llamactl('import', 'llama-swap')).toMatchObject({ status: 2 });
    expect((await llamactl('import', file)).stderr).toContain('llamactl import llama-swap FILE');
  });
});
