import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Model, ModelCompanion } from '@llamactl/contract/model';
import type { Sliced } from '../sliced-work.ts';
import { isDraftName } from './draft-names.ts';
import type { FileFacts, FileKind } from './facts-schema.ts';
import { partName, partOf, stemOf } from './file-facts.ts';
import { type FoundFile, OLLAMA_ADAPTER } from './found-files.ts';
import { referenceText } from './hub/model-reference.ts';
import type { OllamaLayers } from './ollama-layers.ts';

/** A model of the library: its parts and what belongs to it. */
export interface LibraryModel extends Omit<Model, 'used_by'> {
  files: { path: string; size: number }[];
  companions: ModelCompanion[];
  /** Files with settings of Ollama; `null`: it is no model of Ollama. */
  layers: OllamaLayers | null;
}

/** A file, and what is known of it. */
export type KnownFile = FoundFile & FileFacts;

type Role = 'model' | ModelCompanion['kind'] | null;

/**
 * Makes models of files: the parts of one are one model, and projectors, adapters and drafts belong to models. Pure. In slices,
 * because ten thousand files take a tenth of a second.
 */
export function* groupModels(files: readonly KnownFile[]): Sliced<LibraryModel[]> {
  const models: { key: string; model: LibraryModel }[] = [];
  for (const home of Map.groupBy(files, homeOf).values()) {
    for (const model of yield* modelsIn(home)) models.push({ key: `${model.name.toLowerCase()} ${model.path}`, model });
  }
  const sorted = models.toSorted((one, other) => compare(one.key, other.key)).map(({ model }) => model);
  return withoutOldCopies(sorted, new Set(files.flatMap((file) => (file.manifestRepo ? [file.path] : []))));
}

/**
 * Takes the reference from copies in the older cache of llama.cpp, if a cache of the hub has the model too. A reference
 * with two models would name neither. @param old Paths of files with a manifest.
 */
function withoutOldCopies(models: readonly LibraryModel[], old: ReadonlySet<string>): LibraryModel[] {
  const refs = new Set(models.flatMap(({ ref, path: file }) => (ref === null || old.has(file) ? [] : [ref])));
  return models.map((model) =>
    model.ref !== null && old.has(model.path) && refs.has(model.ref) ? { ...model, ref: null } : model,
  );
}

/** Files of one home may belong together: those of a repo, or of a plain folder. */
function homeOf(file: FoundFile): string {
  const repo = repoOf(file);
  return repo === null ? path.dirname(file.path) : `${file.source} ${repo}`;
}

function repoOf({ repo, manifestRepo = null }: FoundFile): string | null {
  return repo ?? manifestRepo;
}

function* modelsIn(files: readonly KnownFile[]): Sliced<LibraryModel[]> {
  const named = files.filter((file) => roleOf(file) === 'model');
  // A draft by its name may be a complete model.
  const isAlsoModel = (file: KnownFile): boolean =>
    roleOf(file) === 'draft' &&
    !named.some((each) => repoOf(each) !== null || isNamedLike(stemOf(file.relative), stemOf(each.relative)));
  const models = new Set(files.filter((file) => roleOf(file) === 'model' || isAlsoModel(file)));
  const parts = Map.groupBy(models, partsOf);
  const companions = files.flatMap((file): { stem: string; companion: ModelCompanion }[] => {
    const kind = roleOf(file);
    if (kind === null || kind === 'model' || models.has(file)) return [];
    return [{ stem: stemOf(file.relative), companion: { kind, path: file.path, size: file.size } }];
  });
  const isAlone = parts.size === 1;
  const found: LibraryModel[] = [];
  for (const group of parts.values()) {
    yield;
    const [first, ...others] = group.toSorted((one, other) => compare(one.relative, other.relative));
    if (first === undefined) continue;
    const belongs = ({ stem }: { stem: string }): boolean =>
      repoOf(first) !== null || isAlone || isNamedLike(stem, stemOf(first.relative));
    const own = companions.filter(belongs).map(({ companion }) => companion);
    found.push(modelOf(first, [first, ...others], own));
  }
  return found;
}

function roleOf({ source, relative, facts }: KnownFile): Role {
  // The manifest names it, whatever its header says.
  if (source === 'ollama' && relative === OLLAMA_ADAPTER) return 'adapter';
  const kind: FileKind = facts?.kind ?? (/mmproj/i.test(relative) ? 'projector' : 'model');
  if (kind === 'model') return isDraftName(relative) ? 'draft' : 'model';
  return kind === 'other' ? null : kind;
}

/** The same for all parts of a model. */
function partsOf({ relative }: FoundFile): string {
  const { stem, total } = partOf(relative);
  return total === null ? stem : `${stem} of ${total}`;
}

/** Whether a companion is called like a model: `mmproj-gemma-3-4b-f16` and `gemma-3-4b-it-Q4_K_M`. */
function isNamedLike(companion: string, model: string): boolean {
  const words = companion
    .toLowerCase()
    .replace(/mmproj|lora|adapter|draft|mtp|eagle3|dflash|dspark/g, '')
    .split(/[-_.\s]+/)
    .filter((word) => word !== '' && !/^(?:b?f(?:16|32)|q8_0|q8|0)$/.test(word));
  const [first = ''] = words;
  return first.length > 2 && model.toLowerCase().startsWith(words.slice(0, 2).join('-'));
}

function modelOf(first: KnownFile, files: readonly KnownFile[], companions: ModelCompanion[]): LibraryModel {
  const { source, relative, format, facts, path: file } = first;
  const isOllama = source === 'ollama';
  const name = isOllama ? (first.repo ?? '') : format === 'gguf' ? stemOf(relative) : path.basename(file);
  const quantization = facts?.quantization ?? null;
  const capabilities = facts?.capabilities ?? [];
  const hasProjector = companions.some(({ kind }) => kind === 'projector');
  return {
    id: idOf(first),
    ref: refOf(first, quantization ?? name),
    name,
    format,
    architecture: facts?.architecture ?? null,
    parameters: sumOf(files.map((each) => each.facts?.parameters ?? null)),
    quantization,
    context: facts?.context ?? null,
    size: files.reduce((sum, each) => sum + each.size, 0),
    capabilities: hasProjector && capabilities.includes('chat') ? [...capabilities, 'vision'] : capabilities,
    source,
    path: file,
    modified_at: new Date(Math.max(...files.map(({ modified }) => modified))).toISOString(),
    problems: problemsOf(files),
    files: files.map((each) => ({ path: each.path, size: each.size })),
    companions,
    layers: first.layers ?? null,
  };
}

/** The reference of a model, as people write it. @param choice Its quantisation or name, for a hub. */
function refOf(file: FoundFile, choice: string): string | null {
  const { source, relative, origin, reference = null } = file;
  const repo = repoOf(file);
  if (repo === null) return null;
  if (source === 'ollama') return `ollama:${repo}`;
  switch (origin) {
    case 'url':
      return reference;
    case 'ollama':
    case 'docker': {
      // Its file is called `NAME-TAG.gguf`.
      const tag = stemOf(relative).slice(path.basename(repo).length + 1);
      return referenceText({ source: origin, repo, tag }, null);
    }
    default:
      return referenceText({ source: origin ?? 'hub', repo, quant: null }, choice);
  }
}

function problemsOf(files: readonly KnownFile[]): string[] {
  // Ollama names its files by their digests, which say nothing to people.
  const nameOf = ({ source, repo, path: file }: KnownFile): string =>
    source === 'ollama' && repo !== null ? repo : path.basename(file);
  const own = files.flatMap((file) => {
    const problem = file.damage ?? file.problem;
    return problem === null ? [] : [`${nameOf(file)} ${problem}`];
  });
  const { total } = partOf(files[0]?.relative ?? '');
  return total === null || total <= files.length ? own : [...own, missingParts(files, total)];
}

/** Most missing files that a message names. */
const MOST_MISSING = 3;

function missingParts(files: readonly KnownFile[], total: number): string {
  const { stem } = partOf(path.basename(files[0]?.relative ?? ''));
  const present = new Set(files.map(({ relative }) => path.basename(relative)));
  const missing = total - files.length;
  const named: string[] = [];
  for (let part = 1; part <= total && named.length < MOST_MISSING; part += 1) {
    const name = partName(stem, part, total);
    if (!present.has(name)) named.push(name);
  }
  const more = missing > named.length ? ', …' : '';
  return `${missing} of its ${total} parts ${missing === 1 ? 'is' : 'are'} missing: ${named.join(', ')}${more}`;
}

/** Stable over scans, restarts and new snapshots of a cache. */
function idOf({ source, repo, relative, path: file }: FoundFile): string {
  const home = repo ?? path.dirname(file);
  return createHash('sha256')
    .update([source, home, repo === null ? path.basename(file) : relative].join('\0'))
    .digest('hex')
    .slice(0, 16);
}

function sumOf(numbers: readonly (number | null)[]): number | null {
  const known = numbers.filter((number) => number !== null);
  return known.length === 0 ? null : known.reduce((sum, number) => sum + number, 0);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
