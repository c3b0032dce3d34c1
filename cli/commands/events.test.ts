import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventServer } from '@llamactl/server/testing/event-server';
import { usualStats } from '@llamactl/server/testing/usual-stats';
import { CommandSandbox } from '../testing/command-run.ts';
import { Watching } from '../testing/watching.ts';

let server: EventServer;
let sandbox: CommandSandbox;
const watching: Watching[] = [];

beforeEach(async () => {
  server = await EventServer.open();
  await server.add('llama');
  await server.add('qwen');
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
});

afterEach(async () => {
  await Promise.all(watching.splice(0).map((each) => each.interrupt()));
  await server.goAway();
  sandbox.dispose();
});

const follow = async (...words: string[]): Promise<Watching> => {
  const begun = new Watching(sandbox, ['events', ...words]);
  watching.push(begun);
  await server.joined;
  return begun;
};
/** The output without times. */
const lines = ({ output }: Watching): string[] =>
  output.split('\n').flatMap((line) => (line === '' ? [] : [line.replace(/^[-\d]+ [:\d]+ {2}/, '')]));
const alert = { level: 'error', code: 'disk_low', message: 'The disk is full.', state: 'raised' } as const;

describe('llamactl events', () => {
  it('prints events as they happen, without measurements', async () => {
    const events = await follow();
    server.changeStatus('llama', 'starting');
    server.measured('llama', usualStats());
    server.changeStatus('llama', 'failed', { reason: 'no memory' });
    server.tell({ type: 'system_alert', data: alert });
    await events.until((output) => output.includes('disk_low'));
    expect(lines(events)).toEqual([
      'llama         stopped → starting',
      'llama         starting → failed  no memory',
      'system        error disk_low  The disk is full.',
    ]);
    const { status, stderr } = await events.interrupt();
    expect([status, stderr]).toEqual([130, '']);
  });

  it('fails at a server that never answered', async () => {
    await server.goAway();
    const { status, stderr } = await sandbox.run(['events']);
    expect(status).toBe(5);
    expect(stderr).not.toContain('Waiting');
  });

  it('prints events of given instances, and of the system', async () => {
    const events = await follow('QWEN');
    server.changeStatus('llama', 'starting');
    server.changeStatus('qwen', 'starting');
    server.tell({ type: 'system_alert', data: alert });
    await events.until((output) => output.includes('disk_low'));
    expect(lines(events)).toEqual([
      'qwen          stopped → starting',
      'system        error disk_low  The disk is full.',
    ]);
  });

  it('prints given types, by short name or API name', async () => {
    const events = await follow('--type', 'deleted', '-t', 'instance_created');
    server.changeStatus('llama', 'starting');
    server.tell({ type: 'instance_created', data: { name: 'c' } });
    server.tell({ type: 'instance_deleted', data: { name: 'c' } });
    await events.until((output) => output.includes('deleted'));
    expect(lines(events)).toEqual(['c             created', 'c             deleted']);
  });

  it.each([[[]], [['--type', 'refused']]])('prints a refused start as a sentence: %j', async (flags) => {
    const events = await follow(...flags);
    const message = 'llama cannot start: it needs 5.00 GiB of ram.';
    const trigger = { kind: 'command' as const, caller: 'user:ada' };
    server.tell({
      type: 'instance_start_refused',
      data: { name: 'llama', code: 'DOES_NOT_FIT', message, trigger },
    });
    await events.until((output) => output.includes('\n'));
    expect(lines(events)).toEqual(['llama         start refused  it needs 5.00 GiB of ram  a command by user:ada']);
  });

  it('prints decisions with --trace, besides the usual events', async () => {
    const events = await follow('llama', '--trace');
    await server.traced;
    server.decide({ kind: 'idle_stop', instance: { name: 'qwen' }, inputs: { idle_timeout: 60 } });
    server.decide({ kind: 'idle_stop', instance: { name: 'llama' }, inputs: { idle_timeout: 60 } });
    server.changeStatus('llama', 'stopping');
    await events.until((output) => output.includes('stopping'));
    expect(lines(events)).toEqual([
      'llama         idle_stop  is stopped: no request has used it for its idle timeout of 60 s',
      'llama         stopped → stopping',
    ]);
  });

  it('prints all kept events with --after-seq 0', async () => {
    server.changeStatus('llama', 'starting');
    server.changeStatus('llama', 'running');
    const events = await follow('--after-seq', '0');
    await events.until((output) => output.includes('running'));
    expect(lines(events)).toHaveLength(2);
  });

  it("prints the API's frames with --json", async () => {
    const events = await follow('--json');
    server.changeStatus('llama', 'starting');
    await events.until((output) => output.includes('\n'));
    expect(JSON.parse(events.output)).toMatchObject({
      type: 'instance_status_changed',
      data: { name: 'llama', status: 'starting', previous_status: 'stopped' },
    });
  });

  it('misses no event while the server is away, and prints a note', async () => {
    const events = await follow();
    server.changeStatus('llama', 'starting');
    await events.until((output) => output.includes('starting'));
    await server.goAway();
    await server.comeBack();
    server.changeStatus('llama', 'running');
    await events.until((output) => output.includes('running'));
    expect(lines(events)).toHaveLength(2);
    const { stderr } = await events.interrupt();
    expect(stderr.match(/Waiting for the server/g)).toHaveLength(1);
  });

  it('warns of an unknown instance', async () => {
    const events = await follow('lama');
    const { stderr } = await events.interrupt();
    expect(stderr).toBe('llamactl: there is no instance lama yet; did you mean llama?\n');
  });

  it('refuses invalid types and numbers', async () => {
    const wrong = await sandbox.run(['events', '--type', 'stauts']);
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain('status, refused, stats, created');
    expect((await sandbox.run(['events', '--after-seq', 'x'])).status).toBe(2);
  });

  it('requires a server at the start', async () => {
    await server.goAway();
    expect((await sandbox.run(['events'])).status).toBe(5);
    await server.comeBack();
  });
});
