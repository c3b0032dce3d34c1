import { codeOf, hasCode, reasonOf } from '@llamactl/contract/reason';
import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import path from 'node:path';

/** Bytes read from the start of a file: an ELF header, or the longest `#!` line that the kernel reads. */
const HEAD_BYTES = 256;
const ELF_MAGIC = '\u007FELF';

/**
 * Finds the absolute path of a program: `command` itself, relative to the working directory, or in the folders of `searchPath`.
 *
 * @throws {Error} a reason for people that names the file, when no program can be run
 */
export async function findExecutable(command: string, searchPath: string): Promise<string> {
  if (command.includes('/')) {
    const file = path.resolve(command);
    const objection = await objectionTo(file);
    if (objection !== null) throw new Error(objection);
    return file;
  }
  let firstObjection: string | null = null;
  for (const folder of searchPath.split(path.delimiter)) {
    const file = path.resolve(folder, command);
    if (command === '' || folder === '' || (await isMissing(file))) continue;
    const objection = await objectionTo(file);
    if (objection === null) return file;
    firstObjection ??= objection;
  }
  throw new Error(
    firstObjection ?? `${command || 'a command without a name'} was not found on the PATH (${foldersOf(searchPath)})`,
  );
}

/** Says how many folders a search path has. Their names would fill several lines of each message. */
function foldersOf(searchPath: string): string {
  const number = searchPath.split(path.delimiter).filter((folder) => folder !== '').length;
  return number === 1 ? '1 folder' : `${number} folders`;
}

/** Returns why a file cannot be run, in one sentence; `null`: it seems runnable. */
async function objectionTo(file: string): Promise<string | null> {
  try {
    const status = await stat(file);
    if (status.isDirectory()) return `${file} is a folder, not a program`;
    if (!status.isFile()) return `${file} is not a regular file`;
    await access(file, constants.X_OK);
  } catch (error) {
    return problemOf(file, error);
  }
  return formatProblem(file);
}

/** Checks the format. The shell would not always report a wrong one: some shells run any file as a script, line by line. */
async function formatProblem(file: string): Promise<string | null> {
  let head: string;
  try {
    head = await readHead(file);
  } catch (error) {
    // a program may be executable but not readable
    return codeOf(error) === 'EACCES' ? null : problemOf(file, error);
  }
  if (head.startsWith(ELF_MAGIC)) return null;
  if (!head.startsWith('#!')) return `${file} is not a program for this system: it begins neither as ELF nor with #!`;
  const interpreter = /^#![ \t]*([^\s\0]+)/.exec(head)?.[1];
  if (interpreter === undefined) return `${file} names no interpreter after its #!`;
  return (await isMissing(interpreter)) ? `${file} cannot be run: its interpreter ${interpreter} does not exist` : null;
}

async function readHead(file: string): Promise<string> {
  const handle = await open(file, constants.O_RDONLY);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function isMissing(file: string): Promise<boolean> {
  try {
    await stat(file);
    return false;
  } catch (error) {
    return hasCode(error, ['ENOENT', 'ENOTDIR']);
  }
}

function problemOf(file: string, error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `${file} does not exist`;
    case 'EACCES':
      return `${file} is not executable for this user; \`chmod +x\` makes it so`;
    default:
      return `${file} cannot be checked: ${reasonOf(error)}`;
  }
}
