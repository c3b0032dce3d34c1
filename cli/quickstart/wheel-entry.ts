import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';

/** The position of a file in a zip archive. */
interface ZipEntry {
  name: string;
  method: number;
  compressedSize: number;
  /** Offset of its local header. */
  offset: number;
}

const STORED = 0;
const DEFLATED = 8;
const END_SIGNATURE = 0x06_05_4b_50;
const CENTRAL_SIGNATURE = 0x02_01_4b_50;
const LOCAL_SIGNATURE = 0x04_03_4b_50;
const END_LENGTH = 22;
const CENTRAL_LENGTH = 46;
const LOCAL_LENGTH = 30;

/**
 * Writes one entry of a wheel (a zip archive below 4 GB) to `file`, as a stream. The caller verifies the result by its
 * hash, so the archive's own checksums are ignored.
 *
 * @throws {Error} when the archive has no such entry or cannot be understood
 */
export async function extractEntry(archive: string, name: string, file: string, signal?: AbortSignal): Promise<void> {
  await using handle = await open(archive, 'r');
  const entries = await readEntries(handle);
  const entry = entries.find((candidate) => candidate.name === name);
  if (!entry) throw new Error(`the wheel has no ${name}`);
  if (entry.method !== STORED && entry.method !== DEFLATED) {
    throw new Error(`the wheel's ${name} has an unsupported compression method (${entry.method})`);
  }
  // the local header repeats the name, with an extra field of its own length
  const local = await read(handle, entry.offset, LOCAL_LENGTH);
  if (local.readUInt32LE(0) !== LOCAL_SIGNATURE) throw new Error('the wheel is damaged');
  const start = entry.offset + LOCAL_LENGTH + local.readUInt16LE(26) + local.readUInt16LE(28);
  const source = handle.createReadStream({ start, end: start + entry.compressedSize - 1, autoClose: false });
  const target = createWriteStream(file);
  const options = signal ? { signal } : {};
  if (entry.method === STORED) await pipeline(source, target, options);
  else await pipeline(source, createInflateRaw(), target, options);
}

async function readEntries(handle: FileHandle): Promise<ZipEntry[]> {
  const { size } = await handle.stat();
  // the end record is last, except for a comment of at most 64 KiB
  const tailLength = Math.min(size, END_LENGTH + 0xff_ff);
  const tail = await read(handle, size - tailLength, tailLength);
  let end = tailLength - END_LENGTH;
  while (end >= 0 && tail.readUInt32LE(end) !== END_SIGNATURE) end -= 1;
  if (end < 0) throw new Error('the wheel is not a zip archive, or is truncated');
  const count = tail.readUInt16LE(end + 10);
  const directory = await read(handle, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));

  const entries: ZipEntry[] = [];
  let at = 0;
  while (entries.length < count) {
    if (at + CENTRAL_LENGTH > directory.length || directory.readUInt32LE(at) !== CENTRAL_SIGNATURE) {
      throw new Error('the wheel is damaged');
    }
    const nameLength = directory.readUInt16LE(at + 28);
    entries.push({
      name: directory.toString('utf8', at + CENTRAL_LENGTH, at + CENTRAL_LENGTH + nameLength),
      method: directory.readUInt16LE(at + 10),
      compressedSize: directory.readUInt32LE(at + 20),
      offset: directory.readUInt32LE(at + 42),
    });
    at += CENTRAL_LENGTH + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/** Reads a part of the file. The length comes from the file, and Node 24 aborts the process when it exceeds 31 bits. */
async function read(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { size } = await handle.stat();
  if (position + length > size) throw new Error('the wheel is truncated');
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead < length) throw new Error('the wheel is truncated');
  return buffer;
}
