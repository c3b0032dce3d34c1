/** The extended result code of SQLite (https://sqlite.org/rescode.html); `null`: it is no error of SQLite. */
export function extendedCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null;
  return error.errcode;
}

/** The primary one, which is the low byte of the extended ones; `null`: it is no error of SQLite. */
export function primaryCode(error: unknown): number | null {
  const code = extendedCode(error);
  return code === null ? null : code & 0xff;
}
