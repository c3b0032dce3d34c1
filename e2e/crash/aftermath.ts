import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { InstanceSchema, type Instance } from '@llamactl/contract/instance';
import type { Frame } from '@llamactl/contract/events';
import type { InstanceRecord } from '../../server/instances/ports/instance-record.ts';
import type { InstanceState } from '../../server/instances/life/lifecycle.ts';
import type { EngineProcess, ServerProcess } from '../server-process.ts';

/** What must hold of a server and its machine at any moment at which nothing is under way. Each check tells what is wrong. */

/** All instances, oldest first. */
export async function instancesOf(server: ServerProcess): Promise<Instance[]> {
  const { body } = await server.call('GET', '/api/instances');
  const names = (body['instances'] as { name: string }[]).map(({ name }) => name);
  return Promise.all(names.map((name) => server.instance(name)));
}

/** One instance; `null`: there is none. */
export async function instanceOf(server: ServerProcess, name: string): Promise<Instance | null> {
  const { status, body } = await server.call('GET', `/api/instances/${name}`);
  return status === 404 ? null : InstanceSchema.parse(body);
}

interface Stored {
  record: InstanceRecord;
  state: InstanceState;
}

/** What a server that dies now would leave. */
function storedIn(server: ServerProcess): Stored[] {
  const database = new DatabaseSync(path.join(server.dataDirectory, 'llamactl.db'), { readOnly: true });
  try {
    const rows = database.prepare('select record, state from instances order by position').all();
    return rows.map(({ record, state }) => ({
      record: JSON.parse(String(record)) as InstanceRecord,
      state: JSON.parse(String(state)) as InstanceState,
    }));
  } finally {
    database.close();
  }
}

/** No two engines of one instance, and no more than may run. True at all times. */
export function surplus(processes: readonly EngineProcess[], slots: number): string[] {
  const instances = processes.filter(({ isWrapper }) => !isWrapper).map(({ tag }) => instanceOfTag(tag));
  const faults = instances.length > slots ? [`${instances.length} engines run, and ${slots} may`] : [];
  const isTwice = new Set(instances).size < instances.length;
  return isTwice ? [...faults, `an instance has two engines: ${JSON.stringify(processes)}`] : faults;
}

function instanceOfTag(tag: string): string {
  return tag.split('.')[1] ?? '';
}

/** What is shown, what is stored and what is there are the same. */
export async function differences(server: ServerProcess): Promise<string[]> {
  const shown = await instancesOf(server);
  const stored = storedIn(server);
  const processes = await server.processes();
  const ids = new Map(stored.map(({ record }) => [record.name, record.id]));
  const pidOf = (state: InstanceState): number | null => ('run' in state ? (state.run.identity?.pid ?? null) : null);
  const engines = processes.filter(({ isWrapper }) => !isWrapper);
  const wrappers = processes.filter(({ isWrapper }) => isWrapper);
  const running = shown.filter(({ status }) => status === 'running');
  const folders = await readdir(path.join(server.dataDirectory, 'instances')).catch(() => []);
  const ports = shown.map(({ port }) => port);
  return [
    ...differs(
      'what is stored',
      stored.map(({ record, state }) => `${record.name} ${state.status} ${pidOf(state)} ${record.port}`),
      shown.map(({ name, status, pid, port }) => `${name} ${status} ${pid} ${port}`),
    ),
    ...differs(
      'the engines that live',
      engines.map(({ tag, pid }) => `${instanceOfTag(tag)} ${pid}`).toSorted(),
      running.map(({ name, pid }) => `${ids.get(name)} ${pid}`).toSorted(),
    ),
    ...differs(
      'the wrappers that live',
      wrappers.map(({ tag }) => instanceOfTag(tag)).toSorted(),
      running.map(({ name }) => ids.get(name) ?? '').toSorted(),
    ),
    ...differs(
      'folders without an instance',
      folders.filter((folder) => !stored.some(({ record }) => record.id === folder)),
      [],
    ),
    ...(new Set(ports).size < ports.length ? [`a port is given twice: ${ports.join(', ')}`] : []),
  ];
}

function differs(what: string, found: readonly string[], wanted: readonly string[]): string[] {
  const [one, other] = [found.join('; '), wanted.join('; ')];
  return one === other ? [] : [`${what}: ${one || 'none'}; it should be ${other || 'none'}`];
}

/** Alerts about instances: nothing that a crash of the server leaves is one. */
export async function alertsOf(server: ServerProcess): Promise<string[]> {
  const { body } = await server.call('GET', '/api/system/alerts');
  const alerts = body['alerts'] as { code: string; message: string; instance?: string }[];
  return alerts.flatMap(({ code, message, instance }) =>
    instance === undefined && code !== 'stray_process' ? [] : [`alert ${code}: ${message}`],
  );
}

/**
 * The frames that are kept, in order and without a gap: each number once, each status from the one before it.
 *
 * @param live The frames that a listener got before the death. The replay has all of them.
 */
export function brokenHistory(replay: readonly Frame[], live: readonly Frame[]): string[] {
  const kept = keptOf(replay);
  const faults: string[] = [];
  const statuses = new Map<string, string>();
  let last = 0;
  for (const frame of kept) {
    if (frame.seq <= last) faults.push(`event ${frame.seq} comes after ${last}`);
    last = frame.seq;
    if (frame.type === 'gap') faults.push('the replay has a gap');
    if (frame.type === 'instance_created') statuses.set(frame.data.name, 'stopped');
    if (frame.type !== 'instance_status_changed') continue;
    const { name, previous_status: previous, status } = frame.data;
    if (statuses.get(name) !== previous)
      faults.push(`${name} was ${statuses.get(name)}, and went from ${previous} to ${status}`);
    statuses.set(name, status);
  }
  const known = new Set(kept.map((frame) => JSON.stringify(frame)));
  for (const frame of keptOf(live)) {
    if (!known.has(JSON.stringify(frame))) faults.push(`sent, and lost: ${JSON.stringify(frame)}`);
  }
  return faults;
}

function keptOf(frames: readonly Frame[]): Frame[] {
  return frames.filter(({ type }) => type !== 'instance_stats_updated');
}

/** What happened to an instance after an event: each status that it entered, and its beginning and end. */
export function historyOf(frames: readonly Frame[], name: string, after: number): string[] {
  return frames
    .filter(({ seq }) => seq > after)
    .flatMap((frame) => {
      if (frame.type === 'instance_status_changed' && frame.data.name === name) return [frame.data.status];
      const isIts = 'name' in frame.data && frame.data.name === name;
      return isIts && frame.type !== 'instance_stats_updated' ? [frame.type] : [];
    });
}
