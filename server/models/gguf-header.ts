import { HEAD_BYTES, kindOfOtherFile } from './other-files.ts';

/** The largest piece of a file that the parser asks for. It is parsed in one turn, in some milliseconds at most. */
export const PIECE_BYTES = 128 * 1024;
/** Most pieces of one header. The headers of real models have at most some 60. */
const MOST_PIECES = 256;

/** Most bytes of a metadata key, by the specification. */
const LONGEST_KEY = 65_535;
/** Most bytes of a key, and of a text, that is kept. Longer texts are skipped, unless the caller wants them. */
const LONGEST_KEPT = 256;
/** Most bytes of a text that the caller wants, such as the chat template. Those of real models have some 10 kB. */
export const LONGEST_WANTED = 1024 * 1024;
/** Most values that are kept; real models have some 60 besides arrays. */
const MOST_KEPT = 256;
/** Most numbers of a list that is kept, and of all of them. Lists have a number for each layer; tokenizers have longer ones. */
const LONGEST_LIST = 1_024;
const MOST_LISTED = 8_192;
/** Limits of ggml for a tensor. */
const LONGEST_TENSOR_NAME = 255;
const MOST_DIMENSIONS = 4;
/** A piece holds the whole of what comes before the value of an entry, or of a tensor. */
const ENTRY_BYTES = LONGEST_KEY + 32;
const TENSOR_BYTES = LONGEST_TENSOR_NAME + 64;
const DEFAULT_ALIGNMENT = 32;

/** Bytes of the value types of GGUF, by their number; text (8) and arrays (9) have no fixed length. */
const VALUE_BYTES: readonly (number | undefined)[] = [1, 1, 2, 2, 4, 4, 4, 1, undefined, undefined, 8, 8, 8];
const NOTHING: ReadonlySet<string> = new Set();
const TEXT = 8;
const ARRAY = 9;

/** Bytes of a block, and values in it, by the number of ggml's tensor type. */
const BLOCKS: ReadonlyMap<number, readonly [bytes: number, values: number]> = new Map([
  [0, [4, 1]],
  [1, [2, 1]],
  [2, [18, 32]],
  [3, [20, 32]],
  [6, [22, 32]],
  [7, [24, 32]],
  [8, [34, 32]],
  [10, [84, 256]],
  [11, [110, 256]],
  [12, [144, 256]],
  [13, [176, 256]],
  [14, [210, 256]],
  [16, [66, 256]],
  [17, [74, 256]],
  [18, [98, 256]],
  [19, [50, 256]],
  [20, [18, 32]],
  [21, [110, 256]],
  [22, [82, 256]],
  [23, [136, 256]],
  [24, [1, 1]],
  [25, [2, 1]],
  [26, [4, 1]],
  [27, [8, 1]],
  [28, [8, 1]],
  [29, [56, 256]],
  [30, [2, 1]],
  [34, [54, 256]],
  [35, [66, 256]],
  [39, [17, 32]],
  [40, [36, 64]],
  [41, [18, 128]],
  [42, [18, 64]],
]);

/** The header of a GGUF file. Holds less than 250 kB, whatever the file contains. */
export interface GgufHeader {
  version: number;
  /** Numbers and short texts by their key. Arrays and long texts are left out. */
  metadata: ReadonlyMap<string, string | number | boolean>;
  /** Short arrays of numbers by their key, such as one number for each layer; 1 for true. Those of the tokenizer are left out. */
  lists: ReadonlyMap<string, readonly number[]>;
  tensors: number;
  /** Numbers in all tensors, which is the size of the model as people name it: 8e9 of an 8B model. */
  parameters: number;
}

/** A tensor of a GGUF file. */
export interface GgufTensor {
  name: string;
  /** ggml's number of the type. */
  type: number;
  /** Row length first; at most 4. */
  dimensions: readonly number[];
  /** 0 for an unknown type. */
  bytes: number;
}

/** Why a file that begins with `GGUF` cannot be loaded. The message is the end of a sentence about the file. */
export class GgufFault extends Error {
  override readonly name = 'GgufFault';
  /** The header, if only the data behind it is not complete. */
  readonly header: GgufHeader | null;

  constructor(message: string, header: GgufHeader | null = null) {
    super(message);
    this.header = header;
  }
}

/**
 * Parses the header of a file of `size` bytes, and checks that all tensors lie in the file. Yields the offset of each
 * piece that it needs, and expects {@link PIECE_BYTES} bytes from there, or those up to the end of the file. Memory does
 * not depend on the file: no count of the file allocates anything, and it asks for at most 32 MiB in all.
 *
 * @param wanted Keys of long texts to keep, up to {@link LONGEST_WANTED}.
 * @param onTensor Gets each tensor; the header keeps only their number.
 * @throws {GgufFault} and nothing else
 */
export function* ggufHeader(
  size: number,
  wanted: ReadonlySet<string> = NOTHING,
  onTensor: (tensor: GgufTensor) => void = () => undefined,
): Generator<number, GgufHeader, Buffer> {
  const cursor = new Cursor(size);
  yield* cursor.refill();
  if (cursor.uint32() !== 0x46_55_47_47) throw new GgufFault(`is not a GGUF file${kindOfOtherFile(cursor.head)}`);
  const version = readableVersion(cursor.uint32());
  const tensors = cursor.uint64();
  const entries = cursor.uint64();
  const metadata = new Map<string, string | number | boolean>();
  const lists = new Map<string, readonly number[]>();
  let listed = 0;
  for (let index = 0; index < entries; index += 1) {
    if (!cursor.has(ENTRY_BYTES)) yield* cursor.refill();
    const keyBytes = cursor.uint64();
    if (keyBytes > LONGEST_KEY) throw damaged();
    const key = cursor.text(keyBytes);
    const value = yield* readValue(cursor, wanted.has(key));
    if (value === null || keyBytes > LONGEST_KEPT) continue;
    if (typeof value !== 'object') {
      if (metadata.size < MOST_KEPT) metadata.set(key, value);
    } else if (listed + value.length <= MOST_LISTED && lists.size < MOST_KEPT && !key.startsWith('tokenizer.')) {
      listed += value.length;
      lists.set(key, value);
    }
  }
  let dataBytes = 0;
  let parameters = 0;
  for (let index = 0; index < tensors; index += 1) {
    if (!cursor.has(TENSOR_BYTES)) yield* cursor.refill();
    const { values, end } = readTensor(cursor, onTensor);
    dataBytes = Math.max(dataBytes, end);
    parameters += values;
  }
  const alignment = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  if (typeof alignment !== 'number' || !isPowerOfTwo(alignment)) throw damaged();
  const end = Math.ceil(cursor.position / alignment) * alignment + dataBytes;
  const header = { version, metadata, lists, tensors, parameters };
  if (tensors > 0 && end > size) throw cutOff(size, end, header);
  return header;
}

function readableVersion(version: number): number {
  // In the other byte order, a small number is a multiple of 65,536.
  if (version !== 0 && version % 65_536 === 0) {
    throw new GgufFault('is big-endian, for machines such as IBM Z; get its little-endian version');
  }
  if (version === 2 || version === 3) return version;
  const way =
    version === 1 ? 'get a newer one of this model' : 'it may need newer versions of llamactl and llama-server';
  throw new GgufFault(`has GGUF version ${version}, but llamactl reads versions 2 and 3; ${way}`);
}

type Value = string | number | boolean | readonly number[];

/** Reads a value, or skips it and returns `null`: a long array, or a long text that is not wanted. */
function* readValue(cursor: Cursor, isWanted: boolean): Generator<number, Value | null, Buffer> {
  const type = cursor.uint32();
  if (type === ARRAY) return yield* readArray(cursor);
  if (type === TEXT) {
    const bytes = cursor.uint64();
    if (bytes > LONGEST_KEPT && isWanted && bytes <= LONGEST_WANTED) return yield* cursor.longText(bytes);
    if (bytes > LONGEST_KEPT) {
      cursor.skip(bytes);
      return null;
    }
    if (!cursor.has(bytes)) yield* cursor.refill();
    return cursor.text(bytes);
  }
  return cursor.number(type);
}

/** Reads a short array of numbers, or skips an array and returns `null`. */
function* readArray(cursor: Cursor): Generator<number, readonly number[] | null, Buffer> {
  const type = cursor.uint32();
  const count = cursor.uint64();
  const bytes = VALUE_BYTES[type];
  if (bytes !== undefined) {
    if (count > LONGEST_LIST) {
      cursor.skip(count * bytes);
      return null;
    }
    if (!cursor.has(count * bytes)) yield* cursor.refill();
    return Array.from({ length: count }, () => Number(cursor.number(type)));
  }
  // ggml has no arrays of arrays.
  if (type !== TEXT) throw damaged();
  for (let left = count; left > 0;) {
    if (!cursor.has(8)) yield* cursor.refill();
    left -= cursor.skipTexts(left);
  }
  return null;
}

/** Reads how many values a tensor has, and where it ends in the data. One of an unknown type counts as empty there. */
function readTensor(cursor: Cursor, onTensor: (tensor: GgufTensor) => void): { values: number; end: number } {
  const nameBytes = cursor.uint64();
  if (nameBytes > LONGEST_TENSOR_NAME) throw damaged();
  const name = cursor.text(nameBytes);
  const count = cursor.uint32();
  if (count > MOST_DIMENSIONS) throw damaged();
  const dimensions = Array.from({ length: count }, () => cursor.uint64());
  const values = dimensions.reduce((product, each) => product * each, 1);
  const type = cursor.uint32();
  const [blockBytes, perBlock] = BLOCKS.get(type) ?? [0, 1];
  const bytes = Math.ceil(values / perBlock) * blockBytes;
  const end = cursor.uint64() + bytes;
  if (!Number.isSafeInteger(end)) throw damaged();
  onTensor({ name, type, dimensions, bytes });
  return { values, end };
}

/** Reads numbers and texts of a piece of the file, little-endian. */
class Cursor {
  readonly #size: number;
  #piece: Buffer = Buffer.alloc(0);
  /** Offset of the piece in the file. */
  #start = 0;
  #pieces = 0;
  /** Offset in the file. */
  position = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Whether the piece has `bytes` more, or ends with the file. */
  has(bytes: number): boolean {
    const end = this.#start + this.#piece.length;
    return this.position + bytes <= end || (end >= this.#size && this.position <= end);
  }

  /** Gets the piece that begins at the cursor. */
  *refill(): Generator<number, void, Buffer> {
    if (this.#pieces >= MOST_PIECES)
      throw new GgufFault('has a header of more than 32 MB, which llamactl does not read');
    this.#pieces += 1;
    this.#start = this.position;
    this.#piece = yield this.position;
  }

  /** The first bytes of the piece. */
  get head(): Buffer {
    return this.#piece.subarray(0, HEAD_BYTES);
  }

  uint32(): number {
    return this.#piece.readUInt32LE(this.#take(4));
  }

  /** No length, count or offset of a real file is larger than a safe integer. */
  uint64(): number {
    const at = this.#take(8);
    const value = this.#piece.readUInt32LE(at + 4) * 2 ** 32 + this.#piece.readUInt32LE(at);
    if (!Number.isSafeInteger(value)) throw damaged();
    return value;
  }

  text(bytes: number): string {
    const at = this.#take(bytes);
    return this.#piece.toString('utf8', at, at + bytes);
  }

  /** A text that may be longer than a piece. */
  *longText(bytes: number): Generator<number, string, Buffer> {
    const parts: Buffer[] = [];
    for (let left = bytes; left > 0;) {
      if (!this.has(1)) yield* this.refill();
      const at = this.position - this.#start;
      const part = this.#piece.subarray(at, at + left);
      if (part.length === 0) throw cutOff(this.#size, null);
      // The next piece overwrites this one.
      parts.push(Buffer.from(part));
      this.position += part.length;
      left -= part.length;
    }
    return Buffer.concat(parts).toString('utf8');
  }

  /** A number or truth value of one of GGUF's types. */
  number(type: number): number | boolean {
    const bytes = VALUE_BYTES[type];
    if (bytes === undefined) throw damaged();
    const at = this.#take(bytes);
    switch (type) {
      case 0:
        return this.#piece.readUInt8(at);
      case 1:
        return this.#piece.readInt8(at);
      case 2:
        return this.#piece.readUInt16LE(at);
      case 3:
        return this.#piece.readInt16LE(at);
      case 4:
        return this.#piece.readUInt32LE(at);
      case 5:
        return this.#piece.readInt32LE(at);
      case 6:
        return this.#piece.readFloatLE(at);
      case 7:
        return this.#piece.readUInt8(at) !== 0;
      case 10:
        return Number(this.#piece.readBigUInt64LE(at));
      case 11:
        return Number(this.#piece.readBigInt64LE(at));
      default:
        return this.#piece.readDoubleLE(at);
    }
  }

  skip(bytes: number): void {
    this.position += bytes;
    if (this.position > this.#size) throw cutOff(this.#size, null);
  }

  /** Skips texts of this piece, at least one. @returns their number */
  skipTexts(most: number): number {
    const last = this.#start + this.#piece.length - 8;
    let skipped = 0;
    do {
      this.skip(this.uint64());
      skipped += 1;
    } while (skipped < most && this.position <= last);
    return skipped;
  }

  /** Offset in the piece of the next `bytes`, which are then behind the cursor. */
  #take(bytes: number): number {
    const at = this.position - this.#start;
    this.skip(bytes);
    if (at + bytes > this.#piece.length) throw cutOff(this.#size, null);
    return at;
  }
}

function isPowerOfTwo(number: number): boolean {
  return Number.isInteger(number) && number > 0 && Number.isInteger(Math.log2(number));
}

function damaged(): GgufFault {
  return new GgufFault('is damaged: its header makes no sense; download it again');
}

/** @param whole Bytes that the file needs; `null`: unknown, because its header is not complete either */
function cutOff(size: number, whole: number | null, header: GgufHeader | null = null): GgufFault {
  const missing = whole === null ? 'and its header is not complete' : `and ${inUnits(whole - size)} are missing`;
  return new GgufFault(`is cut off: it has ${inUnits(size)}, ${missing}; download it again`, header);
}

function inUnits(bytes: number): string {
  const unit = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1_000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  return `${power === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${unit[power]}`;
}
