import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';

/**
 * Reads rows of another program's SQLite database, and changes nothing in it. Rows of its write-ahead log count, also while
 * the program runs. Throws when the file is no such database, is damaged or lacks the table.
 *
 * @param query One `SELECT`.
 */
export function foreignRows(file: string, query: string): Record<string, SQLOutputValue>[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database.prepare(query).all();
  } finally {
    database.close();
  }
}
