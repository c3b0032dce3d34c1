import { EventServer } from '@llamactl/server/testing/event-server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { CommandSandbox } from '../testing/command-run.ts';
import { Watching } from '../testing/watching.ts';

let server: EventServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  server = await EventServer.open();
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
  await server.add('llama', { aliases: ['gpt-4'], model_path: `/models/${'long-'.repeat(20)}.gguf` });
  await server.add('qwen');
});

afterEach(async () => {
  await server.goAway();
  sandbox.dispose();
});

const printed = async (line: string, columns?: number): Promise<string> => {
  const { status, stdout, stderr } = await sandbox.run(line.split(' '), columns === undefined ? {} : { columns });
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
};

describe('the output format', () => {
  it('json is that of --json, in every spelling', async () => {
    const json = await printed('ps --json');
    for (const flag of ['-o json', '-ojson', '--output json', '--output=json', '--format json'])
      expect(await printed(`ps ${flag}`)).toBe(json);
    expect(await printed('-o json ps')).toBe(json);
  });

  it('yaml has the same value', async () => {
    expect(parse(await printed('ps -o yaml'))).toEqual(JSON.parse(await printed('ps --json')));
    expect(parse(await printed('show llama -o yaml'))).toEqual(JSON.parse(await printed('show llama --json')));
  });

  it('yaml separates the values of a stream', async () => {
    const watching = new Watching(sandbox, ['events', '-o', 'yaml']);
    await server.joined;
    server.changeStatus('qwen', 'running');
    server.changeStatus('qwen', 'stopped');
    await watching.until((output) => output.split('---').length > 2);
    await watching.interrupt();
    const values = parseAllDocuments(watching.output).map((each) => each.toJS() as { data: { status: string } });
    expect(values.map(({ data }) => data.status)).toEqual(['running', 'stopped']);
  });

  it('name prints the names', async () => {
    expect(await printed('ps -o name')).toBe('llama\nqwen\n');
    expect(await printed('show llama -o name')).toBe('llama\n');
  });

  it('wide has all columns, uncut on a narrow terminal', async () => {
    const wide = await printed('ps -o wide', 40);
    expect(wide).toContain('gpt-4');
    expect(wide).toContain('long-'.repeat(20));
  });

  it('is a template with --format', async () => {
    expect((await sandbox.run(['ps', '--format', String.raw`{{.Name}}\t{{.Status}}`])).stdout).toBe(
      'llama\tstopped\nqwen\tstopped\n',
    );
    const wrong = await sandbox.run(['show', 'llama', '--format', '{{.Nmae}}']);
    expect([wrong.status, wrong.stderr]).toEqual([
      2,
      expect.stringContaining('there is no field .Nmae; there are .Name'),
    ]);
    expect((await sandbox.run(['ps', '--status', 'failed', '--format', '{{.Name}}'])).stdout).toBe('');
    expect((await sandbox.run(['ps', '--format', '{{.Reason}}{{.ModelPath}}'])).status).toBe(0);
  });

  it('is refused with the list of formats', async () => {
    const { status, stderr } = await sandbox.run(['ps', '-o', 'xml']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('Allowed choices are wide, json, yaml, name.')]);
  });

  it('also decides about the form of errors', async () => {
    for (const line of ['show nope -o json', 'show nope --output=json', 'ps -o json --nonsense'])
      expect(JSON.parse((await sandbox.run(line.split(' '))).stderr)).toHaveProperty('code');
    expect((await sandbox.run(['show', 'nope', '-o', 'yaml'])).stderr).toMatch(/^llamactl: /);
  });

  it('leaves -o of create and update to the options of the engine', async () => {
    await printed('create new -m /m.gguf -o ctx_size=1 --output json');
    expect(server.manager.get('new').options).toEqual({ ctx_size: 1 });
    expect(await printed('update new --format {{.Message}} -o ctx_size=2')).toBe('Instance updated successfully\n');
    expect(server.manager.get('new').options).toEqual({ ctx_size: 2 });
    expect(await printed('create --help')).toContain('\n  --output <format>');
    expect(await printed('ps --help')).toContain('\n  -o, --output <format>');
  });
});
