/** A metadata value with its type as GGUF stores it. */
export type GgufValue =
  | { type: 'uint32' | 'float32'; value: number }
  | { type: 'string'; value: string }
  | { type: 'int32s' | 'float32s'; value: readonly number[] }
  | { type: 'strings'; value: readonly string[] };

/** A named matrix of 32-bit floats. */
export interface GgufTensor {
  name: string;
  /** Row length first, as in GGUF; their product is the length of `data`. */
  dimensions: readonly number[];
  data: Float32Array<ArrayBuffer>;
}

const VERSION = 3;
/** Alignment of the tensor data and of each tensor in it; GGUF's default, so it needs no metadata key. */
const ALIGNMENT = 32;
/** Type numbers of the GGUF specification. */
const TYPE_CODES = { uint32: 4, int32: 5, float32: 6, string: 8, array: 9 };
/** ggml's number of the tensor type "32-bit float". */
const TENSOR_FLOAT32 = 0;

/** Encodes a model file in GGUF 3, little-endian: header, metadata, list of tensors, their data. */
export function encodeGguf(metadata: ReadonlyMap<string, GgufValue>, tensors: readonly GgufTensor[]): Buffer {
  const head = [Buffer.from('GGUF'), uint32(VERSION), uint64(tensors.length), uint64(metadata.size)];
  for (const [key, value] of metadata) head.push(string(key), ...typed(value));
  const data: Buffer[] = [];
  let offset = 0;
  for (const tensor of tensors) {
    head.push(string(tensor.name), uint32(tensor.dimensions.length), ...tensor.dimensions.map(uint64));
    head.push(uint32(TENSOR_FLOAT32), uint64(offset));
    const bytes = Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
    data.push(bytes, padding(bytes.length));
    offset += bytes.length + padding(bytes.length).length;
  }
  const headLength = head.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([...head, padding(headLength), ...data]);
}

/** The type and then the bytes of a value; an array also has the type and number of its items. */
function typed(entry: GgufValue): Buffer[] {
  switch (entry.type) {
    case 'uint32':
      return [uint32(TYPE_CODES.uint32), uint32(entry.value)];
    case 'float32':
      return [uint32(TYPE_CODES.float32), float32(entry.value)];
    case 'string':
      return [uint32(TYPE_CODES.string), string(entry.value)];
    case 'int32s':
      return array(TYPE_CODES.int32, entry.value.map(int32));
    case 'float32s':
      return array(TYPE_CODES.float32, entry.value.map(float32));
    default:
      return array(TYPE_CODES.string, entry.value.map(string));
  }
}

function array(itemCode: number, items: readonly Buffer[]): Buffer[] {
  return [uint32(TYPE_CODES.array), uint32(itemCode), uint64(items.length), ...items];
}

function string(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint64(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function padding(length: number): Buffer {
  return Buffer.alloc((ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT);
}
