import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { encodeGguf } from './gguf-file.ts';
import type { GgufTensor, GgufValue } from './gguf-file.ts';
import { publishFile } from './publish-file.ts';
import { makeWorkFolder } from './work-folder.ts';

/** The demo model's answer to every prompt. */
export const DEMO_SENTENCE = 'Hello from the llamactl demo model; it always says this one sentence, then it stops.';

export interface DemoModelOptions {
  /** Another answer: words with single spaces between them. */
  sentence?: string;
}

/**
 * Writes the demo model: a real model file of 2 MB that llama-server loads and samples from in some 20 ms, and that
 * answers with one sentence. For machines that cannot download a model, and for tests that need a fixed answer. Creates
 * the folder, and replaces an older `file` atomically.
 *
 * @throws {RangeError} for a sentence with other whitespace than single spaces between words
 */
export async function writeDemoModel(file: string, options: DemoModelOptions = {}): Promise<void> {
  const bytes = demoModelBytes(options);
  await using work = await makeWorkFolder(path.resolve(file));
  const finished = path.join(work.path, 'model');
  await writeFile(finished, bytes);
  await publishFile(finished, path.resolve(file));
}

/** The demo model's bytes; always the same for the same sentence. */
export function demoModelBytes({ sentence = DEMO_SENTENCE }: DemoModelOptions = {}): Buffer {
  const vocabulary = makeVocabulary(splitSentence(sentence));
  return encodeGguf(makeMetadata(vocabulary), makeTensors(vocabulary));
}

/**
 * Splits a sentence into the tokens that the model emits in order. A model without attention knows only its last token,
 * so every token must be unique. A repeated word forms one token with the next word ("it stops."), or at the end with
 * the word before.
 */
export function splitSentence(sentence: string): string[] {
  const words = sentence.match(/ ?[^ ]+/g) ?? [];
  if (words.join('') !== sentence || sentence === '' || sentence.startsWith(' ')) {
    throw new RangeError('the sentence of a demo model must be words with single spaces between them');
  }
  const pieces = new Set<string>();
  let piece = '';
  for (const word of words) {
    piece += word;
    if (pieces.has(piece)) continue;
    pieces.add(piece);
    piece = '';
  }
  const result = [...pieces];
  // a repetition at the very end joins the tokens before it until the result is unique
  while (piece !== '') {
    piece = `${result.pop() ?? ''}${piece}`;
    if (result.includes(piece)) continue;
    result.push(piece);
    piece = '';
  }
  return result;
}

interface Vocabulary {
  tokens: string[];
  types: number[];
  /** Index of the sentence's first token; its tokens are the last ones. */
  sentenceStart: number;
}

/** Token types of llama.cpp. */
const TYPE = { normal: 1, unknown: 2, control: 3, byte: 6 };
const UNKNOWN = 0;
const BEGIN = 1;
const END = 2;

/** Three special tokens, one for every byte (so that any prompt can be encoded), and the sentence. */
function makeVocabulary(pieces: readonly string[]): Vocabulary {
  const special = ['<unk>', '<s>', '</s>'];
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  return {
    // sentencepiece writes a space as U+2581
    tokens: [...special, ...bytes, ...pieces.map((piece) => piece.replaceAll(' ', '\u2581'))],
    types: [TYPE.unknown, TYPE.control, TYPE.control, ...bytes.map(() => TYPE.byte), ...pieces.map(() => TYPE.normal)],
    sentenceStart: special.length + bytes.length,
  };
}

const HEADS = 4;
const FEED_FORWARD = 32;
const CONTEXT = 2048;
const TEMPLATE = '{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}assistant:';

/** One dimension for each token, rounded up to ggml's block size. */
function embeddingLength(vocabulary: Vocabulary): number {
  return Math.ceil(vocabulary.tokens.length / 32) * 32;
}

function makeMetadata(vocabulary: Vocabulary): Map<string, GgufValue> {
  const { tokens, types } = vocabulary;
  const embedding = embeddingLength(vocabulary);
  const number = (value: number): GgufValue => ({ type: 'uint32', value });
  const text = (value: string): GgufValue => ({ type: 'string', value });
  return new Map<string, GgufValue>([
    ['general.architecture', text('llama')],
    ['general.name', text('llamactl demo')],
    ['llama.context_length', number(CONTEXT)],
    ['llama.embedding_length', number(embedding)],
    ['llama.block_count', number(1)],
    ['llama.feed_forward_length', number(FEED_FORWARD)],
    ['llama.attention.head_count', number(HEADS)],
    ['llama.attention.head_count_kv', number(HEADS)],
    ['llama.attention.layer_norm_rms_epsilon', { type: 'float32', value: 1e-5 }],
    ['llama.rope.dimension_count', number(embedding / HEADS)],
    ['llama.vocab_size', number(tokens.length)],
    ['tokenizer.ggml.model', text('llama')],
    ['tokenizer.ggml.tokens', { type: 'strings', value: tokens }],
    ['tokenizer.ggml.scores', { type: 'float32s', value: tokens.map(() => 0) }],
    ['tokenizer.ggml.token_type', { type: 'int32s', value: types }],
    ['tokenizer.ggml.unknown_token_id', number(UNKNOWN)],
    ['tokenizer.ggml.bos_token_id', number(BEGIN)],
    ['tokenizer.ggml.eos_token_id', number(END)],
    ['tokenizer.chat_template', text(TEMPLATE)],
  ]);
}

/** Logit of the right token above all others. At e^20 to 1, no usual temperature produces another token. */
const CERTAINTY = 20;

/**
 * One layer that does nothing: attention and feed-forward are zero, so it passes its input on. The input embedding
 * gives each token its own dimension, and the output matrix is a table of which token follows which.
 */
function makeTensors(vocabulary: Vocabulary): GgufTensor[] {
  const count = vocabulary.tokens.length;
  const width = embeddingLength(vocabulary);
  const zeros = (name: string, ...dimensions: number[]): GgufTensor => ({
    name,
    dimensions,
    data: new Float32Array(dimensions.reduce((product, dimension) => product * dimension, 1)),
  });
  const ones = (name: string): GgufTensor => ({ name, dimensions: [width], data: new Float32Array(width).fill(1) });

  const entrance = zeros('token_embd.weight', width, count);
  const exit = zeros('output.weight', width, count);
  for (let token = 0; token < count; token += 1) {
    entrance.data[token * width + token] = 1;
    // the norm before the output scales the single 1 among `width` dimensions to √width
    exit.data[follower(token, vocabulary) * width + token] = CERTAINTY / Math.sqrt(width);
  }
  return [
    entrance,
    ones('output_norm.weight'),
    exit,
    ones('blk.0.attn_norm.weight'),
    zeros('blk.0.attn_q.weight', width, width),
    zeros('blk.0.attn_k.weight', width, width),
    zeros('blk.0.attn_v.weight', width, width),
    zeros('blk.0.attn_output.weight', width, width),
    ones('blk.0.ffn_norm.weight'),
    zeros('blk.0.ffn_gate.weight', width, FEED_FORWARD),
    zeros('blk.0.ffn_up.weight', width, FEED_FORWARD),
    zeros('blk.0.ffn_down.weight', FEED_FORWARD, width),
  ];
}

/**
 * The next token within the sentence, the end token after its last one, and the sentence's first token after anything
 * else (any prompt).
 */
function follower(token: number, { tokens, sentenceStart }: Vocabulary): number {
  if (token < sentenceStart) return sentenceStart;
  return token + 1 < tokens.length ? token + 1 : END;
}
