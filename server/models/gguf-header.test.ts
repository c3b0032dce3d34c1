import fc from 'fast-check';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { demoModelBytes } from '../../cli/quickstart/demo-model.ts';
import { encodeGguf, type GgufValue } from '../../cli/quickstart/gguf-file.ts';
import { GgufFault, ggufHeader, PIECE_BYTES, type GgufHeader } from './gguf-header.ts';
import { GgufHeaders } from './gguf-headers.ts';

const DEMO = demoModelBytes();
/** Where the data of the demo model begin, rounded up. */
const DEMO_HEADER = 16_384;

interface Reading {
  header: GgufHeader | GgufFault;
  /** Pieces that the parser asked for. */
  pieces: number;
  /** CPU time of all turns, in milliseconds. */
  cpu: number;
}

/** @param size Of the file; default: that of its bytes. Bytes beyond them are zeros. */
function read(bytes: Buffer, size = bytes.length, pieceBytes = PIECE_BYTES): Reading {
  const parser = ggufHeader(size);
  let pieces = 0;
  let cpu = 0;
  const zeros = Buffer.alloc(pieceBytes);
  const turn = (piece?: Buffer): IteratorResult<number, GgufHeader> => {
    const start = process.threadCpuUsage();
    try {
      return piece === undefined ? parser.next() : parser.next(piece);
    } finally {
      const { user, system } = process.threadCpuUsage(start);
      cpu += (user + system) / 1_000;
    }
  };
  try {
    let step = turn();
    while (step.done !== true) {
      pieces += 1;
      const end = Math.min(size, step.value + pieceBytes);
      const present = bytes.subarray(step.value, end);
      const rest = zeros.subarray(0, end - step.value - present.length);
      step = turn(present.length === 0 ? rest : Buffer.concat([present, rest]));
    }
    return { header: step.value, pieces, cpu };
  } catch (error) {
    if (error instanceof GgufFault) return { header: error, pieces, cpu };
    throw error;
  }
}

function fault(bytes: Buffer, size?: number): string {
  const { header } = read(bytes, size);
  return header instanceof GgufFault ? header.message : 'no fault';
}

/** A header that claims counts, and then has these bytes. */
function claiming(tensors: number, entries: number, ...rest: Buffer[]): Buffer {
  const head = Buffer.alloc(24);
  head.write('GGUF');
  head.writeUInt32LE(3, 4);
  head.writeBigUInt64LE(BigInt(tensors), 8);
  head.writeBigUInt64LE(BigInt(entries), 16);
  return Buffer.concat([head, ...rest]);
}

function uint64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

const text = (value: string): Buffer => Buffer.concat([uint64(value.length), Buffer.from(value)]);

describe('the header of a GGUF file', () => {
  it('has its metadata without arrays, and the number of tensors', () => {
    const { header } = read(DEMO);
    expect(header).toMatchObject({ version: 3, tensors: expect.any(Number) as unknown });
    const { metadata } = header as GgufHeader;
    expect(metadata.get('general.architecture')).toBe('llama');
    expect(metadata.get('llama.context_length')).toBe(2_048);
    expect(metadata.has('tokenizer.ggml.tokens')).toBe(false);
  });

  it('reads a large vocabulary in pieces, with less than 5 ms for each', () => {
    const tokens = Array.from({ length: 65_536 }, (_, index) => `token ${index}`);
    const metadata = new Map<string, GgufValue>([
      ['tokenizer.ggml.tokens', { type: 'strings', value: tokens }],
      ['tokenizer.ggml.merges', { type: 'strings', value: tokens }],
      ['tokenizer.ggml.scores', { type: 'float32s', value: tokens.map(() => 0) }],
      ['tokenizer.chat_template', { type: 'string', value: 'x'.repeat(3_000_000) }],
      ['general.type', { type: 'string', value: 'model' }],
    ]);
    const bytes = encodeGguf(metadata, []);
    read(bytes);
    const { header, pieces, cpu } = read(bytes);
    expect((header as GgufHeader).metadata).toEqual(new Map([['general.type', 'model']]));
    expect(pieces, 'numbers and long texts are not read').toBeLessThan(25);
    expect(cpu / pieces).toBeLessThan(5);
  });

  it('says what is missing of a file that is cut off in its tensors, and only that', () => {
    for (const bytes of [DEMO.length - 1, DEMO_HEADER]) {
      expect(fault(DEMO.subarray(0, bytes))).toMatch(/^is cut off: it has \d[\d.]* \wB, and .* missing; download/);
    }
    expect(fault(DEMO)).toBe('no fault');
  });

  it.each([0, 3, 5, 23, 24, 30, 300, 4_000])('reports a header that is cut off after %i bytes', (bytes) => {
    expect(fault(DEMO.subarray(0, bytes))).toMatch(/^is cut off: it has .* its header is not complete/);
  });

  it('recognises the other byte order', () => {
    const bytes = Buffer.from(DEMO);
    bytes.subarray(4, 8).swap32();
    expect(fault(bytes)).toMatch(/^is big-endian, .*; get its little-endian version$/);
  });

  it.each([
    [1, 'get a newer one'],
    [4, 'newer versions of llamactl'],
    [0, 'has GGUF version 0'],
  ])('names version %i, which it does not read', (version, way) => {
    const bytes = Buffer.from(DEMO);
    bytes.writeUInt32LE(version, 4);
    expect(fault(bytes)).toContain(way);
  });

  it('accepts a tensor type that it does not know', () => {
    const tensor = [text('a'), uint32(1), uint64(32), uint32(999), uint64(0), Buffer.alloc(7)];
    expect(fault(claiming(1, 0, ...tensor))).toBe('no fault');
  });

  it.each<[string, Buffer]>([
    ['a million texts', claiming(0, 1, text('a'), uint32(9), uint32(8), uint64(1_000_000))],
    ['ten million tensors', claiming(10_000_000, 0)],
    ['2⁵³ − 1 entries', claiming(0, Number.MAX_SAFE_INTEGER)],
    ['a text of 2⁶³ bytes', claiming(0, 1, text('a'), uint32(8), uint64(2n ** 63n))],
    ['a key of a gigabyte', claiming(0, 1, uint64(2 ** 30))],
    ['a tensor of 2²⁰⁰ values', claiming(1, 0, text('a'), uint32(4), ...[1, 2, 3, 4].map(() => uint64(2n ** 50n)))],
    ['a tensor of 1000 dimensions', claiming(1, 0, text('a'), uint32(1_000))],
    ['an array of arrays', claiming(0, 1, text('a'), uint32(9), uint32(9), uint64(4))],
    ['a value of an unknown type', claiming(0, 1, text('a'), uint32(77), uint64(4))],
    ['an alignment of 0', claiming(0, 1, text('general.alignment'), uint32(4), uint32(0))],
  ])('refuses a file that claims %s, at once', (_, bytes) => {
    const { header, pieces } = read(Buffer.concat([bytes, Buffer.alloc(64)]));
    expect(header).toBeInstanceOf(GgufFault);
    expect(pieces).toBeLessThan(3);
  });

  it.each<[string, Buffer]>([
    ['empty texts', claiming(0, 1, text('a'), uint32(9), uint32(8), uint64(2 ** 40))],
    ['entries without a name', claiming(0, 2 ** 40)],
    ['empty tensors', claiming(2 ** 40, 0)],
  ])('gives up on a terabyte of %s after 32 MiB', (_, bytes) => {
    const { header, pieces } = read(bytes, 2 ** 40);
    expect(header).toEqual(new GgufFault('has a header of more than 32 MB, which llamactl does not read'));
    expect(pieces).toBeLessThanOrEqual(256);
  });

  it('keeps little of many values, and of long ones', () => {
    const entries = Array.from({ length: 1_000 }, (_, index): [string, GgufValue] => [
      `${index}.${'k'.repeat(index)}`,
      { type: 'string', value: 'v'.repeat(index) },
    ]);
    const { header } = read(encodeGguf(new Map(entries), []));
    const kept = [...(header as GgufHeader).metadata].flat().join('');
    expect(kept.length).toBeLessThan(150_000);
  });

  it('keeps short lists of numbers, up to a limit for all of them', () => {
    const list = (length: number): GgufValue => ({ type: 'int32s', value: Array<number>(length).fill(7) });
    const many = Array.from({ length: 20 }, (_, index): [string, GgufValue] => [`llama.list_${index}`, list(1_000)]);
    const { header } = read(
      encodeGguf(
        new Map([
          ['llama.attention.head_count_kv', { type: 'int32s', value: [4, 0, 4] }],
          ['llama.long', list(1_025)],
          ['tokenizer.ggml.token_type', list(3)],
          ...many,
        ]),
        [],
      ),
    );
    if (header instanceof GgufFault) throw header;
    expect(header.lists.get('llama.attention.head_count_kv')).toEqual([4, 0, 4]);
    expect([...header.lists.keys()].filter((key) => !key.startsWith('llama.list_'))).toEqual([
      'llama.attention.head_count_kv',
    ]);
    expect(header.lists.size).toBe(9);
  });

  it('is the same, however the bytes of a file come', () => {
    for (const piece of [66_000, 70_001, PIECE_BYTES]) {
      expect(read(DEMO, DEMO.length, piece).header).toEqual(read(DEMO).header);
    }
  });

  it('throws nothing but its own fault for damaged bytes, and keeps its limits', () => {
    const head = DEMO.subarray(0, DEMO_HEADER);
    const damage = fc.array(
      fc.tuple(
        fc.nat({ max: head.length - 1 }),
        fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 1, 8, 9, 127, 128, 255)),
      ),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(damage, fc.nat({ max: head.length }), fc.boolean(), (places, length, isCut) => {
        const bytes = Buffer.from(head);
        for (const [at, value] of places) bytes[at] = value;
        const { header, pieces } = read(bytes.subarray(0, isCut ? length : head.length), isCut ? length : DEMO.length);
        expect(pieces).toBeLessThanOrEqual(256);
        if (!(header instanceof GgufFault)) expect(header.metadata.size).toBeLessThanOrEqual(256);
      }),
      { numRuns: 1_000 },
    );
  });

  it('throws nothing but its own fault for any bytes after a valid beginning', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 20 }),
        fc.nat({ max: 20 }),
        fc.uint8Array({ maxLength: 400 }),
        (tensors, entries, rest) => {
          read(claiming(tensors, entries, Buffer.from(rest)));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('the reader of headers', () => {
  it('reads a file like the parser, and again only after a change', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'llamactl-gguf-'));
    const file = path.join(folder, 'a.gguf');
    const headers = new GgufHeaders();
    const readFile = async (): Promise<GgufHeader> => {
      await using handle = await open(file);
      return await headers.read(handle);
    };
    await writeFile(file, DEMO);
    const first = await readFile();
    expect(first).toEqual(read(DEMO).header);
    expect(await readFile()).toBe(first);
    await writeFile(file, DEMO.subarray(0, 100));
    await expect(readFile()).rejects.toThrow(GgufFault);
    await rm(folder, { recursive: true });
  });
});
