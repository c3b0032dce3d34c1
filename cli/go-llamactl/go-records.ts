import { reasonOf } from '@llamactl/contract/reason';
import { isRecord } from '@llamactl/contract/record';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { EXIT } from '../exit-status.ts';
import { foreignFile, foreignProblem, sourceName } from '../foreign-file.ts';
import { inputText } from '../input-file.ts';
import { Problem } from '../problem.ts';
import { databaseIn, databaseRows, isDatabase } from './go-database.ts';
import type { GoRecord } from './go-record.ts';

type InputSession = Parameters<typeof inputText>[0];

/** A file of a folder that holds no instance, or an instance of a database with damaged settings. */
interface Unreadable {
  /** The file, or the name of the instance. */
  file: string;
  why: string;
}

/** The instances of a folder or file, and the files of the folder that hold none. */
export interface GoSource {
  records: GoRecord[];
  unreadable: Unreadable[];
  /** Whether the source has all instances: a database, a folder or a list. */
  isWhole: boolean;
}

const HOW_TO_SAVE = [
  'newer versions keep instances in llamactl.db of their data_dir: llamactl import go-llamactl ~/.local/share/llamactl',
  'or save them while that program runs:',
  "  curl -f -H 'Authorization: Bearer KEY' http://localhost:8080/api/v1/instances > go-instances.json",
];

/**
 * Reads instances of the Go llamactl: its database or the JSON files of a folder, or one file with an instance or a list.
 *
 * @param source A folder or a file; `-`: standard input.
 * @throws {Problem} it cannot be read, or holds no instance
 */
export async function readGoSource(session: InputSession, source: string): Promise<GoSource> {
  const isThere = source !== '-' && existsSync(source);
  const isFolder = isThere && statSync(source).isDirectory();
  const database = isFolder ? databaseIn(source) : isThere && isDatabase(source) ? source : null;
  if (database !== null) {
    const rows = await databaseRows(database);
    return {
      records: rows.filter((row) => 'options' in row),
      unreadable: rows.filter((row) => 'why' in row),
      isWhole: true,
    };
  }
  if (!isFolder) {
    const text = await inputText(session, source);
    return { records: await recordsOf(source, text), unreadable: [], isWhole: text.trimStart().startsWith('[') };
  }
  const found: GoSource = { records: [], unreadable: [], isWhole: true };
  const files = jsonIn(source);
  // The data directory of an old version has them in a folder of their own.
  const own = path.join(source, 'instances');
  if (files.length === 0 && existsSync(own) && jsonIn(own).length > 0) return readGoSource(session, own);
  for (const name of files.toSorted()) {
    const file = path.join(source, name);
    try {
      found.records.push(...(await recordsOf(file, await inputText(session, file))));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      found.unreadable.push({ file, why: error.message });
    }
  }
  if (files.length > 0) return found;
  const archive = path.join(source, 'json_archive');
  throw new Problem(
    `${source} has no JSON files`,
    EXIT.usage,
    existsSync(archive) ? [`${archive} has those of an older version`, ...HOW_TO_SAVE] : HOW_TO_SAVE,
  );
}

function jsonIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.json'));
}

async function recordsOf(file: string, text: string): Promise<GoRecord[]> {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw (
      (await foreignFile(file, text)) ??
      new Problem(`${sourceName(file)} is not JSON: ${reasonOf(error)}`, EXIT.usage, HOW_TO_SAVE)
    );
  }
  const records = goRecords(values, file === '-' ? '' : path.basename(file, '.json'));
  if (records?.some(({ name }) => name === ''))
    throw new Problem(`${sourceName(file)} holds an instance without a name`, EXIT.usage);
  if (records !== null) return records;
  const answer = errorIn(values);
  if (answer !== null)
    throw new Problem(`${sourceName(file)} holds an error in place of instances: ${answer}`, EXIT.usage, HOW_TO_SAVE);
  throw (
    foreignProblem(file, text, values) ??
    new Problem(`${sourceName(file)} holds no instances of the Go llamactl`, EXIT.usage, HOW_TO_SAVE)
  );
}

/**
 * The values of a YAML file, which is a configuration; `undefined`: it is no YAML file, or has instances in JSON.
 *
 * @throws {Problem} it is no YAML, or has the format of another program
 */
export async function yamlIn(session: InputSession, source: string): Promise<unknown> {
  if (!/\.ya?ml$/i.test(source)) return undefined;
  const text = await inputText(session, source);
  const { parse } = await import('yaml');
  let values: unknown;
  try {
    values = parse(text, { logLevel: 'error' });
  } catch (error) {
    throw new Problem(`${source} is not YAML: ${reasonOf(error).split('\n')[0] ?? ''}`, EXIT.usage);
  }
  return goRecords(values, 'x') === null ? values : undefined;
}

/** The problem of a YAML file that is no configuration of the Go llamactl. */
export function noConfiguration(source: string, values: unknown): Problem {
  return (
    foreignProblem(source, '', values) ??
    new Problem(`${source} is no configuration of the Go llamactl`, EXIT.usage, HOW_TO_SAVE)
  );
}

/** The message of an answer of the Go llamactl that is an error; `null`: it is none. */
function errorIn(values: unknown): string | null {
  const { error } = isRecord(values) ? values : {};
  const message = isRecord(error) ? error['message'] : error;
  return typeof message === 'string' ? message : null;
}

/**
 * The instances in parsed JSON: a record of the API or of a file, or a list of them. `null`: it is something else. Pure.
 *
 * @param name The name of a single instance without one, as in the body of a request. In a list, it stays empty.
 */
export function goRecords(values: unknown, name: string): GoRecord[] | null {
  if (!Array.isArray(values)) {
    const record = goRecord(values, name);
    return record === null ? null : [record];
  }
  const records = values.map((value: unknown) => goRecord(value, '')).filter((record) => record !== null);
  return records.length === values.length ? records : null;
}

function goRecord(value: unknown, name: string): GoRecord | null {
  if (!isRecord(value)) return null;
  const { name: given = name, options = value } = value;
  if (typeof given !== 'string' || !isRecord(options)) return null;
  return 'backend_type' in options || 'backend_options' in options ? { name: given, options } : null;
}
