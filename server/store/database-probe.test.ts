import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDatabase } from './database.ts';
import { assertDatabase } from './database-probe.ts';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'llamactl-probe-'));
  file = join(directory, 'llamactl.db');
  openDatabase(file).close();
});
afterEach(() => rmSync(directory, { recursive: true }));

it('a usable database passes, also while another server has it open', () => {
  assertDatabase(directory);
  const database = openDatabase(file);
  database.exec('begin immediate');
  assertDatabase(directory);
  database.close();
});

it.each<[string, () => void, RegExp]>([
  ['is gone', () => rmSync(file), /llamactl\.db is missing, but a server uses it/],
  ['is a folder', () => (rmSync(file), mkdirSync(file)), /llamactl\.db cannot be opened \(llamactl\.db is a folder\)/],
  ['is damaged', () => writeFileSync(file, 'x'.repeat(8_192)), /is damaged or not a database/],
])('a database that %s is reported', (_how, spoil, sentence) => {
  spoil();
  expect(() => assertDatabase(directory)).toThrow(sentence);
});
