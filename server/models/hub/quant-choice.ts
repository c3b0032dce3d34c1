import type { RemoteFile } from '../downloads/model-source.ts';
import { quantizationIn } from '../model-facts.ts';
import { ggufStem, isQuantTag } from './model-reference.ts';

/** A file that belongs to a model: the projector for images, or a small model that guesses ahead. */
export interface RemoteCompanion {
  kind: 'projector' | 'draft';
  file: RemoteFile;
}

/** One of the models in a repository: usually the same weights in another quantisation. */
export interface RemoteQuant {
  /** Names it after the colon of a reference. `null`: the repository has one model, which is not in GGUF files. */
  tag: string | null;
  /** `Q4_K_M`; `null`: the name of its file has none. */
  quantization: string | null;
  /** Its parts, in order. */
  files: RemoteFile[];
  companions: RemoteCompanion[];
}

/** The part of a name that llama.cpp takes for the quantisation. */
const TAG_IN_NAME = /[-.](\w+)$/;
const PART = /-(\d{5})-of-(\d{5})\.gguf$/i;
const PROJECTOR = /^mmproj|[-_.]mmproj[-_.]/i;
const DRAFT = /^(?:mtp|eagle3?|dflash|dspark|draft)[-_.]/i;
const CALIBRATION = /imatrix/i;
/** The choice without a tag, as llama.cpp has it. */
const USUAL = ['Q4_K_M', 'Q8_0'];
/** Files beside safetensors that engines need. No code, no pickled weights. */
const BESIDE_SAFETENSORS = /\.(?:safetensors|json|jinja)$|^(?:tokenizer\.model|merges\.txt|vocab\.txt)$/i;

/**
 * The models in a list of files, in the order of their paths: split files as one, each with the projector and the drafts that
 * suit it. Models with missing parts, or that no tag can name, are left out. Other files are ignored, also `preset.ini`, whose options come from a stranger.
 */
export function quantsOf(files: readonly RemoteFile[]): RemoteQuant[] {
  const sorted = files.toSorted((one, other) => compare(one.path, other.path));
  const companions = sorted.flatMap((file) => {
    const kind = companionKind(file);
    return kind === null ? [] : [{ kind, file }];
  });
  const weights = sorted.filter((file) => isWeights(file) && companionKind(file) === null);
  const groups = [...Map.groupBy(weights, groupOf).values()].filter(isWhole);
  const stems = groups.map(([first]) => stemOf(first));
  const quants = groups.flatMap((parts, index) => {
    const tag = tagOf(index, stems);
    if (tag === null) return [];
    const quantization = quantizationIn(stems[index] ?? '');
    return [{ tag, quantization, files: parts, companions: companionsOf(parts[0], companions) }];
  });
  return quants.length > 0 ? quants : safetensorsOf(sorted);
}

/** The quant that a tag names, in any case; without a tag the usual one. `null`: none has this name. */
export function chooseQuant(quants: readonly RemoteQuant[], tag: string | null): RemoteQuant | null {
  if (tag === null) {
    const usual = USUAL.map((name) => quants.find(({ quantization }) => quantization === name));
    return usual.find((quant) => quant !== undefined) ?? quants[0] ?? null;
  }
  return quants.find(({ files: [first] }) => first !== undefined && isCalled(tag, stemOf(first))) ?? null;
}

/** Whether a stem is the tag, or ends with it after a dash or dot: `Qwen3-8B-UD-Q4_K_XL` is called `UD-Q4_K_XL`. */
function isCalled(tag: string, stem: string): boolean {
  const [wanted, name] = [tag.toLowerCase(), stem.toLowerCase()];
  return name === wanted || name.endsWith(`-${wanted}`) || name.endsWith(`.${wanted}`);
}

/** The shortest tag that names this stem and none before it. `null`: none does, as for the same name in another folder. */
function tagOf(index: number, stems: readonly string[]): string | null {
  const stem = stems[index] ?? '';
  for (let cut = TAG_IN_NAME.exec(stem)?.index ?? -1; ; cut = lastBreak(stem, cut)) {
    const tag = stem.slice(cut + 1);
    if (isQuantTag(tag) && stems.findIndex((other) => isCalled(tag, other)) === index) return tag;
    if (cut < 0) return null;
  }
}

/** The last dash or dot before a position; -1: none. */
function lastBreak(text: string, before: number): number {
  return before === 0 ? -1 : Math.max(text.lastIndexOf('-', before - 1), text.lastIndexOf('.', before - 1));
}

function companionKind({ path }: RemoteFile): RemoteCompanion['kind'] | null {
  const name = nameOf(path);
  if (ggufStem(name) === null) return null;
  if (PROJECTOR.test(name)) return 'projector';
  return DRAFT.test(name) ? 'draft' : null;
}

/** The best projector and the best draft for a model: of the nearest folder, then of the nearest bit width. */
function companionsOf(model: RemoteFile | undefined, all: readonly RemoteCompanion[]): RemoteCompanion[] {
  if (model === undefined) return [];
  const rank = ({ file }: RemoteCompanion): [number, number] => [distance(model.path, file.path), bitGap(model, file)];
  return (['projector', 'draft'] as const).flatMap((kind) => {
    const candidates = all
      .filter((companion) => companion.kind === kind && !PART.test(companion.file.path))
      .map((companion) => ({ companion, rank: rank(companion) }))
      .toSorted((one, other) => one.rank[0] - other.rank[0] || one.rank[1] - other.rank[1]);
    return candidates.slice(0, 1).map(({ companion }) => companion);
  });
}

/** How many folders lie between two files. */
function distance(one: string, other: string): number {
  const [left, right] = [one.split('/').slice(0, -1), other.split('/').slice(0, -1)];
  const split = left.findIndex((name, index) => name !== right[index]);
  const shared = split === -1 ? left.length : split;
  return left.length + right.length - 2 * shared;
}

function bitGap(one: RemoteFile, other: RemoteFile): number {
  return Math.abs(bitsOf(one) - bitsOf(other));
}

/** Bits of a weight, by the name: 4 of `Q4_K_M`, 16 of `BF16`. Unknown counts as 16, because projectors usually are. */
function bitsOf(file: RemoteFile): number {
  return Number(/\d+/.exec(quantizationIn(stemOf(file)) ?? '')?.[0] ?? 16);
}

function safetensorsOf(files: readonly RemoteFile[]): RemoteQuant[] {
  const own = files.filter(({ path }) => !path.includes('/') && BESIDE_SAFETENSORS.test(path));
  const isModel =
    own.some(({ path }) => path === 'config.json') && own.some(({ path }) => /\.safetensors$/i.test(path));
  return isModel ? [{ tag: null, quantization: null, files: own, companions: [] }] : [];
}

function isWeights({ path }: RemoteFile): boolean {
  const name = nameOf(path);
  return ggufStem(name) !== null && !CALIBRATION.test(name);
}

/** The same for the parts of one model. */
function groupOf({ path }: RemoteFile): string {
  return path.replace(PART, '-of-$2');
}

/** Whether no part is missing. */
function isWhole(parts: readonly RemoteFile[]): boolean {
  const [, , total] = PART.exec(parts[0]?.path ?? '') ?? [];
  return total === undefined || parts.length === Number(total);
}

function stemOf(file: RemoteFile | undefined): string {
  return ggufStem(nameOf(file?.path ?? '')) ?? '';
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
