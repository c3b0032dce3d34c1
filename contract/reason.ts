/** The message of a caught value. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The system's error code, such as `ENOENT`; `null`: it has none. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** Whether the error has one of these codes of the system. */
export function hasCode(error: unknown, codes: readonly string[]): boolean {
  return codes.includes(codeOf(error) ?? '');
}

/** `EACCES: permission denied, open '/x'`: the code, the words, the operation, and the file if there is one. */
const SYSTEM_ERROR = /^E[A-Z0-9]+: (.+?), [a-z]+(?: '.*)?$/s;

/** The message of an error in words, without the code and the operation of the system. */
export function errorWords(error: unknown): string {
  const message = reasonOf(error);
  const words = SYSTEM_ERROR.exec(message)?.[1] ?? message;
  return words.replace('illegal operation on a directory', 'it is a folder').replace('directory', 'folder');
}

/** The file with which an operation of the system failed; `null`: another error. */
export function fileOf(error: unknown): string | null {
  const isOfSystem = error instanceof Error && 'syscall' in error && 'path' in error;
  return isOfSystem && typeof error.path === 'string' ? error.path : null;
}
