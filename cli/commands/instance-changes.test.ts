import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Applied, CreateInstance } from '@llamactl/client';
import { ApiError } from '@llamactl/contract/errors';
import { EventServer } from '@llamactl/server/testing/event-server';
import { FakeFleet } from '@llamactl/server/testing/fake-services';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandSandbox } from '../testing/command-run.ts';

/** A fleet whose plan the test decides. */
class PlannedFleet extends FakeFleet {
  plan: Applied['results'] = [];

  override async apply(...[fleet, options]: Parameters<FakeFleet['apply']>): Promise<Applied> {
    this.applied.push({ fleet, options });
    return { message: 'Applied', dry_run: options.dryRun, results: this.plan };
  }
}

const ENTRY: CreateInstance = {
  name: 'llama',
  model_path: '/m.gguf',
  port: 8100,
  aliases: ['chat'],
  options: { threads: 4, ctx_size: 512 },
  environment: { TOKEN: 'secret' },
};

let fleet: PlannedFleet;
let server: EventServer;
let sandbox: CommandSandbox;
let folder: string;

beforeEach(async () => {
  fleet = new PlannedFleet();
  fleet.fleet = { version: 1, instances: [ENTRY] };
  server = await EventServer.open({ fleet });
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
  folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-changes-'));
  await server.add('llama');
});

afterEach(async () => {
  await server.goAway();
  sandbox.dispose();
  rmSync(folder, { recursive: true });
});

/** The arguments of the last call of a method of the instances. */
const lastCall = (method: string): unknown =>
  server.manager.calls.findLast((call) => call.method === method)?.arguments;

/** An editor that replaces text by a regular expression of sed. */
function editor(script: string): Record<string, string> {
  const file = path.join(folder, 'editor.sh');
  writeFileSync(file, `#!/bin/sh\ncp "$1" ${folder}/opened\necho x >> ${folder}/times\nsed -i '${script}' "$1"\n`);
  chmodSync(file, 0o755);
  return { VISUAL: file };
}

const opened = (): string => readFileSync(path.join(folder, 'opened'), 'utf8');
const keptFile = (stderr: string): string => /your text is kept in (\S+)/.exec(stderr)?.[1] ?? '';

describe('update', () => {
  it('says that --restart starts no stopped instance', async () => {
    expect(await sandbox.run(['update', 'llama', '--pinned', '--restart'])).toEqual({
      status: 0,
      stdout: 'llama  updated, stopped\n',
      stderr: 'it was not running; to start it: llamactl start llama\n',
    });
  });
});

describe('rename', () => {
  it('renames the instance', async () => {
    expect(await sandbox.run(['rename', 'llama', 'big'])).toEqual({
      status: 0,
      stdout: 'llama  renamed to big\n',
      stderr: '',
    });
    expect(lastCall('rename')).toEqual(['llama', 'big', 'anonymous']);
    expect((await sandbox.run(['rename', 'big', 'x', '-q'])).stdout).toBe('x\n');
  });

  it('suggests a name for an unknown one', async () => {
    const { status, stderr } = await sandbox.run(['rename', 'lama', 'big']);
    expect([status, stderr]).toEqual([3, 'llamactl: there is no instance lama; did you mean llama?\n']);
  });
});

describe('cp', () => {
  it('copies the settings with their secrets, but neither aliases nor port, and applies the flags', async () => {
    const { status, stdout } = await sandbox.run(['cp', 'LLAMA', 'long', '-o', 'ctx_size=1024', '-o', 'threads=']);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^long {2}created, port \d+\n$/)]);
    expect(lastCall('create')).toEqual([
      { name: 'long', model_path: '/m.gguf', options: { ctx_size: 1024 }, environment: { TOKEN: 'secret' } },
      'anonymous',
    ]);
  });

  it('leaves out a request default that a flag removes', async () => {
    const words = ['--request-default', 'seed=1', '--request-default', 'top_k='];
    await sandbox.run(['cp', 'llama', 'long', ...words]);
    expect(lastCall('create')).toEqual([expect.objectContaining({ request_defaults: { seed: 1 } }), 'anonymous']);
  });

  it('suggests an alias for the name of a model, which is no name of an instance', async () => {
    const { status, stderr } = await sandbox.run(['cp', 'llama', 'new:1b']);
    expect([status, stderr.trimEnd().split('\n').at(-1)]).toEqual([
      1,
      '  an alias may have it: llamactl cp llama new --alias new:1b',
    ]);
  });

  it('suggests a name for an unknown one', async () => {
    expect((await sandbox.run(['cp', 'lama', 'x'])).stderr).toContain('did you mean llama?');
  });
});

describe('edit', () => {
  beforeEach(() => {
    fleet.plan = [{ name: 'llama', action: 'restart', changes: ['options.threads'] }];
  });

  it('shows the plan, asks, and sends what changed with the version that was read', async () => {
    const environment = editor('s/threads: 4/threads: 8/');
    const { status, stdout, stderr } = await sandbox.run(['edit', 'llama'], { environment, answers: ['y'] });
    expect([status, stdout]).toEqual([0, 'llama  updated\n']);
    expect(stderr).toContain('    - options.threads: 4\n    + options.threads: 8\n');
    expect(stderr).toContain('The running engine uses this after its next restart.');
    expect(opened()).toContain('model_path: /m.gguf\n');
    expect(opened()).not.toContain('name:');
    const options = { ifMatch: '"1"', restart: false, by: 'anonymous' };
    expect(lastCall('update')).toEqual(['llama', { options: { threads: 8 } }, options]);
  });

  it('resets a setting that is deleted, and restarts with --restart', async () => {
    const environment = editor('/port:/d');
    await sandbox.run(['edit', 'llama', '--yes', '--restart', '--no-wait'], { environment });
    expect(lastCall('update')).toEqual(['llama', { port: null }, { ifMatch: '"1"', restart: true, by: 'anonymous' }]);
  });

  it('changes nothing without a yes, and keeps the text', async () => {
    const environment = editor('s/threads: 4/threads: 8/');
    const { status, stderr } = await sandbox.run(['edit', 'llama'], { environment, answers: ['n'] });
    expect(status).toBe(0);
    expect(readFileSync(keptFile(stderr), 'utf8')).toContain('threads: 8');
    expect(lastCall('update')).toBeUndefined();
    rmSync(path.dirname(keptFile(stderr)), { recursive: true });
  });

  it('reports an unchanged text', async () => {
    const { status, stderr } = await sandbox.run(['edit', 'llama', '--yes'], { environment: editor('') });
    expect([status, stderr]).toEqual([0, 'no changes\n']);
    expect(fleet.applied).toEqual([]);
  });

  it.each([
    ['$a name: other', /edit does not change the name/],
    ['$a request_defaults: { stop: null }', /cannot store a null within a setting/],
  ])('refuses %s', async (script, message) => {
    const { status, stderr } = await sandbox.run(['edit', 'llama', '--yes'], { environment: editor(script) });
    expect([status, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(lastCall('update')).toBeUndefined();
    rmSync(path.dirname(keptFile(stderr)), { recursive: true });
  });

  it('notices that the editor removed the file', async () => {
    const { status, stderr } = await sandbox.run(['edit', 'llama', '--yes'], { environment: { VISUAL: 'rm' } });
    expect([status, stderr]).toEqual([1, 'llamactl: the editor removed the file; nothing was changed\n']);
  });

  it('keeps no file if the editor fails before anything was typed', async () => {
    const { status, stderr } = await sandbox.run(['edit', 'llama', '--yes'], { environment: { VISUAL: 'false' } });
    expect([status, stderr]).toEqual([1, 'llamactl: the editor false failed (exit status 1)\n']);
  });

  it('opens the editor again for a text that is refused', async () => {
    const environment = editor('s/threads: 4/threads: [/');
    const { status, stderr } = await sandbox.run(['edit', 'llama'], { environment, answers: ['y', 'n'] });
    expect(status).toBe(2);
    expect(stderr).toMatch(/this is not YAML: .* at line \d+/);
    expect(readFileSync(path.join(folder, 'times'), 'utf8')).toBe('x\nx\n');
    expect(existsSync(keptFile(stderr))).toBe(true);
    rmSync(path.dirname(keptFile(stderr)), { recursive: true });
  });

  it('lists problems of values together with those of the form', async () => {
    const problems = [{ path: 'instances[0].options.threads', message: 'must be a number' }];
    fleet.apply = () => Promise.reject(new ApiError('VALIDATION_ERROR', 'It is wrong.', { problems }));
    const { stderr } = await sandbox.run(['edit', 'llama', '--yes'], { environment: editor('$a portt: 1') });
    expect(stderr).toContain('    portt is not known; did you mean port?\n    options.threads must be a number\n');
    rmSync(path.dirname(keptFile(stderr)), { recursive: true });
  });

  it('applies nothing and keeps the text if the instance was changed meanwhile', async () => {
    const environment = editor('s/threads: 4/threads: 8/');
    fleet.apply = async () => {
      await server.manager.update('llama', {}, { restart: false });
      return { message: '', dry_run: true, results: fleet.plan };
    };
    const { status, stderr } = await sandbox.run(['edit', 'llama', '--yes'], { environment });
    expect(status).toBe(1);
    expect(stderr).toContain('llama was changed by others while you edited it; nothing was applied');
    rmSync(path.dirname(keptFile(stderr)), { recursive: true });
  });

  it('requires --yes without a terminal', async () => {
    const { status, stderr } = await sandbox.run(['edit', 'llama']);
    expect([status, stderr]).toEqual([2, 'llamactl: edit cannot ask for confirmation here: add --yes\n']);
  });
});

describe('wait', () => {
  it('ends when the instance runs, and waits while it is stopped', async () => {
    const waited = sandbox.run(['wait', 'llama']);
    await server.joined;
    server.changeStatus('llama', 'starting');
    server.changeStatus('llama', 'running', { port: 8100 });
    const { status, stdout } = await waited;
    expect([status, stdout]).toEqual([0, expect.stringContaining('llama  running, port 8100')]);
  });

  it('says on a terminal how to start an instance that is stopped', async () => {
    const { stderr } = await sandbox.run(['wait', 'llama', '--timeout', '0s'], { columns: 80 });
    expect(stderr).toContain('llama is stopped; to start it: llamactl start llama\n');
  });

  it('explains why an instance cannot run any more', async () => {
    server.changeStatus('llama', 'failed', { reason: 'no memory' });
    const { status, stderr } = await sandbox.run(['wait', 'llama']);
    expect([status, stderr]).toEqual([6, expect.stringContaining('llama did not start: no memory')]);
    expect((await sandbox.run(['wait', 'llama', '--for', 'stopped'])).status).toBe(0);
  });

  it('gives up after the timeout', async () => {
    const { status, stderr } = await sandbox.run(['wait', 'llama', '--timeout', '0s']);
    expect([status, stderr]).toEqual([6, 'llamactl: llama: it is not running after 0 s\n']);
  });

  it('probes the health with --for healthy', async () => {
    server.changeStatus('llama', 'running');
    expect((await sandbox.run(['wait', 'llama', '--for', 'healthy'])).status).toBe(0);
    expect(lastCall('health')).toEqual(['llama']);
  });

  it('refuses an unknown name and an invalid time', async () => {
    expect((await sandbox.run(['wait', 'lama'])).status).toBe(3);
    expect((await sandbox.run(['wait', 'llama', '--timeout', 'soon'])).status).toBe(2);
  });
});

describe('diff', () => {
  const text = JSON.stringify({
    instances: [
      { name: 'llama', model_path: '/m.gguf', options: { threads: 8 }, environment: { TOKEN: 'new' } },
      { name: 'new', model_path: '/n.gguf' },
    ],
  });

  it('shows each setting before and after, without values of the environment, and exits with 1', async () => {
    const changes = ['options.threads', 'options.ctx_size', 'environment.TOKEN'];
    fleet.plan = [
      { name: 'llama', action: 'restart', changes },
      { name: 'new', action: 'create', changes: [], warnings: ['no such file'] },
    ];
    const { status, stdout } = await sandbox.run(['diff', '-'], { input: text });
    expect([status, stdout.split('\n')]).toEqual([
      1,
      [
        '~ llama  (restarts)',
        '    - options.threads: 4',
        '    + options.threads: 8',
        '    - options.ctx_size: 512',
        '    - environment.TOKEN: ***',
        '    + environment.TOKEN: ***',
        '+ new',
        '    + model_path: /n.gguf',
        '    note: no such file',
        '',
      ],
    ]);
    expect((await sandbox.run(['diff', '-', '-q'], { input: text })).stdout).toBe('llama\nnew\n');
  });

  it('asks for the plan only, with --prune also of removals', async () => {
    fleet.plan = [{ name: 'llama', action: 'remove', changes: [] }];
    const { stdout } = await sandbox.run(['diff', '-', '--prune'], { input: 'instances: []' });
    expect(stdout).toContain('- llama\n    - model_path: /m.gguf\n');
    expect(fleet.applied.map(({ options }) => [options.prune, options.dryRun])).toEqual([[true, true]]);
  });

  it('reads a document with many aliases', async () => {
    const lines = Array.from({ length: 300 }, (_, index) => `  - { name: copy-${index}, options: *shared }`);
    const input = `instances:\n  - { name: first, options: &shared { threads: 8 } }\n${lines.join('\n')}\n`;
    fleet.plan = [{ name: 'copy-299', action: 'create', changes: [] }];
    const { stdout } = await sandbox.run(['diff', '-'], { input });
    expect(stdout).toBe('+ copy-299\n    + options.threads: 8\n');
  });

  it('exits with 0 if nothing differs, and with 2 for a file that is refused', async () => {
    fleet.plan = [{ name: 'llama', action: 'nothing', changes: [] }];
    expect(await sandbox.run(['diff', '-'], { input: text })).toEqual({
      status: 0,
      stdout: '',
      stderr: 'no differences\n',
    });
    const refused = await sandbox.run(['diff', '-'], { input: 'instances: [{nam: x}]' });
    expect([refused.status, refused.stderr]).toEqual([
      2,
      expect.stringContaining('line 1: name of instance 1 is required'),
    ]);
  });
});
