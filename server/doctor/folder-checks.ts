import { codeOf, errorWords, fileOf, reasonOf } from '@llamactl/contract/reason';
import { accessSync, constants, statSync, type Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { phrase } from '@llamactl/contract/phrases';
import type { ModelSource } from '@llamactl/contract/model';
import type { FoundModel, Inspection } from '../inspection.ts';
import { bytes, count } from '../../format/figures.ts';
import { step } from '../instances/why/step.ts';
import { byCommand, byConfiguration, doubtful, withPhrases, well, wrong, type Finding } from './finding.ts';

const ANOTHER_FOLDER = step('other_folder', 'Choose another folder with data_dir or --data-dir');
/** Depth limit of the search for models: only a quick look. */
const DEEPEST = 4;
/** Limit for folders that are a whole disk. */
const MOST_ENTRIES = 20_000;

/**
 * Checks that the data directory is usable, private and has space.
 *
 * @param uid Our user id; `null`: the system has none.
 */
export async function checkDataDirectory(
  folder: string,
  uid: number | null,
  { disk }: Pick<Inspection, 'disk'>,
): Promise<Finding[]> {
  const check = 'data_dir';
  let found: Stats;
  try {
    found = statSync(folder);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') return [wrong(check, `${folder} cannot be read: ${errorWords(error)}`)];
    const parent = existingParent(folder);
    return isWritable(parent)
      ? [well(check, `${folder} does not exist yet; the server creates it`), await space(parent, disk)]
      : [wrong(check, `${folder} cannot be created: you may not write to ${parent}`, ANOTHER_FOLDER)];
  }
  if (!found.isDirectory()) return [wrong(check, `${folder} is not a folder`, ANOTHER_FOLDER)];
  return [ownership(check, folder, found, uid), await space(folder, disk)];
}

function ownership(check: string, folder: string, { uid: owner, mode }: Stats, uid: number | null): Finding {
  if (uid !== null && owner !== uid) {
    const message = `${folder} belongs to another user (${owner}); yours is ${uid}`;
    const change = step('other_user_or_folder', 'Run llamactl as that user, or set data_dir to another folder');
    return withPhrases(wrong(check, message, change), phrase('data_dir_foreign', { folder, owner, user: uid }));
  }
  if (!isWritable(folder))
    return withPhrases(
      wrong(
        check,
        `you may not write to ${folder}`,
        byCommand(step('allow_writing', 'Allow it'), `chmod u+rwx ${folder}`),
      ),
      phrase('data_dir_not_writable', { folder }),
    );
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  const rights = `mode ${octal}`;
  const closing = byCommand(step('make_private', 'Make it private'), `chmod 700 ${folder}`);
  if ((mode & 0o022) !== 0) {
    return withPhrases(
      wrong(check, `${folder} is writable by others (${rights}), who can take over your account`, closing),
      phrase('data_dir_writable_by_others', { folder, mode: octal }),
    );
  }
  if ((mode & 0o077) !== 0) {
    return withPhrases(
      doubtful(check, `${folder} is readable by others (${rights}), and contains secrets`, closing),
      phrase('data_dir_readable_by_others', { folder, mode: octal }),
    );
  }
  return well(check, `${folder}, ${rights}`, phrase('data_dir_ok', { folder, mode: octal }));
}

/**
 * Checks that downloads can be written, and have space if their disk is not that of the data directory.
 *
 * @param cache The folder for downloads, which need not exist.
 * @param system What the system says of an existing folder: its disk, and whether we may write there.
 */
export async function checkDownloadFolder(
  cache: string,
  data: string,
  { disk }: Pick<Inspection, 'disk'>,
  system = { deviceOf: (folder: string): number => statSync(folder).dev, mayWrite: isWritable },
): Promise<Finding[]> {
  const check = 'downloads';
  const folder = existing(cache);
  if (!system.mayWrite(folder)) {
    const message = `models cannot be downloaded to ${cache}: you may not write to ${folder}`;
    const remedy = byConfiguration(step('other_download_folder', 'Choose another folder'), 'models.cache_dir');
    return [withPhrases(doubtful(check, message, remedy), phrase('downloads_not_writable', { cache, folder }))];
  }
  if (system.deviceOf(folder) === system.deviceOf(existing(data))) return [];
  return [await space(folder, disk, { check, what: `downloads in ${cache}` })];
}

async function space(
  folder: string,
  disk: Inspection['disk'],
  { check, what } = { check: 'disk', what: 'data_dir' },
): Promise<Finding> {
  const { available, level } = await disk(folder);
  const free = bytes(available);
  const message = `${free} free for ${what}`;
  if (level === null) return well(check, message, phrase('disk_free', { free, folder }));
  const finding = (level === 'error' ? wrong : doubtful)(
    check,
    `only ${message}`,
    { ...step('free_space', 'Free space, for instance by removing models'), link: 'models' },
    byCommand(step('see_disk_use', 'See what takes space'), `du -sh ${folder}/*`),
  );
  return withPhrases(finding, phrase('disk_low', { free, folder }));
}

/** Checks the integrity of the database, also while a server uses it. @param folder The data directory. */
export async function checkDatabase(folder: string, { database }: Pick<Inspection, 'database'>): Promise<Finding> {
  const check = 'database';
  try {
    const found = await database(folder);
    switch (found.is) {
      case 'none':
        return well(check, 'none yet; the server creates it', phrase('database_none'));
      case 'unreadable':
        return doubtful(check, found.reason, `Free space on the disk of ${folder}`);
      case 'whole':
        return well(check, `ok, ${bytes(found.bytes)}`, phrase('database_whole', { size: bytes(found.bytes) }));
    }
  } catch (error) {
    if (fileOf(error) !== null) return wrong(check, `${fileOf(error)} cannot be read: ${errorWords(error)}`);
    const reason = reasonOf(error);
    // That of another program has nothing to restore, and its message says what to do.
    return reason.includes('is not a database of llamactl')
      ? wrong(check, reason)
      : wrong(check, reason, 'To restore or salvage it, see docs/backup.md');
  }
}

/** The folders that may contain models, absolute. */
export interface ModelFolders {
  /** `models.dirs`. */
  named: readonly string[];
  /** Those that need not exist: the default of `models.dirs`, and that of quickstart. */
  optional: readonly string[];
}

/** Programs whose models the library has too. */
const PROGRAMS: Readonly<Record<Exclude<ModelSource, 'folder'>, string>> = {
  hugging_face: 'Hugging Face',
  llama_cpp: 'llama.cpp',
  ollama: 'Ollama',
  lm_studio: 'LM Studio',
};

/**
 * Checks that the model folders can be read, and that the machine has models.
 *
 * @param library The models of all places.
 */
export async function checkModels(
  { named, optional }: ModelFolders,
  library: readonly Pick<FoundModel, 'source'>[] = [],
): Promise<Finding[]> {
  const check = 'models';
  const files = new Set<string>();
  const there: string[] = [];
  const unusable: Finding[] = [];
  for (const folder of new Set([...named, ...optional])) {
    const problem = await addModelFiles(folder, files);
    if (problem === null) there.push(folder);
    else if (!optional.includes(folder) || codeOf(problem) !== 'ENOENT') unusable.push(unusableFolder(folder, problem));
  }
  const found = [
    ...(files.size > 0 ? [`${count(files.size, 'model file')} below ${there.join(', ')}`] : []),
    ...modelsOfPrograms(library),
  ];
  if (found.length > 0) return [...unusable, well(check, found.join('; '))];
  if (there.length === 0 && unusable.length > 0) return unusable;
  const what = there.length === 0 ? `no such folder: ${named.join(', ')}` : `no .gguf below ${there.join(', ')}`;
  const finding = doubtful(
    check,
    what,
    { ...step('get_model', 'Get a model, or put model files there'), link: 'models' },
    byConfiguration(step('add_folder', 'Or add your folder'), 'models.dirs'),
  );
  return [
    ...unusable,
    withPhrases(
      finding,
      there.length === 0
        ? phrase('models_no_folder', { folders: named.join(', ') })
        : phrase('models_none', { folders: there.join(', ') }),
    ),
  ];
}

function modelsOfPrograms(library: readonly Pick<FoundModel, 'source'>[]): string[] {
  return [...Map.groupBy(library, ({ source }) => source)].flatMap(([source, models]) =>
    source === 'folder' ? [] : [`${count(models.length, 'model')} of ${PROGRAMS[source]}`],
  );
}

function unusableFolder(folder: string, problem: unknown): Finding {
  const remedy = byConfiguration(step('correct', 'Correct'), 'models.dirs');
  switch (codeOf(problem)) {
    case 'ENOENT':
      return withPhrases(
        doubtful('models', `models.dirs: ${folder} does not exist`, remedy),
        phrase('models_dir_missing', { folder }),
      );
    case 'ENOTDIR':
      return withPhrases(
        doubtful('models', `models.dirs: ${folder} is not a folder`, remedy),
        phrase('models_dir_no_folder', { folder }),
      );
    default:
      return doubtful(
        'models',
        `models.dirs: ${folder} cannot be read: ${errorWords(problem)}`,
        byCommand('Let everyone read it', `chmod a+rx ${folder}`),
      );
  }
}

/** Adds the identities of the model files in a folder: several folders may lead to a file. @returns why it cannot be read */
async function addModelFiles(folder: string, files: Set<string>): Promise<Error | null> {
  let seen = 0;
  const queue = [{ folder, depth: 0 }];
  for (let next = queue.shift(); next !== undefined && seen < MOST_ENTRIES; next = queue.shift()) {
    try {
      for (const entry of await readdir(next.folder, { withFileTypes: true })) {
        seen += 1;
        if (entry.isDirectory() && next.depth < DEEPEST) {
          queue.push({ folder: path.join(next.folder, entry.name), depth: next.depth + 1 });
        } else if (/\.gguf$/i.test(entry.name)) files.add(await identityOf(path.join(next.folder, entry.name)));
      }
    } catch (error) {
      if (!(error instanceof Error) || codeOf(error) === null) throw error;
      if (next.depth === 0) return error;
    }
  }
  return null;
}

/** Device and inode; the path of a link that leads nowhere. */
async function identityOf(file: string): Promise<string> {
  try {
    const { dev, ino } = await stat(file);
    return `${dev}:${ino}`;
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return file;
  }
}

/** The folder, or the nearest one above it that exists. */
function existing(folder: string): string {
  return statSync(folder, { throwIfNoEntry: false }) === undefined ? existingParent(folder) : folder;
}

function existingParent(folder: string): string {
  const parent = path.dirname(folder);
  return parent === folder || statSync(parent, { throwIfNoEntry: false }) !== undefined
    ? parent
    : existingParent(parent);
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return false;
  }
}
