import { codeOf, errorWords } from '@llamactl/contract/reason';
import { closeSync, constants, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';

/** Size in bytes above which a start rotates the log. Nothing rotates it while a server writes to it. */
const LONGEST = 10_000_000;
/** Longest failure message that is read back. Bytes. */
const MESSAGE = 64 * 1024;

/** The file for the output of servers that run in the background: one for each data directory. */
export function serverLogIn(dataDirectory: string): string {
  return path.join(dataDirectory, 'server.log');
}

/** A log that one server writes to. */
export class ServerLog {
  readonly descriptor: number;
  /** The output of earlier servers is before this position. */
  readonly #begin: number;

  /**
   * Opens the log, and makes the data directory if it is missing. Both are private to this user.
   *
   * @param makeFolder Makes a folder that may exist.
   * @throws {Problem} when it cannot be written
   */
  constructor(file: string, makeFolder: (folder: string) => void) {
    try {
      makeFolder(path.dirname(file));
      if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LONGEST) renameSync(file, `${file}.1`);
      const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
      this.descriptor = openSync(file, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
      this.#begin = fstatSync(this.descriptor).size;
    } catch (error) {
      if (codeOf(error) === null) throw error;
      throw new Problem(`the log of the server, ${file}, cannot be written: ${errorWords(error)}`, EXIT.failed, [
        'choose another data directory with --data-dir, or run llamactl serve',
      ]);
    }
  }

  close(): void {
    closeSync(this.descriptor);
  }

  /** The message with which the server ended, line by line without indentation; empty: it left none. */
  failure(): string[] {
    const lines = this.#read().trimEnd().split('\n');
    const from = lines.findLastIndex((line) => line.startsWith(PREFIX));
    if (from === -1) return [];
    return lines.slice(from).map((line) => (line.startsWith(PREFIX) ? line.slice(PREFIX.length) : line.trim()));
  }

  #read(): string {
    const { size } = fstatSync(this.descriptor);
    const from = Math.max(this.#begin, size - MESSAGE);
    const text = Buffer.alloc(Math.max(0, size - from));
    return text.toString('utf8', 0, readSync(this.descriptor, text, 0, text.length, from));
  }
}

/** Begins the last message of a program that failed. */
const PREFIX = 'llamactl: ';
