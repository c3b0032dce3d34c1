import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DEMO_SENTENCE, demoModelBytes } from '@llamactl/cli/quickstart/demo-model';
import { LoopbackHub } from '@llamactl/server/testing/loopback-hub';
import { PortBlock } from '@llamactl/server/testing/port-block';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { testEngine } from '../scripts/test-assets.ts';
import { runCommand, type CommandResult } from './command-line.ts';
import { endProcessesOf } from './home-processes.ts';

/** Models of a hub on loopback, with the real program and the real engine, in an empty home. */

let home: string;
let ports: PortBlock;
let hub: LoopbackHub;
let commit: string;

beforeEach(async () => {
  home = mkdtempSync(path.join(os.tmpdir(), 'llamactl-pull-'));
  ports = await PortBlock.take();
  hub = await LoopbackHub.open();
  ({ commit } = hub.add('acme/demo-GGUF', { 'demo-Q8_0.gguf': demoModelBytes(), 'README.md': '# Demo' }));
  const folder = path.join(home, '.config', 'llamactl');
  mkdirSync(folder, { recursive: true });
  const instances = `instances: { port_range: [${ports.range.join(', ')}] }\n`;
  writeFileSync(
    path.join(folder, 'config.yaml'),
    `server: { port: ${ports.next()} }\n${instances}models: { hf_endpoint: "${hub.url}" }\n`,
  );
});

afterEach(async () => {
  await endProcessesOf(home);
  ports.release();
  await hub.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

function llamactl(...words: string[]): Promise<CommandResult> {
  const PATH = `${path.dirname(testEngine())}:${process.env['PATH'] ?? ''}`;
  return runCommand(words, { HOME: home, PATH });
}

it('run starts a server, downloads the model, makes an instance, and prints only the answer', async () => {
  const { status, stdout, stderr } = await llamactl('run', 'acme/demo-GGUF:Q8_0', '--yes', 'Hi');
  expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: `${DEMO_SENTENCE}\n` });
  const cache = path.join(home, '.cache/huggingface/hub');
  expect(stderr).toContain(`from the hub, into ${cache}\n`);
  expect(stderr).toContain('created instance demo-Q8_0 for ');

  const sent = hub.requests.length;
  expect(await llamactl('run', 'acme/demo-GGUF:Q8_0', 'Hi')).toMatchObject({ status: 0, stdout: `${DEMO_SENTENCE}\n` });
  expect(hub.requests).toHaveLength(sent);
});

it('pull prints the path, with which create makes an instance; before, create downloads nothing', async () => {
  await llamactl('up');
  const early = await llamactl('create', 'demo', '-m', 'acme/demo-GGUF:Q8_0');
  expect(early).toMatchObject({
    status: 3,
    stderr:
      'llamactl: there is no model acme/demo-GGUF:Q8_0 on this server\n  to download it: llamactl pull acme/demo-GGUF:Q8_0\n',
  });
  expect(hub.requests).toEqual([]);
  const { status, stdout, stderr } = await llamactl('pull', 'acme/demo-GGUF');
  const file = path.join(home, '.cache/huggingface/hub/models--acme--demo-GGUF/snapshots', commit, 'demo-Q8_0.gguf');
  expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: `${file}\n` });
  expect((await llamactl('create', 'demo', '-m', 'acme/demo-GGUF:Q8_0')).status).toBe(0);
});
