import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { GgufFault, ggufHeader, PIECE_BYTES, type GgufHeader, type GgufTensor } from './gguf-header.ts';

/** Bytes of `GGUF`, with which every such file begins. */
const MAGIC_BYTES = 4;
/** Most files whose header is kept. */
const MOST_FILES = 128;

/** Reads headers of GGUF files in pieces, each in a turn of its own. Keeps them until the file changes. */
export class GgufHeaders {
  /** By the identity of the file and its last change, least recently used first. */
  readonly #known = new Map<string, GgufHeader | GgufFault>();

  /** @throws {GgufFault} why it cannot be loaded; or the error of the system */
  async read(file: FileHandle): Promise<GgufHeader> {
    const stats = await file.stat({ bigint: true });
    const key = identityOf(stats);
    const found = this.#known.get(key) ?? (await parsed(file, Number(stats.size)));
    this.#known.delete(key);
    this.#known.set(key, found);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_FILES && oldest !== undefined) this.#known.delete(oldest);
    if (found instanceof GgufFault) throw found;
    return found;
  }
}

function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

async function parsed(file: FileHandle, size: number): Promise<GgufHeader | GgufFault> {
  try {
    return await readHeader(file, size);
  } catch (error) {
    if (error instanceof GgufFault) return error;
    throw error;
  }
}

/**
 * Opens a GGUF file and reads its header once.
 *
 * @param wanted Keys of long texts to keep.
 * @param onTensor Gets each tensor.
 * @throws {GgufFault} why it cannot be loaded; or the error of the system
 */
export async function readGgufFile(
  file: string,
  wanted: ReadonlySet<string>,
  onTensor?: (tensor: GgufTensor) => void,
): Promise<GgufHeader> {
  // Never blocks, even if a pipe has replaced the file.
  await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const { size } = await handle.stat();
  if (size < MAGIC_BYTES) throw new GgufFault('is not a GGUF file');
  return await readHeader(handle, size, wanted, onTensor);
}

async function readHeader(
  file: FileHandle,
  size: number,
  wanted?: ReadonlySet<string>,
  onTensor?: (tensor: GgufTensor) => void,
): Promise<GgufHeader> {
  const header = ggufHeader(size, wanted, onTensor);
  const buffer = Buffer.alloc(PIECE_BYTES);
  let step = header.next();
  while (step.done !== true) {
    const { bytesRead } = await file.read(buffer, 0, PIECE_BYTES, step.value);
    step = header.next(buffer.subarray(0, bytesRead));
  }
  return step.value;
}
