/** Returns SQLite's extended result code (https://sqlite.org/rescode.html); `null`: not an error of SQLite. */
export function extendedCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  return error.errcode;
}

/** Returns SQLite's primary result code, the low byte of the extended one; `null`: not an error of SQLite. */
export function primaryCode(error: unknown): number | null {
  const code = extendedCode(error);
  return code === null ? null : code & 0xff;
}

/** SQLITE_BUSY. */
const BUSY = 5;

/** Whether another process holds the lock of the database. */
export function isBusy(error: unknown): boolean {
  return primaryCode(error) === BUSY;
}
