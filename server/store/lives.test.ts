import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase } from './database.ts';
import { countLife, isOlderThanItsPlace } from './lives.ts';

it('where the number beside a database cannot be read it is told which file is wrong', () => {
  const directory = mkdtempSync(join(tmpdir(), 'llamactl-lives-'));
  const file = join(directory, 'llamactl.db');
  const database = openDatabase(file);
  try {
    countLife(database, file);
    expect(isOlderThanItsPlace(database, file)).toBe(false);
    rmSync(`${file}.lives`);
    mkdirSync(`${file}.lives`);
    expect(() => isOlderThanItsPlace(database, file)).toThrow(
      new RegExp(`^${file}.lives cannot be read \\(EISDIR.*\\), so it is not known whether ${file} is an older copy`),
    );
  } finally {
    database.close();
    rmSync(directory, { recursive: true });
  }
});
