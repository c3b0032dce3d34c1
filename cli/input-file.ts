import { codeOf, errorWords, reasonOf } from '@llamactl/contract/reason';
import { isRecord } from '@llamactl/contract/record';
import { readFile } from 'node:fs/promises';
import { EXIT } from './exit-status.ts';
import { foreignFile, foreignProblem, sourceName } from './foreign-file.ts';
import { Problem } from './problem.ts';
import type { Terminal } from './screen/terminal.ts';

/** The part of a session that reading input needs. */
interface InputSession {
  terminal: Pick<Terminal, 'readInput'>;
  signal: AbortSignal;
}

/** Reads a file, or standard input for `-`. @throws {Problem} when it cannot be read */
export async function inputText({ terminal, signal }: InputSession, file: string): Promise<string> {
  if (file === '-') return terminal.readInput(signal);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Problem(`cannot read ${file}: ${causeOf(error)}`, EXIT.usage);
  }
}

/** The JSON object in the text of a file. @throws {Problem} when it is something else */
export async function objectIn(file: string, text: string): Promise<object> {
  const where = sourceName(file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw (await foreignFile(file, text)) ?? new Problem(`${where} is not JSON: ${reasonOf(error)}`, EXIT.usage);
  }
  const foreign = foreignProblem(file, text, value);
  if (foreign !== null) throw foreign;
  if (isRecord(value)) return value;
  throw new Problem(`${where} must contain one JSON object`, EXIT.usage);
}

const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a folder',
  ENOTDIR: 'it is in a file, not in a folder',
};

/** Describes a file system error in words. */
export function causeOf(error: unknown): string {
  return CAUSES[codeOf(error) ?? ''] ?? errorWords(error);
}
