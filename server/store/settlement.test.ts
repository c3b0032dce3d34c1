import { copyFileSync, cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storedSigningKey } from '../testing/contracts/accounts.contract.ts';
import { keptEvent } from '../testing/contracts/replay.contract.ts';
import { RestoreBench } from '../testing/restore-bench.ts';
import { openStore } from './sqlite.ts';

let bench: RestoreBench;

beforeEach(() => {
  bench = new RestoreBench();
});
afterEach(() => bench.dispose());

describe('a backup restored by hand', () => {
  beforeEach(() => bench.backUpThenChange());

  it('ends all log-ins, and is reported', async () => {
    const { dataDirId } = await bench.serve(async (store) => store);
    copyFileSync(bench.file, bench.database);
    await bench.serve(async (store, said) => {
      expect(said[0]).toContain(
        'was restored from a backup of 2026-03-01T12:00:00.000Z, by hand. Everyone has to log in',
      );
      expect(store.dataDirId).toBe(dataDirId);
      expect((await store.accounts.load()).signingKeys).toEqual([]);
      expect((await store.replay.load())[0]?.seq).toBeGreaterThan(keptEvent(2).seq);
    });
    await bench.serve(async (_store, said) => expect(said).toEqual([]));
  });

  it('is detected as an older copy, whether servers stopped normally or not', async () => {
    const copy = join(bench.folder, 'copy.db');
    await bench.serve(async (store) => store.accounts.saveSigningKey(storedSigningKey('s2')));
    copyFileSync(bench.database, copy);
    const killed = openStore({ file: bench.database, clock: bench.clock });
    await killed.accounts.revoke({ id: 'later', expiresAt: 4_000_000_000 });
    const crashed = join(bench.folder, 'crashed');
    cpSync(bench.directory, crashed, { recursive: true });
    await killed.close();
    for (const place of [bench.directory, crashed]) {
      bench.move(place);
      for (const suffix of ['-wal', '-shm']) rmSync(bench.database + suffix, { force: true });
      copyFileSync(copy, bench.database);
      await bench.serve(async (store, said) => {
        expect(said[0]).toContain('was restored from an older copy, by hand. Everyone has to log in again');
        expect((await store.accounts.load()).signingKeys).toEqual([]);
      });
      await bench.serve(async (_store, said) => expect(said).toEqual([]));
    }
  });

  it('gets a new identifier in another directory', async () => {
    const { dataDirId } = await bench.serve(async (store) => store);
    bench.move(join(bench.folder, 'other'));
    copyFileSync(bench.file, bench.database);
    expect((await bench.serve(async (store) => store)).dataDirId).not.toBe(dataDirId);
  });
});
