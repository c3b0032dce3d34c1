import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, errorWords, hasCode } from '@llamactl/contract/reason';
import { isRecord } from '@llamactl/contract/record';
import { ByteRanges, type ByteRange } from './byte-ranges.ts';

/** A file that is being downloaded, and where it gets its name when it is whole. */
export interface PartialFileOptions {
  /** Absolute; its folder exists. The partial file lies beside it, with the ending {@link PARTIAL}. */
  target: string;
  /** Of the whole file, in bytes. */
  size: number;
  /** Says what the bytes are: the sha256 of the file, else its name in the cache. Another content starts over. */
  content: string;
  /** The data directory that downloads it: two servers may share a cache. */
  owner: string;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Ending of a partial file. Its record has `.json` after that. */
export const PARTIAL = '.llamactl';

/** A record of another owner that is younger than this belongs to a download under way, which renews it more often. */
const FOREIGN_MS = 60_000;

/** Writing or recording failed on this machine; the cause is an error of the system. */
export class PartialFault extends Error {
  override readonly name = 'PartialFault';

  constructor(cause: unknown) {
    super(`The file cannot be written: ${errorWords(cause)}.`, { cause });
  }
}

/** Another server downloads the file. */
export class ForeignPartial extends Error {
  override readonly name = 'ForeignPartial';
}

interface PartialRecord {
  ranges: ByteRange[];
  /** Of the answer with the first byte; `null`: it had none. */
  etag: string | null;
}

/**
 * The partial file of a download, which has its full length at once (sparse), and the record of the ranges that are in it. The
 * record is written after the bytes, so it never claims a byte that a crash could take away.
 */
export class PartialFile {
  etag: string | null;
  #ranges: ByteRanges;
  readonly #options: PartialFileOptions;
  readonly #handle: FileHandle;

  private constructor(options: PartialFileOptions, handle: FileHandle, { ranges, etag }: PartialRecord) {
    this.#options = options;
    this.#handle = handle;
    this.#ranges = new ByteRanges(ranges);
    this.etag = etag;
  }

  /** The parts that are there. */
  get ranges(): ByteRanges {
    return this.#ranges;
  }

  /**
   * Opens the partial file of an earlier attempt, or a new one.
   *
   * @throws {ForeignPartial} another server downloads it
   * @throws {Error} of the system; or with a sentence: it is no plain file
   */
  static async open(options: PartialFileOptions): Promise<PartialFile> {
    const file = options.target + PARTIAL;
    const record = await readRecord(options);
    const handle = await open(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    try {
      const found = await handle.stat();
      if (!found.isFile() || found.nlink !== 1) throw new Error(`${file} is not a plain file of its own`);
      await handle.chmod(0o600);
      const isThere = record !== null && (record.ranges.at(-1)?.to ?? 0) <= found.size;
      if (!isThere) await handle.truncate(0);
      return new PartialFile(options, handle, isThere ? record : { ranges: [], etag: null });
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get missing(): number {
    return this.#options.size - this.ranges.bytes;
  }

  /** Forgets all bytes and their tag. No write may be under way. @throws {PartialFault} */
  async startOver(): Promise<void> {
    this.#ranges = new ByteRanges();
    this.etag = null;
    try {
      await this.#handle.truncate(0);
    } catch (error) {
      throw new PartialFault(error);
    }
  }

  /** Writes bytes, which then count as there. @throws {PartialFault} */
  async write(chunks: readonly Buffer[], position: number): Promise<void> {
    let from = position;
    let left = [...chunks];
    try {
      while (left.length > 0) {
        const { bytesWritten } = await this.#handle.writev(left, from);
        this.#ranges.add({ from, to: from + bytesWritten });
        from += bytesWritten;
        left = unwritten(left, bytesWritten);
      }
    } catch (error) {
      throw new PartialFault(error);
    }
  }

  /** Records the ranges that are there, durably. @throws {PartialFault} */
  async record(): Promise<void> {
    try {
      await this.#record();
    } catch (error) {
      throw new PartialFault(error);
    }
  }

  async #record(): Promise<void> {
    const { size, content, owner } = this.#options;
    const record = { version: 1, size, content, owner, etag: this.etag, ranges: [...this.ranges.list()] };
    await this.#handle.datasync();
    const draft = `${this.#recordFile}.new`;
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
    const handle = await open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    try {
      await handle.writeFile(JSON.stringify(record));
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(draft, this.#recordFile);
  }

  /** The content of the whole file, in order. */
  async *read(): AsyncGenerator<Buffer> {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (let position = 0; position < this.#options.size;) {
      const { bytesRead } = await this.#handle.read(buffer, 0, READ_BYTES, position);
      if (bytesRead === 0) throw new Error(`${this.#file} is shorter than ${this.#options.size} bytes`);
      yield buffer.subarray(0, bytesRead);
      position += bytesRead;
    }
  }

  /**
   * Gives the whole file its name, and replaces a file of another program that has the name: that may have other bytes.
   *
   * @returns whether the file with the name is this one; no: another server has taken the partial file away
   */
  async publish(mode: number): Promise<boolean> {
    const { target } = this.#options;
    await this.#handle.chmod(mode);
    await this.#handle.sync();
    try {
      if (await this.#isAt(this.#file)) await rename(this.#file, target);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    if (!(await this.#isAt(target))) return false;
    await rm(this.#recordFile, { force: true });
    await syncFolder(path.dirname(target));
    return true;
  }

  /** Whether a path leads to the file that is open here. */
  async #isAt(file: string): Promise<boolean> {
    const own = await this.#handle.stat({ bigint: true });
    try {
      const found = await lstat(file, { bigint: true });
      return found.ino === own.ino && found.dev === own.dev;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** Removes the partial file and its record. Call {@link close} too. */
  async discard(): Promise<void> {
    await removePartial(this.#options.target);
  }

  get #file(): string {
    return this.#options.target + PARTIAL;
  }

  get #recordFile(): string {
    return `${this.#file}.json`;
  }
}

const READ_BYTES = 1024 * 1024;

/** Removes the partial file of a target, if there is one. */
export async function removePartial(target: string): Promise<void> {
  for (const ending of ['.json.new', '.json', '']) await rm(target + PARTIAL + ending, { force: true });
}

type PartialPlace = Pick<PartialFileOptions, 'target' | 'owner' | 'now'>;

/** Removes the partial file of a target, unless another server downloads it. */
export async function removeOwnPartial({ target, owner, now }: PartialPlace): Promise<void> {
  const found = await ownerOf(target);
  if (found !== null && found !== owner && now() - (await recordedAt(target)) < FOREIGN_MS) return;
  await removePartial(target);
}

/** Whether the partial file of this server is the finished file too: a crash left its second name. */
export async function isPublished({ target, owner }: Omit<PartialPlace, 'now'>): Promise<boolean> {
  if ((await ownerOf(target)) !== owner) return false;
  const [partial, finished] = await Promise.all([inodeOf(target + PARTIAL), inodeOf(target)]);
  return partial !== null && partial === finished;
}

/** `null`: there is no record, or none that names its owner. */
async function ownerOf(target: string): Promise<string | null> {
  const record = parsed(await textOf(target));
  return isRecord(record) && typeof record['owner'] === 'string' ? record['owner'] : null;
}

/** Milliseconds since the epoch; `-Infinity`: the record has gone. */
async function recordedAt(target: string): Promise<number> {
  const found = await lstatOf(`${target}${PARTIAL}.json`);
  return found === null ? -Infinity : Number(found.mtimeMs);
}

async function inodeOf(file: string): Promise<bigint | null> {
  return (await lstatOf(file))?.ino ?? null;
}

async function lstatOf(file: string): Promise<BigIntStats | null> {
  try {
    return await lstat(file, { bigint: true });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Bytes of a target that its partial file has; 0: it has none. */
export async function partialBytes(options: Pick<PartialFileOptions, 'target' | 'size' | 'content'>): Promise<number> {
  const record = recordIn(await textOf(options.target), options);
  return record === null ? 0 : new ByteRanges(record.ranges).bytes;
}

/** The record of an earlier attempt; `null`: none that fits. */
async function readRecord(options: PartialFileOptions): Promise<PartialRecord | null> {
  const text = await textOf(options.target);
  const record = recordIn(text, options);
  if (record === null || record.owner === options.owner) return record;
  const { mtimeMs } = await stat(`${options.target}${PARTIAL}.json`);
  if (options.now() - mtimeMs < FOREIGN_MS) throw new ForeignPartial('Another server downloads this file.');
  return record;
}

async function textOf(target: string): Promise<string> {
  try {
    return await readFile(`${target}${PARTIAL}.json`, {
      encoding: 'utf8',
      flag: constants.O_RDONLY | constants.O_NOFOLLOW,
    });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}

function recordIn(
  text: string,
  { size, content }: Pick<PartialFileOptions, 'size' | 'content'>,
): (PartialRecord & { owner: unknown }) | null {
  const record = parsed(text);
  if (!isRecord(record) || record['version'] !== 1) return null;
  if (record['size'] !== size || record['content'] !== content || !Array.isArray(record['ranges'])) return null;
  const ranges = record['ranges'].filter((range): range is ByteRange => isRange(range, size));
  if (ranges.length !== record['ranges'].length) return null;
  const { etag, owner } = record;
  return { ranges, etag: typeof etag === 'string' ? etag : null, owner };
}

/** `undefined`: no JSON. A crash of the machine may leave an empty file. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRange(value: unknown, size: number): boolean {
  if (!isRecord(value)) return false;
  const { from, to } = value;
  return Number.isSafeInteger(from) && Number.isSafeInteger(to) && 0 <= Number(from) && Number(to) <= size;
}

/** The part of some buffers after their first `count` bytes. */
function unwritten(chunks: readonly Buffer[], count: number): Buffer[] {
  let skipped = count;
  return chunks.flatMap((chunk) => {
    const rest = chunk.subarray(Math.min(skipped, chunk.length));
    skipped -= chunk.length - rest.length;
    return rest.length === 0 ? [] : [rest];
  });
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } catch (error) {
    // Some filesystems cannot sync folders.
    if (!hasCode(error, ['EINVAL', 'ENOTSUP', 'EISDIR'])) throw error;
  } finally {
    await handle.close();
  }
}
