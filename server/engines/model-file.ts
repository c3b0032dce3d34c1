import { codeOf, reasonOf } from '@llamactl/contract/reason';
import { constants } from 'node:fs';
import { lstat, open, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import { GgufFault, type GgufHeader } from '../models/gguf-header.ts';
import { GgufHeaders } from '../models/gguf-headers.ts';
import { HEAD_BYTES, kindOfOtherFile } from '../models/other-files.ts';
import { bareName, type FlagCatalogue } from './flags.ts';

/** The first bytes of every GGUF file, in either byte order. */
const MAGIC = Buffer.from('GGUF');

/** GGUF files that belong to a model, by their `general.type`. */
const COMPANIONS: ReadonlyMap<unknown, string> = new Map([
  ['adapter', 'a LoRA adapter, not a model; give the model that it adapts, and this file as the option lora'],
  ['mmproj', 'a multimodal projector, not a model; give its model, and this file as the option mmproj'],
  ['imatrix', 'an importance matrix for quantizing, not a model; give the model itself'],
]);

/** The name that llama.cpp requires for a part of a model. llama.cpp finds the other parts by the same pattern. */
const SHARD = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/s;

/** Checks model files before an engine opens them. */
export class ModelFileCheck {
  readonly #headers = new GgufHeaders();

  /**
   * Returns why a file cannot be loaded, in one sentence that names the file; `null`: it can. The path must lead to a
   * regular file, because a pipe or a device could hang the engine. The file must be complete GGUF, because an engine
   * logs the first bytes of any other file. Checks every part of a model in parts.
   *
   * @param subject What the file is for its instance. Only a model must be one.
   */
  async problem(file: string, subject: FileSubject = 'model file'): Promise<string | null> {
    const shard = SHARD.exec(path.basename(file));
    const [, , number = '', total = ''] = shard ?? [];
    const part = (index: number): string => partOf(file, index);
    const judge = (header: GgufHeader): string | null =>
      subject === 'model file' ? notModel(header, shard !== null) : null;
    const own = await this.#problem(file, `the ${subject}`, judge);
    if (own !== null || shard === null) return own;
    if (Number(number) !== 1)
      return `the ${subject} ${file} is part ${Number(number)} of ${Number(total)}; give the first part, ${part(1)}`;
    for (let index = 2; index <= Number(total); index += 1) {
      const problem = await this.#problem(
        part(index),
        `part ${index} of ${Number(total)} of the ${subject === 'model file' ? 'model' : subject},`,
      );
      if (problem !== null) return problem;
    }
    return null;
  }

  /** @param judge Why a file with this header is the wrong one: the end of the sentence. */
  async #problem(
    file: string,
    subject: string,
    judge: (header: GgufHeader) => string | null = () => null,
  ): Promise<string | null> {
    try {
      const status = await stat(file);
      if (status.isDirectory()) return `${subject} ${file} is a folder, not a file`;
      if (!status.isFile()) return `${subject} ${file} is not a regular file`;
      // Never blocks, even if the file was replaced by a pipe.
      await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
      if (!(await handle.stat()).isFile()) return `${subject} ${file} is not a regular file`;
      const head = await headOf(handle);
      if (!head.subarray(0, MAGIC.length).equals(MAGIC))
        return `${subject} ${file} is not a GGUF file${kindOfOtherFile(head)}`;
      const wrong = judge(await this.#headers.read(handle));
      return wrong === null ? null : `${subject} ${file} ${wrong}`;
    } catch (error) {
      return `${subject} ${file} ${error instanceof GgufFault ? error.message : await accessProblem(file, error)}`;
    }
  }
}

/** The file of a part of a model, by any part and the number. Returns the file itself for a model in one file. */
function partOf(file: string, number: number): string {
  const [, stem, , total] = SHARD.exec(path.basename(file)) ?? [];
  if (stem === undefined) return file;
  return path.join(path.dirname(file), `${stem}-${String(number).padStart(5, '0')}-of-${total}.gguf`);
}

/** All files of a model, by its first part. */
export function modelParts(file: string): string[] {
  const total = Number(SHARD.exec(path.basename(file))?.[3] ?? 1);
  return Array.from({ length: total }, (_part, index) => partOf(file, index + 1));
}

/** Why a file with this header is no model that can be given; the end of a sentence, or `null`. */
function notModel({ metadata }: GgufHeader, isNamedAsPart: boolean): string | null {
  const isProjector = metadata.get('general.architecture') === 'clip';
  const companion = COMPANIONS.get(isProjector ? 'mmproj' : metadata.get('general.type'));
  if (companion !== undefined) return `is ${companion}`;
  const parts = Number(metadata.get('split.count') ?? 1);
  if (parts <= 1 || isNamedAsPart) return null;
  const [number, total] = [Number(metadata.get('split.no') ?? 0) + 1, parts].map((each) =>
    String(each).padStart(5, '0'),
  );
  return `is a part of a model in ${parts} parts, but its name does not end in -${number}-of-${total}.gguf; rename it`;
}

async function accessProblem(file: string, error: unknown): Promise<string> {
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return (await isLink(file)) ? 'is a link to a file that does not exist' : `does not exist${advice(file)}`;
    case 'EACCES':
      return 'cannot be read by llamactl’s user';
    default:
      return `cannot be opened: ${reasonOf(error)}`;
  }
}

/** Advice for a path that begins with `~` or is relative; empty: the path is absolute. */
function advice(file: string): string {
  if (path.isAbsolute(file)) return '';
  return file.startsWith('~')
    ? '; write the whole path, because only a shell replaces `~`'
    : '; write the whole path, because a relative one starts in the folder of the server';
}

/** The first bytes, which no message may show. */
async function headOf(handle: FileHandle): Promise<Buffer> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}

async function isLink(file: string): Promise<boolean> {
  try {
    return (await lstat(file)).isSymbolicLink();
  } catch {
    return false;
  }
}

/** A file of an instance, in words. */
type FileSubject = 'model file' | CompanionFile['subject'];

/** A file that a launch loads besides its model. */
export interface CompanionFile {
  file: string;
  subject: 'projector' | 'draft model' | 'LoRA adapter' | 'control vector';
}

/** The format of a flag's files: one, several with commas, or several with `:SCALE` each. */
type FileList = 'one' | 'list' | 'scaled';

/** Flags whose value names GGUF files, which are checked like `model_path`. */
const MODEL_FLAGS: ReadonlyMap<string, readonly [FileList, CompanionFile['subject']]> = new Map([
  ['mmproj', ['one', 'projector']],
  ['mm', ['one', 'projector']],
  ['spec-draft-model', ['one', 'draft model']],
  ['model-draft', ['one', 'draft model']],
  ['md', ['one', 'draft model']],
  ['lora', ['list', 'LoRA adapter']],
  ['control-vector', ['list', 'control vector']],
  ['lora-scaled', ['scaled', 'LoRA adapter']],
  ['control-vector-scaled', ['scaled', 'control vector']],
]);

/** The GGUF files of a plan besides the model, from arguments and from variables of the same flags. */
export function modelFiles(
  { argv, environment }: Pick<LaunchPlan, 'argv' | 'environment'>,
  catalogue: FlagCatalogue | null,
): CompanionFile[] {
  const named = argv.flatMap((argument, index) => {
    const value = argv[index + 1];
    if (!argument.startsWith('-') || value === undefined) return [];
    return filesOf(argument, value, catalogue);
  });
  const twins = Object.entries(environment).flatMap(([variable, value]) => {
    const flag = flagOf(variable, catalogue);
    return flag === null || value === '' ? [] : filesOf(flag, value, catalogue);
  });
  return [...named, ...twins];
}

function filesOf(spelling: string, value: string, catalogue: FlagCatalogue | null): CompanionFile[] {
  const entry = catalogue?.findArgument(spelling)?.entry;
  const names = [spelling, ...(entry?.spellings ?? [])].map(bareName);
  const known = names.map((name) => MODEL_FLAGS.get(name)).find((each) => each !== undefined);
  if (known === undefined) return [];
  const [kind, subject] = known;
  const isList = entry === undefined ? kind !== 'one' : entry.separator === ',';
  const files = isList ? value.split(',') : [value];
  return files.map((file) => ({ file: kind === 'scaled' ? file.replace(/:[^:/]*$/, '') : file, subject }));
}

/** The flag that a variable sets; `null`: none. */
function flagOf(variable: string, catalogue: FlagCatalogue | null): string | null {
  const known = catalogue?.findVariable(variable)?.spellings[0];
  const named = /^LLAMA_ARG_(\w+)$/.exec(variable)?.[1];
  return known ?? (named === undefined ? null : `--${bareName(named.toLowerCase())}`);
}
