import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Applied } from '@llamactl/client';
import { ApiError, type Problem } from '@llamactl/contract/errors';
import { EventServer } from '@llamactl/server/testing/event-server';
import { FakeFleet } from '@llamactl/server/testing/fake-services';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandSandbox } from '../testing/command-run.ts';

/** A fleet with one instance that no document names; pruning removes it. */
class Fleet extends FakeFleet {
  failing: string | null = null;
  /** The problems of the values of a document. */
  refuse: (document: Parameters<FakeFleet['apply']>[0]) => Problem[] = () => [];

  override async apply(...[document, options]: Parameters<FakeFleet['apply']>): Promise<Applied> {
    const problems = this.refuse(document);
    if (problems.length > 0) throw new ApiError('VALIDATION_ERROR', 'The document is wrong.', { problems });
    const applied = await super.apply(document, options);
    const results: Applied['results'] = applied.results.map((step) =>
      step.name === this.failing ? { ...step, error: 'the port is taken' } : step,
    );
    if (options.prune) results.push({ name: 'old', action: 'remove', changes: [] });
    return { ...applied, results };
  }
}

let fleet: Fleet;
let server: EventServer;
let sandbox: CommandSandbox;
let folder: string;
let file: string;

beforeEach(async () => {
  fleet = new Fleet();
  server = await EventServer.open({ fleet });
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
  folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-fleet-'));
  file = path.join(folder, 'fleet.yaml');
  writeFileSync(file, 'version: 1\ninstances:\n  - name: llama\n    model_path: /m.gguf\n  - name: qwen\n');
});

afterEach(async () => {
  await server.goAway();
  sandbox.dispose();
  rmSync(folder, { recursive: true });
});

/** The applied documents, without dry runs. */
const made = (): unknown[] =>
  fleet.applied.filter(({ options }) => !options.dryRun).map(({ options }) => options.prune);

describe('applying a file', () => {
  it('applies the document and reports the steps', async () => {
    expect(await sandbox.run(['apply', file])).toEqual({ status: 0, stdout: '+ llama\n+ qwen\nApplied\n', stderr: '' });
    expect(fleet.fleet.instances).toEqual([{ name: 'llama', model_path: '/m.gguf' }, { name: 'qwen' }]);
  });

  it('names the program of a file that the server refuses, and the page about it', async () => {
    writeFileSync(file, 'models:\n  qwen:\n    cmd: llama-server --port ${PORT} -m /m.gguf\n');
    const { status, stdout, stderr } = await sandbox.run(['apply', file]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toBe(
      `llamactl: ${file} is a configuration of llama-swap; to take it over: llamactl import llama-swap FILE (docs/how-to/from-llama-swap.md)\n`,
    );
  });

  it('names the command for a Modelfile', async () => {
    writeFileSync(file, 'FROM qwen3:8b\nSYSTEM """\nBe: brief\n"""\n');
    expect(await sandbox.run(['apply', file])).toEqual({
      status: 2,
      stdout: '',
      stderr: `llamactl: ${file} is a Modelfile of Ollama; to make an instance of it: llamactl create NAME --file FILE\n`,
    });
  });

  it.each([
    ['an empty file', () => file, ''],
    ['empty input', () => '-', '\n'],
  ])('refuses %s with its own sentence', async (_title, name, text) => {
    writeFileSync(file, text);
    const { status, stderr } = await sandbox.run(['apply', name()], { input: text });
    const source = name() === '-' ? 'standard input' : file;
    expect([status, stderr]).toEqual([2, `llamactl: ${source} is empty\n  llamactl export shows the format\n`]);
    expect(fleet.applied).toEqual([]);
  });

  it('only shows the plan with --dry-run', async () => {
    const { stdout } = await sandbox.run(['apply', file, '--dry-run', '--prune']);
    expect(stdout).toBe('+ llama\n+ qwen\n- old\nApplied\n');
    expect(made()).toEqual([]);
  });

  it('accepts JSON, and standard input', async () => {
    const input = '{\n\t"instances": [{"name": "llama"}]\n}';
    expect((await sandbox.run(['apply', '-'], { input })).status).toBe(0);
    expect(fleet.fleet.instances).toEqual([{ name: 'llama' }]);
    expect((await sandbox.run(['apply', '-'], { input: 'instances: [{name: x}]' })).status).toBe(0);
    expect(fleet.fleet.instances).toEqual([{ name: 'x' }]);
  });

  it('exits with 1 when a step failed', async () => {
    fleet.failing = 'llama';
    const { status, stdout } = await sandbox.run(['apply', file]);
    expect([status, stdout]).toEqual([1, '+ llama\n    failed: the port is taken\n+ qwen\nApplied\n']);
  });

  it("prints the API's response with --json, and names with --quiet", async () => {
    fleet.failing = 'llama';
    expect(JSON.parse((await sandbox.run(['apply', file, '--json'])).stdout)).toMatchObject({
      message: 'Applied',
      dry_run: false,
      results: [{ name: 'llama', error: 'the port is taken' }, { name: 'qwen' }],
    });
    const quiet = await sandbox.run(['apply', file, '-q']);
    expect([quiet.stdout, quiet.stderr]).toEqual(['qwen\n', 'llama: the port is taken\n']);
  });

  it('reports problems of the document', async () => {
    const { status, stderr } = await sandbox.run(['apply', '-'], { input: 'instances: [{nam: x}]' });
    expect(status).toBe(1);
    expect(stderr).toContain('line 1: name of instance 1 is required');
    expect(stderr).toMatch(/^llamactl: /);
    expect((await sandbox.run(['apply', path.join(folder, 'none')])).stderr).toMatch(/none: no such file\n$/);
  });

  it('lists problems of values together with those of the form, in the order of the entries', async () => {
    fleet.refuse = ({ instances }) =>
      instances.flatMap(({ options = {} }, index) =>
        'ctx_size' in options ? [{ path: `instances[${index}].options.ctx_size`, message: 'must be a number' }] : [],
      );
    const lines = [
      'instances:',
      '  - name: a b',
      '    options: { ctx_size: much, threads: {} }',
      '  - name: c',
      '    portt: 1',
      '    options: { ctx_size: more }',
    ];
    const { status, stderr } = await sandbox.run(['apply', '-'], { input: lines.join('\n') });
    expect(status).toBe(1);
    expect(stderr.split('\n').map((line) => line.trim())).toEqual([
      expect.stringContaining('(and 4 more problems)'),
      expect.stringMatching(/^line 2: name of a b must start/),
      expect.stringMatching(/^line 3: options.threads of a b must be/),
      'line 3: options.ctx_size of a b must be a number',
      'line 5: portt of c is not known; did you mean port?',
      'line 6: options.ctx_size of c must be a number',
      '',
    ]);
    expect(made()).toEqual([]);
  });

  it('lists the problems of every step in which the server judges a document', async () => {
    const problem = (path: string): Problem[] => [{ path: `instances[0].${path}`, message: 'is wrong' }];
    fleet.refuse = ({ instances: [entry] }) =>
      entry?.model !== undefined ? problem('model') : entry?.options !== undefined ? problem('options.threads') : [];
    const input = 'instances: [{name: x, portt: 1, model: y, options: {threads: 1}}]';
    const { stderr } = await sandbox.run(['apply', '-'], { input });
    for (const each of ['portt of x is not known', 'model of x is wrong', 'options.threads of x is wrong'])
      expect(stderr).toContain(each);
  });

  it('does not wait for a limit of requests to find more problems', async () => {
    fleet.apply = () => Promise.reject(new ApiError('RATE_LIMITED', 'More than 10 changes in a minute.'));
    const { stderr } = await sandbox.run(['apply', '-'], { input: 'instances: [{name: x, portt: 1}]' });
    expect(stderr).toBe('llamactl: line 1: portt of x is not known; did you mean port?\n');
  });

  it.each([
    ['name: x\n    name: y', /^llamactl: line 2: name of x is given twice/],
    ['name: [', /^llamactl: standard input is not YAML/],
  ])('reports the fault of YAML %j', async (entry, message) => {
    const { status, stderr } = await sandbox.run(['apply', '-'], { input: `instances:\n  - ${entry}\n` });
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
  });

  describe('and pruning', () => {
    it('asks for confirmation, and shows the plan', async () => {
      const { status, stdout, stderr } = await sandbox.run(['apply', file, '--prune'], { answers: ['y'] });
      expect([status, stdout]).toEqual([0, '+ llama\n+ qwen\n- old\nApplied\n']);
      expect(stderr).toContain('- old\n');
      expect(stderr).toContain('Delete 1 instance with all logs (y/N)? ');
      expect(made()).toEqual([true]);
    });

    it('changes nothing without a yes', async () => {
      const { status, stdout, stderr } = await sandbox.run(['apply', file, '--prune'], { answers: [''] });
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toContain('nothing was changed\n');
      expect(made()).toEqual([]);
    });

    it('requires --yes without a terminal', async () => {
      const { status, stderr } = await sandbox.run(['apply', file, '--prune']);
      expect([status, stderr]).toEqual([
        2,
        'llamactl: --prune deletes instances and cannot ask for confirmation here: add --yes\n',
      ]);
      expect(fleet.applied).toEqual([]);
      expect((await sandbox.run(['apply', file, '--prune', '--yes'])).stdout).toContain('- old\n');
      expect(made()).toEqual([true]);
    });
  });
});

describe('exporting', () => {
  beforeEach(() => {
    fleet.fleet = { version: 1, instances: [{ name: 'llama', environment: { SECRET: 'x' } }] };
  });

  it('writes a document for apply', async () => {
    const { status, stdout } = await sandbox.run(['export']);
    expect([status, stdout]).toEqual([0, expect.stringContaining('- name: llama\n')]);
    expect(await sandbox.run(['apply', '-'], { input: stdout })).toMatchObject({ status: 0 });
    expect(fleet.fleet.instances).toEqual([{ name: 'llama', environment: { SECRET: 'x' } }]);
  });

  it('writes JSON', async () => {
    expect(JSON.parse((await sandbox.run(['export', '--json'])).stdout)).toEqual(fleet.fleet);
  });

  it('writes only the named instances', async () => {
    fleet.fleet = { version: 1, instances: [{ name: 'llama' }, { name: 'other' }, { name: 'third' }] };
    const { stdout } = await sandbox.run(['export', '-i', 'llama', '--instance', 'third']);
    expect(stdout).toContain('- name: llama\n');
    expect(stdout).toContain('- name: third\n');
    expect(stdout).not.toContain('other');
  });

  it('writes a file that only its owner can read', async () => {
    const target = path.join(folder, 'out.yaml');
    expect(await sandbox.run(['export', target])).toEqual({ status: 0, stdout: '', stderr: `wrote ${target}\n` });
    expect(statSync(target).mode & 0o777).toBe(0o600);
    expect(readFileSync(target, 'utf8')).toContain('SECRET: x');
  });

  it('refuses to replace a file without --force', async () => {
    expect(await sandbox.run(['export', file])).toEqual({
      status: 1,
      stdout: '',
      stderr: `llamactl: ${file} already exists\n  to replace it: --force\n`,
    });
    expect(readFileSync(file, 'utf8')).toContain('qwen');
    expect((await sandbox.run(['export', file, '--force'])).status).toBe(0);
    expect(readFileSync(file, 'utf8')).not.toContain('qwen');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('reports a file in a closed folder', async () => {
    const file = path.join(folder, 'a file', 'out.yaml');
    writeFileSync(path.dirname(file), '');
    const { status, stderr } = await sandbox.run(['export', file]);
    expect([status, stderr]).toEqual([1, `llamactl: cannot write ${file}: it is in a file, not in a folder\n`]);
  });

  it('reports a file that cannot be written', async () => {
    const { status, stderr } = await sandbox.run(['export', path.join(folder, 'none', 'out.yaml')]);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^llamactl: cannot write .*out\.yaml: there is no folder \/.*none\n/),
    ]);
  });
});
