import { reasonOf } from '@llamactl/contract/reason';

/** `EACCES: permission denied, open '/x'`: the code, the words, the operation, and the file if there is one. */
const SYSTEM_ERROR = /^E[A-Z0-9]+: (.+?), [a-z]+(?: '.*)?$/s;

/** The message of an error in words, without the code and the operation of the system. */
export function errorWords(error: unknown): string {
  const message = reasonOf(error);
  const words = SYSTEM_ERROR.exec(message)?.[1] ?? message;
  return words.replace('illegal operation on a directory', 'it is a folder').replace('directory', 'folder');
}
