import type { ModelCapability } from '@llamactl/contract/model';
import type { FileKind, ModelFacts } from './facts-schema.ts';
import type { GgufHeader } from './gguf-header.ts';

/** The key of the chat template, whose text shows what a model can do. */
export const CHAT_TEMPLATE = 'tokenizer.chat_template';
/** The long texts of a header that are read. */
export const WANTED: ReadonlySet<string> = new Set([CHAT_TEMPLATE]);

/** Names of `general.file_type`, by its number in llama.cpp. */
const FILE_TYPES: ReadonlyMap<number, string> = new Map([
  [0, 'F32'],
  [1, 'F16'],
  [2, 'Q4_0'],
  [3, 'Q4_1'],
  [7, 'Q8_0'],
  [8, 'Q5_0'],
  [9, 'Q5_1'],
  [10, 'Q2_K'],
  [11, 'Q3_K_S'],
  [12, 'Q3_K_M'],
  [13, 'Q3_K_L'],
  [14, 'Q4_K_S'],
  [15, 'Q4_K_M'],
  [16, 'Q5_K_S'],
  [17, 'Q5_K_M'],
  [18, 'Q6_K'],
  [19, 'IQ2_XXS'],
  [20, 'IQ2_XS'],
  [21, 'Q2_K_S'],
  [22, 'IQ3_XS'],
  [23, 'IQ3_XXS'],
  [24, 'IQ1_S'],
  [25, 'IQ4_NL'],
  [26, 'IQ3_S'],
  [27, 'IQ3_M'],
  [28, 'IQ2_S'],
  [29, 'IQ2_M'],
  [30, 'IQ4_XS'],
  [31, 'IQ1_M'],
  [32, 'BF16'],
  [36, 'TQ1_0'],
  [37, 'TQ2_0'],
  [38, 'MXFP4'],
]);

/** Architectures that only make embeddings, also without a pooling type. */
const EMBEDDING = /(?:^|-)(?:bert|embedding)(?:-|$)|^t5encoder$/;
/** Pooling types of llama.cpp: 0 none, 1 mean, 2 CLS, 3 last, 4 rank. */
const RANK = 4;

/**
 * A quantisation between separators of a name: `-Q4_K_M`, `.UD-Q4_K_XL`, `-BF16`, and `Q4` at its end. `Q4` within a name is too
 * short to be meant.
 */
const IN_NAME =
  /(?<=^|[-._])(?:UD-)?(?:(?:I?Q[1-8](?:_(?:K(?:SS|S|L|T|V)?|X{0,2}[SL]|M|NL|P|R\d|\d{1,2}))+|TQ[12]_0|MXFP4(?:_MOE)?|NVFP4|BF16|F16|F32)(?=[-._]|$)|I?Q[1-8]$)/gi;

/**
 * Reads the facts of a header.
 *
 * @param stem Name of the file without its ending, and without the number of a part.
 */
export function factsOf({ metadata, parameters }: GgufHeader, stem: string): ModelFacts {
  const architecture = textOf(metadata.get('general.architecture'));
  const kind = kindOf(metadata.get('general.type'), architecture);
  const fileType = metadata.get('general.file_type');
  return {
    kind,
    architecture,
    parameters: parameters === 0 ? null : parameters,
    quantization: quantizationIn(stem) ?? (typeof fileType === 'number' ? (FILE_TYPES.get(fileType) ?? null) : null),
    context: countOf(metadata.get(`${architecture}.context_length`)),
    capabilities:
      kind === 'model'
        ? capabilitiesOf(
            architecture,
            metadata.get(`${architecture}.pooling_type`),
            textOf(metadata.get(CHAT_TEMPLATE)) ?? '',
          )
        : [],
    parts: Math.max(1, countOf(metadata.get('split.count')) ?? 1),
  };
}

/** The last quantisation in the name of a file; `null`: none. People and hubs choose by it, and it is finer than the header. */
export function quantizationIn(stem: string): string | null {
  return stem.match(IN_NAME)?.at(-1)?.toUpperCase() ?? null;
}

function kindOf(type: unknown, architecture: string | null): FileKind {
  if (architecture === 'clip' || type === 'mmproj') return 'projector';
  if (type === 'adapter') return 'adapter';
  return type === undefined || type === 'model' ? 'model' : 'other';
}

function capabilitiesOf(architecture: string | null, pooling: unknown, template: string): ModelCapability[] {
  if (pooling === RANK) return ['rerank'];
  const isForEmbeddings = (typeof pooling === 'number' && pooling > 0) || EMBEDDING.test(architecture ?? '');
  if (isForEmbeddings) return ['embeddings'];
  if (template === '') return [];
  return [
    'chat',
    ...(/\btools\b/.test(template) ? (['tools'] as const) : []),
    ...(/<think>|enable_thinking|reasoning_content|<\|channel\|>/.test(template) ? (['reasoning'] as const) : []),
  ];
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null;
}
