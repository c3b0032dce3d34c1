import { errorWords } from '@llamactl/contract/reason';
import { isRecord } from '@llamactl/contract/record';
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import type { GoRecord } from './go-record.ts';

/** The database of the Go llamactl since its version 0.14, in its data directory. */
const DATABASE = 'llamactl.db';
/** The first bytes of each SQLite file. */
const HEADER = 'SQLite format 3\0';

/** The database of a data directory of the Go llamactl; `null`: it has none. */
export function databaseIn(folder: string): string | null {
  const file = path.join(folder, DATABASE);
  return existsSync(file) ? file : null;
}

/** Whether a regular file is a database. A pipe is none, because it can be read only once. @throws {Problem} it cannot be read */
export function isDatabase(file: string): boolean {
  if (!statSync(file).isFile()) return false;
  const bytes = Buffer.alloc(HEADER.length);
  try {
    const descriptor = openSync(file, 'r');
    try {
      readSync(descriptor, bytes, 0, bytes.length, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw new Problem(`cannot read ${file}: ${errorWords(error)}`, EXIT.usage);
  }
  return bytes.toString('latin1') === HEADER;
}

/** An instance in a database, or why it cannot be read. */
type DatabaseRow = GoRecord | { file: string; why: string };

/** The instances in a database of the Go llamactl. Also while that program runs. @throws {Problem} it cannot be read */
export async function databaseRows(file: string): Promise<DatabaseRow[]> {
  const { foreignRows } = await import('@llamactl/server/main');
  let rows: ReturnType<typeof foreignRows>;
  try {
    rows = foreignRows(file, 'SELECT name, options_json FROM instances ORDER BY name');
  } catch (error) {
    throw new Problem(`${file} is no database of the Go llamactl: ${errorWords(error)}`, EXIT.usage);
  }
  return rows.map(({ name, options_json: text }) => {
    const options = optionsIn(text);
    return options === null
      ? { file: String(name), why: 'its settings in the database are damaged' }
      : { name: String(name), options };
  });
}

/** The settings of a row; `null`: they are damaged. */
function optionsIn(text: unknown): GoRecord['options'] | null {
  try {
    const options: unknown = JSON.parse(String(text));
    return isRecord(options) ? options : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
