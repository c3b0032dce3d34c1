import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { StoredInstance } from '../instances/ports/instance-store.ts';
import type { Clock } from '../instances/ports/time.ts';
import { openStore } from '../store/sqlite.ts';
import { storedKey, storedSession, storedUser } from './contracts/accounts.contract.ts';
import { auditEntry } from './contracts/audit.contract.ts';
import { keptEvent } from './contracts/replay.contract.ts';
import { storedDownload } from './stored-download.ts';
import { storedInstance } from './contracts/store.contract.ts';
import {
  backoff,
  failed,
  goingDown,
  loading,
  preparing,
  queued,
  running,
  spawning,
  stopped,
  stopping,
} from './instance-states.ts';

/**
 * Writes a database of this version of llamactl, with rows of every kind, as a fixture for later versions. Run it once,
 * when a schema version is released, and never again for that version:
 *
 *     node -e "import('./server/testing/store-fixture.ts').then((it) => it.writeStoreFixture('server/store/fixtures/schema-5.db', Date.now))"
 */
export async function writeStoreFixture(file: string, now: () => number): Promise<void> {
  const clock: Clock = { now, elapsed: now, after: () => () => undefined, nextTurn: setImmediate };
  const { accounts, audit, downloads, replay, ...store } = openStore({ file, clock });
  for (const instance of fixtureInstances()) await store.save(instance);
  await accounts.saveUser(storedUser('u1'));
  await accounts.saveUser({ ...storedUser('u2'), disabled: true });
  await accounts.saveKey(storedKey('k1', 'u1'));
  await accounts.saveKey({ ...storedKey('k2', 'u2'), instances: ['i1'] });
  await accounts.saveSigningKey({ id: 's1', secret: 'A'.repeat(43), createdAt: '2026-01-01T00:00:00.000Z' });
  await accounts.saveSession(storedSession('l1', 'u1'));
  await accounts.revoke({ id: 'session', expiresAt: 4_000_000_000 });
  for (let row = 1; row <= 100; row += 1) await audit.append(auditEntry(`r${row}`));
  await audit.append(auditEntry('r101', { changes: [{ path: 'group', before: null, after: 'code' }], moreChanges: 1 }));
  await downloads.save(storedDownload('d1'));
  await downloads.saveFile({ path: '/cache/blobs/a', inode: 2n ** 63n, size: 5, sha256: 'a'.repeat(64) });
  await replay.append([1, 2, 3].map((each) => keptEvent(each)));
  await store.close();
  const database = new DatabaseSync(file);
  // Tests open the fixture in another folder. If the fixture recorded its folder, it would count as a copy, and get
  // another identifier.
  database.exec(`delete from meta where key in ('folder', 'uses'); vacuum`);
  database.close();
  rmSync(`${file}.counters`, { force: true });
}

/** One instance for each column of the state table. */
function fixtureInstances(): StoredInstance[] {
  const states = [stopped, failed, queued, preparing, spawning, loading, running, stopping, backoff].map((make) =>
    make(),
  );
  return [...states, goingDown('start')].map((state, index) => ({ ...storedInstance(`i${index + 1}`), state }));
}
