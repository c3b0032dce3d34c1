import type { RemoteFile } from '../downloads/model-source.ts';
import { isDraftFolder, isDraftName } from '../draft-names.ts';
import { quantizationIn } from '../model-facts.ts';
import { isQuantTag } from './model-reference.ts';
import { ggufStem, nameOf } from './remote-path.ts';

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

const PART = /-(\d{5})-of-(\d{5})\.(?:gguf|safetensors)$/i;
const PROJECTOR = /^mmproj|[-_.]mmproj(?:[-_.]|$)/i;
const CALIBRATION = /imatrix/i;
/** The choice without a tag, as llama.cpp has it. */
const USUAL = ['Q4_K_M', 'Q8_0'];
/** Files beside safetensors that engines need. No code, no pickled weights. */
const BESIDE_SAFETENSORS = /\.(?:json|jinja)$|^(?:tokenizer\.model|merges\.txt|vocab\.txt)$/i;
const SAFETENSORS = /\.safetensors$/i;
/** The same weights in the form of their author's own program. */
const CONSOLIDATED = /^consolidated\b/i;

/**
 * The models in a list of files, in the order of their paths: split files as one, each with the projector and the draft that
 * suit it. Models with missing parts, or that no tag can name, are left out. Drafts, or else projectors, are models where there
 * is no other. Other files are ignored, also `preset.ini`, whose options come from a stranger.
 */
export function quantsOf(files: readonly RemoteFile[]): RemoteQuant[] {
  const sorted = files.toSorted((one, other) => compare(one.path, other.path));
  const weights = Map.groupBy(sorted.filter(isWeights), kindOf);
  const [models = [], drafts = [], projectors = []] = (['model', 'draft', 'projector'] as const).map((kind) =>
    weights.get(kind),
  );
  const companions = [
    ...projectors.map((file): RemoteCompanion => ({ kind: 'projector', file })),
    ...drafts.map((file): RemoteCompanion => ({ kind: 'draft', file })),
  ];
  const found = namedGroups(models).map(({ tag, quantization, parts }) => ({
    tag,
    quantization,
    files: parts,
    companions: companionsOf(parts[0], companions),
  }));
  if (found.length > 0) return found;
  const others = [safetensorsOf(sorted), ...[drafts, projectors].map((each) => alone(each))];
  return others.find((quants) => quants.length > 0) ?? [];
}

/** The quant that a tag names, in any case; without a tag the usual one. `null`: none has this name. */
export function chooseQuant(quants: readonly RemoteQuant[], tag: string | null): RemoteQuant | null {
  if (tag !== null) {
    const paths = quants.map(({ files: [first] }) => first?.path ?? '');
    return quants[byTag(paths).get(tag.toLowerCase()) ?? -1] ?? null;
  }
  const usual = USUAL.flatMap((name) => [name, `UD-${name}`]).map((name) =>
    quants.find(({ quantization }) => quantization === name),
  );
  return usual.find((quant) => quant !== undefined) ?? quants[0] ?? null;
}

interface NamedGroup {
  tag: string;
  quantization: string | null;
  parts: RemoteFile[];
}

/** The whole models among GGUF files, with the tags that name them. */
function namedGroups(files: readonly RemoteFile[]): NamedGroup[] {
  const groups = [...Map.groupBy(files, groupOf).values()].filter(isWhole);
  const paths = groups.map(([first]) => first?.path ?? '');
  const named = byTag(paths);
  return groups.flatMap((parts, index) => {
    const path = paths[index] ?? '';
    const own = tagsFor(path).find(({ tag }) => named.get(tag.toLowerCase()) === index);
    return own === undefined ? [] : [{ tag: own.tag, quantization: quantizationOf(path), parts }];
  });
}

function alone(files: readonly RemoteFile[]): RemoteQuant[] {
  return namedGroups(files).map(({ tag, quantization, parts }) => ({
    tag,
    quantization,
    files: parts,
    companions: [],
  }));
}

/** How a tag names a model: as its whole name, as its quantisation, as an end of its name, or as its folder. */
const FITS = { name: 0, quantization: 1, end: 2, folder: 3 };

/**
 * All tags for a model, the best one to write first: its quantisation, ends of its name after a dash or dot from the shortest one
 * on, so that `Qwen3-8B-UD-Q4_K_XL` is called `Q4_K_XL`, its folders.
 */
function tagsFor(path: string): { tag: string; fit: number }[] {
  const stem = stemOf(path);
  const quantization = quantizationIn(stem) ?? '';
  const plain = quantization.replace(/^UD-/, '');
  const ends = [...stem.matchAll(/(?<=^|[-.])./g)].map(({ index }) => stem.slice(index));
  return [
    { tag: plain, fit: plain === quantization ? FITS.quantization : FITS.end },
    { tag: quantization, fit: FITS.quantization },
    ...ends.toReversed().map((tag) => ({ tag, fit: tag === stem ? FITS.name : FITS.end })),
    ...foldersOf(path)
      .toReversed()
      .map((tag) => ({ tag, fit: FITS.folder })),
  ].filter(({ tag }) => isQuantTag(tag));
}

/** The index of the model that each tag names best, the first one of several. Tags are in small letters. */
function byTag(paths: readonly string[]): Map<string, number> {
  const best = new Map<string, { fit: number; index: number }>();
  for (const [index, path] of paths.entries()) {
    for (const { tag, fit } of tagsFor(path)) {
      const key = tag.toLowerCase();
      if (fit < (best.get(key)?.fit ?? Infinity)) best.set(key, { fit, index });
    }
  }
  return new Map([...best].map(([tag, { index }]) => [tag, index]));
}

function kindOf({ path }: RemoteFile): 'model' | RemoteCompanion['kind'] {
  if (PROJECTOR.test(ggufStem(nameOf(path)) ?? '')) return 'projector';
  return isDraftName(path) ? 'draft' : 'model';
}

/** The best projector and the best draft for a model: of the nearest folder above it, then of the nearest bit width. */
function companionsOf(model: RemoteFile | undefined, all: readonly RemoteCompanion[]): RemoteCompanion[] {
  if (model === undefined) return [];
  return (['projector', 'draft'] as const).flatMap((kind) => {
    const candidates = all
      .filter((each) => each.kind === kind && !PART.test(each.file.path) && isAbove(homeOf(each), model))
      .map((each) => ({ each, depth: homeOf(each).length, gap: bitGap(model, each.file) }))
      .toSorted((one, other) => other.depth - one.depth || one.gap - other.gap);
    return candidates.slice(0, 1).map(({ each }) => each);
  });
}

/** The folders whose models a companion suits: its own, or that above a folder for companions only. */
function homeOf({ file: { path } }: RemoteCompanion): string[] {
  const folders = foldersOf(path);
  const last = folders.at(-1) ?? '';
  return isDraftFolder(last) || /^mmproj$/i.test(last) ? folders.slice(0, -1) : folders;
}

function isAbove(home: readonly string[], model: RemoteFile): boolean {
  const folders = foldersOf(model.path);
  return home.every((name, index) => name === folders[index]);
}

function bitGap(one: RemoteFile, other: RemoteFile): number {
  return Math.abs(bitsOf(one) - bitsOf(other));
}

/** Bits of a weight, by the name: 4 of `Q4_K_M`, 16 of `BF16`. Unknown counts as 16, because projectors usually are. */
function bitsOf({ path }: RemoteFile): number {
  return Number(/\d+/.exec(quantizationOf(path) ?? '')?.[0] ?? 16);
}

function safetensorsOf(files: readonly RemoteFile[]): RemoteQuant[] {
  const own = files.filter(({ path }) => !path.includes('/'));
  const shards = own.filter(({ path }) => SAFETENSORS.test(path));
  const usual = shards.filter(({ path }) => !CONSOLIDATED.test(path));
  const weights = usual.length > 0 ? usual : shards;
  const isModel = weights.length > 0 && own.some(({ path }) => path === 'config.json');
  if (!isModel || ![...Map.groupBy(weights, groupOf).values()].every(isWhole)) return [];
  const beside = own.filter(({ path }) => BESIDE_SAFETENSORS.test(path));
  return [{ tag: null, quantization: null, files: [...beside, ...weights], companions: [] }];
}

function isWeights({ path }: RemoteFile): boolean {
  const name = nameOf(path);
  return ggufStem(name) !== null && !CALIBRATION.test(name);
}

/** The same for the parts of one model. */
function groupOf({ path }: RemoteFile): string {
  return path.replace(PART, '-of-$2');
}

/** Whether the parts, in order, are all parts: each number from 1 once. */
function isWhole(parts: readonly RemoteFile[]): boolean {
  const [, , total] = PART.exec(parts[0]?.path ?? '') ?? [];
  if (total === undefined) return true;
  return (
    parts.length === Number(total) && parts.every(({ path }, index) => Number(PART.exec(path)?.[1] ?? 0) === index + 1)
  );
}

/** The quantisation in the name of a model, else in that of its folder. */
function quantizationOf(path: string): string | null {
  return quantizationIn(stemOf(path)) ?? quantizationIn(foldersOf(path).at(-1) ?? '');
}

/** The names of the folders of a file, from the outermost one on. */
function foldersOf(path: string): string[] {
  return path.split('/').slice(0, -1);
}

function stemOf(path: string): string {
  return ggufStem(nameOf(path)) ?? '';
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
