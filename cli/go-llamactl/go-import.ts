import type { CreateInstance, InstanceSummary } from '@llamactl/client';
import { LOAD_MODE } from '@llamactl/contract/ollama-options';
import { instanceName } from '../chat/instance-name.ts';
import { takenNames } from '../chat/new-instance.ts';
import type { Session } from '../command-line.ts';
import { knownOptions } from '../instances/known-options.ts';
import { triedCreate } from '../instances/tried-create.ts';
import { type GoRecord, readGoSource } from './go-records.ts';
import { type Dropped, goSettings } from './go-settings.ts';
import { withoutSetting } from './without-setting.ts';

/** The step of an import for one instance of the Go llamactl, planned or done. */
export interface GoStep {
  /** Its name there; for a file without an instance, the file. */
  name: string;
  /** Its instance here; `null`: it gets none. */
  instance: string | null;
  /** `nothing`: the instance exists, and stays as it is; `skip`: it has no counterpart. */
  action: 'create' | 'nothing' | 'skip';
  /** The settings that were taken over, in words: `model_path`, `ctx_size=8192`. */
  settings: string[];
  dropped: Dropped[];
  warnings: string[];
  /** Why the step failed, or the instance is skipped; `null`: neither. */
  error: string | null;
}

interface Surroundings {
  isDryRun: boolean;
  hasLoadMode: boolean;
  instances: readonly InstanceSummary[];
  /** Names and aliases of instances. Grows with each new instance. */
  taken: string[];
}

/**
 * Makes stopped instances of those of the Go llamactl, one after the other.
 *
 * @param source A folder or a file; `-`: standard input.
 * @throws {Problem} the source cannot be read
 */
export async function importGo(session: Session, source: string, isDryRun: boolean): Promise<GoStep[]> {
  const { client, signal } = session;
  const { records, unreadable } = await readGoSource(session, source);
  const instances = await client.listInstances({ signal });
  const { options } = await knownOptions(client, { [LOAD_MODE]: 'none' }, signal);
  const surroundings = { isDryRun, hasLoadMode: LOAD_MODE in options, instances, taken: takenNames(instances) };
  const steps: GoStep[] = [];
  for (const record of records) steps.push(await importRecord(session, record, surroundings));
  for (const { file, why } of unreadable) steps.push({ ...NOTHING, name: file, action: 'skip', error: why });
  return steps;
}

const NOTHING: Omit<GoStep, 'name'> = {
  instance: null,
  action: 'nothing',
  settings: [],
  dropped: [],
  warnings: [],
  error: null,
};

async function importRecord(session: Session, record: GoRecord, surroundings: Surroundings): Promise<GoStep> {
  const { name, options } = record;
  const { instances, taken, hasLoadMode } = surroundings;
  const present = instances.find((each) => each.name === name || each.aliases.includes(name));
  if (present !== undefined) return { ...NOTHING, name, instance: present.name };
  const { settings, dropped, obstacle } = goSettings(options, hasLoadMode);
  const alike = taken.find((each) => each.toLowerCase() === name.toLowerCase());
  const error = alike === undefined ? obstacle : `the name ${alike} exists; names must differ by more than case`;
  if (error !== null) return { ...NOTHING, name, action: 'skip', dropped, error };
  const free = instanceName(name, taken);
  const body = { name: free, ...settings, ...(free !== name && { aliases: [name] }) };
  const done = await create(session, body, surroundings.isDryRun);
  if (done.error === null) taken.push(free, name);
  return { ...NOTHING, name, action: 'create', instance: free, ...done, dropped: [...dropped, ...done.dropped] };
}

/** Creates an instance without the settings that the server refuses, if it can do without them. */
async function create(
  session: Session,
  { name, ...given }: CreateInstance,
  isDryRun: boolean,
): Promise<Pick<GoStep, 'settings' | 'dropped' | 'warnings' | 'error'>> {
  const dropped: Dropped[] = [];
  for (let settings = given; ;) {
    const { problems, warnings, error } = await triedCreate(session, { name, ...settings }, isDryRun);
    if (error === null) return { settings: settingWords(settings), dropped, warnings, error };
    let rest: typeof settings = settings;
    // From the last one, because removing an argument moves those after it.
    for (const { path, message } of problems.toReversed()) {
      const without = withoutSetting(rest, path);
      if (without === null) continue;
      rest = without;
      dropped.push({ setting: path, why: message });
    }
    if (rest === settings) return { settings: [], dropped, warnings, error: remedied(error, settings.model) };
    settings = rest;
  }
}

/** A refusal with the command that gets the model, if the machine lacks it. */
function remedied(error: string, model: string | undefined): string {
  const isMissing = model !== undefined && error.includes('this machine has no such model');
  return isMissing ? `its model is not on this machine; run llamactl pull ${model}, then this command again` : error;
}

/** Longer values are not shown. */
const LONGEST_VALUE = 40;

function settingWords({ options = {}, environment = {}, ...others }: Omit<CreateInstance, 'name'>): string[] {
  const { engine: _engine, model_path: file, command, extra_args: words, aliases, ...plain } = others;
  const word = ([key, value]: [string, unknown]): string => {
    const text = String(value);
    return text.length > LONGEST_VALUE ? key : `${key}=${text}`;
  };
  return [
    ...Object.entries({ model_path: file, command, aliases }).flatMap(([key, value]) => (value ? [key] : [])),
    ...Object.entries({ ...options, ...plain }).map(word),
    ...(words === undefined || words.length === 0 ? [] : [words.join(' ')]),
    // Values may be secret.
    ...Object.keys(environment).map((key) => `environment.${key}`),
  ];
}
