import { readFile } from 'node:fs/promises';
import { EXIT } from './exit-status.ts';
import { Problem } from './problem.ts';
import type { Terminal } from './terminal.ts';

/** As much of a session as is needed. */
interface InputSession {
  terminal: Pick<Terminal, 'readInput'>;
  signal: AbortSignal;
}

/** What stands in a file; `-`: in standard input. @throws {Problem} when it cannot be read */
export async function inputText({ terminal, signal }: InputSession, file: string): Promise<string> {
  if (file === '-') return terminal.readInput(signal);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Problem(`cannot read ${file}: ${causeOf(error)}`, EXIT.usage);
  }
}

/** An object in JSON. @throws {Problem} when it is something else */
export async function inputObject(session: InputSession, file: string): Promise<object> {
  const text = await inputText(session, file);
  const where = file === '-' ? 'standard input' : file;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Problem(`${where} is not JSON: ${error instanceof Error ? error.message : String(error)}`, EXIT.usage);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new Problem(`${where} must hold one JSON object`, EXIT.usage);
}

const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'it may not be read',
  EISDIR: 'it is a folder',
};

/** Of an error of the file system, in words. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return CAUSES[code] ?? error.message;
}
