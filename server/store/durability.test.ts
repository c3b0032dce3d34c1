import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DomainEvent } from '@llamactl/contract/events';
import { systemClock } from '../clock.ts';
import { storedKey, storedUser } from '../testing/contracts/accounts.contract.ts';
import { auditEntry } from '../testing/contracts/audit.contract.ts';
import { keptEvent } from '../testing/contracts/replay.contract.ts';
import { storedInstance } from '../testing/contracts/store.contract.ts';
import { writeUntilKilled } from '../testing/killed-writer.ts';
import { openStore } from './sqlite.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llamactl-durability-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const ROUNDS = 20;
const INSTANCES = 5;

/**
 * Saves without pause: in each turn a transition of some instances with its event, an account with a key, and a row of the
 * audit trail. Prints what was acknowledged. Every row contains the number of the turn, twice where it could be torn.
 */
const PROGRAM = `
  import { writeSync } from 'node:fs';
  const [store, clock, file, templates] = process.argv.slice(1);
  const { openStore } = await import(store);
  const { systemClock } = await import(clock);
  const open = openStore({ file, clock: systemClock() });
  const template = (name) => structuredClone(parsed[name]);
  const parsed = JSON.parse(templates);
  let turn = Math.max(0, ...(await open.accounts.load()).users.map((user) => user.tokenGeneration));
  let seq = (await open.replay.load()).at(-1)?.seq ?? parsed.event.seq;
  for (;;) {
    turn += 1;
    const say = (what) => () => writeSync(1, what + ' ' + turn + '\\n');
    const changes = Array.from({ length: 1 + (turn % ${INSTANCES}) }, (_, index) => {
      const instance = template('instance');
      Object.assign(instance.record, { id: 'i' + index, name: 'i' + index, version: turn });
      const kept = { ...template('event'), seq: (seq += 1) };
      Object.assign(kept.event.data, { name: 'i' + index, reason: String(turn) });
      return open.save(instance, [kept]).then(say('i' + index));
    });
    const padding = String(turn).padEnd(2000 + (turn % 7) * 1000, '.');
    const user = { ...template('user'), tokenGeneration: turn, passwordHash: padding };
    const key = { ...template('key'), id: 'k' + turn, hash: 'h' + turn, generation: turn, name: padding };
    await Promise.all([
      ...changes,
      open.accounts.saveUser(user).then(say('user')),
      open.accounts.saveKey(key).then(say('key')),
      open.audit.append({ ...template('entry'), requestId: String(turn) }).then(say('audit')),
    ]);
  }`;

const at = (module: string): string => new URL(module, import.meta.url).href;
const turnOf = (padded: string): number => {
  const turn = Number(padded.replace(/\.+$/, ''));
  expect(padded).toHaveLength(2000 + (turn % 7) * 1000);
  return turn;
};
/** The instance and the turn of an event. */
const subjectOf = ({ data }: DomainEvent): [string, number] => {
  if (!('name' in data) || !('reason' in data)) throw new Error('An event of another type.');
  return [data.name, Number(data.reason)];
};

it(
  `kill -9 at ${ROUNDS} random moments loses no acknowledged change, and stores every state with its event`,
  {
    timeout: 120_000,
  },
  async () => {
    const file = join(folder, 'llamactl.db');
    const templates = {
      instance: storedInstance('template'),
      event: keptEvent(0),
      user: storedUser('u'),
      key: storedKey('template', 'u'),
      entry: auditEntry('template'),
    };
    const values = [at('./sqlite.ts'), at('../clock.ts'), file, JSON.stringify(templates)];
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const lines = 1 + Math.floor(Math.random() * 100);
      for (const line of await writeUntilKilled({ source: PROGRAM, values, lines })) {
        const [what = '', turn = ''] = line.split(' ');
        acknowledged.set(what, Number(turn));
      }

      const store = openStore({ file, clock: systemClock() });
      const states = new Map((await store.load()).map(({ record }) => [record.id, record.version]));
      const { users, keys } = await store.accounts.load();
      const trail = await store.audit.read({
        limit: 100_000,
        beforeSeq: null,
        subject: null,
        actions: null,
        target: null,
      });
      const events = await store.replay.load();
      await store.close();

      const stored = new Map([
        ...states,
        ['user', turnOf(users[0]?.passwordHash ?? '')],
        ['key', Math.max(...keys.map(({ name }) => turnOf(name)))],
        ['audit', Number(trail[0]?.requestId)],
      ]);
      for (const [what, turn] of acknowledged) expect(stored.get(what) ?? 0).toBeGreaterThanOrEqual(turn);
      expect(users).toHaveLength(1);
      expect(keys.map(({ generation }) => generation)).toEqual(keys.map((_, index) => index + 1));
      expect(trail.map(({ requestId }) => Number(requestId))).toEqual(keys.map((_, index) => index + 1).toReversed());
      // State and event of a transition are stored together: each state is the one of its last event.
      expect(new Map(events.map(({ event }) => subjectOf(event)))).toEqual(states);
      // No event in between is missing.
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => (events[0]?.seq ?? 0) + index));
    }
    expect(acknowledged.size).toBe(INSTANCES + 3);
  },
);
