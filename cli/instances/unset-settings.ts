import type { Instance, UpdateInstance } from '@llamactl/client';
import type { Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import { plain } from '../screen/text.ts';
import { unset } from './instance-settings.ts';
import { nearName } from './near-instance.ts';
import type { SettingFlags } from './setting-flags.ts';

/** The settings with keys of their own. */
const WITH_KEYS = ['options', 'request_defaults', 'environment'] as const;

/** Options, variables and request defaults that a command line removes. */
export type RemovedSettings = Pick<UpdateInstance, (typeof WITH_KEYS)[number]>;

/**
 * Finds the options, variables and request defaults that flags remove: `--unset options.threads`, `-o threads=`,
 * `--request-default seed=`. `null`: none.
 *
 * @param keys Of `--unset`.
 */
export function removedSettings(keys: readonly string[], flags: SettingFlags): RemovedSettings | null {
  const { option = [], requestDefault = [] } = flags;
  const said = [
    ...keys,
    ...withoutValue(option).map((key) => `options.${key}`),
    ...withoutValue(requestDefault).map((key) => `request_defaults.${key}`),
  ];
  const within = said.filter((key) => key.includes('.'));
  return within.length === 0 ? null : unset(within);
}

/** The keys of `key=`. */
function withoutValue(pairs: readonly string[]): string[] {
  return pairs.flatMap((pair) => /^([^=]+)=$/.exec(pair)?.[1] ?? []);
}

/**
 * Checks that an instance has everything that a command line removes. A merge patch would ignore a mistyped key.
 *
 * @throws {Problem} which names the first key that is not set
 */
export async function assertSet(session: Session, instance: Instance, removed: RemovedSettings): Promise<void> {
  for (const setting of WITH_KEYS) {
    const present = Object.keys(instance[setting] ?? {});
    for (const key of Object.keys(removed[setting] ?? {}).filter((each) => !present.includes(each))) {
      if (setting === 'options' && (await isOtherwiseNamed(session, instance.name, key))) continue;
      throw await notSet(setting, key, present);
    }
  }
}

async function notSet(setting: string, key: string, present: readonly string[]): Promise<Problem> {
  const near = await nearName(key, present);
  const known = present.length === 0 ? 'none is set' : `these are set: ${present.join(', ')}`;
  const hint = near === null ? known : `did you mean ${setting}.${near}?`;
  return new Problem(plain(`${setting}.${key} is not set; ${hint}`), EXIT.failed);
}

/** Whether the instance has an option under another name of the engine: `c` for `ctx_size`. */
async function isOtherwiseNamed({ client, signal }: Session, name: string, key: string): Promise<boolean> {
  const { preview } = await client.updateInstance(name, { options: { [key]: null } }, { dry_run: true, signal });
  return preview?.changes.some((change) => change.startsWith('options.')) === true;
}
