import type { CreateInstance } from '@llamactl/client';

type Settings = Omit<CreateInstance, 'name'>;

/** Settings that an instance can do without. The others decide what it is. */
const OPTIONAL = ['command', 'idle_timeout', 'max_restarts'] as const;

/** A list entry at the end of a path: `options.lora[0]`. */
const ENTRY = /\[(\d+)\]$/;

/**
 * Removes the setting that a server refuses. Pure. `null`: the instance cannot do without it, or has no such setting.
 *
 * @param path As in a problem of the API: `options.slots`, `environment.HF_HOME`, `extra_args.2`, `command`.
 */
export function withoutSetting(settings: Settings, path: string): Settings | null {
  const [section = '', ...steps] = path.replace(ENTRY, '').split('.');
  const key = steps.join('.');
  if (section === 'options' || section === 'environment') {
    const { [key]: refused, ...others } = settings[section] ?? {};
    return refused === undefined ? null : { ...settings, [section]: others };
  }
  if (section === 'aliases') {
    const { aliases = [] } = settings;
    const refused = Number(ENTRY.exec(path)?.[1] ?? -1);
    return aliases[refused] === undefined ? null : { ...settings, aliases: aliases.filter((_, at) => at !== refused) };
  }
  if (section === 'extra_args') {
    const words = withoutArgument(settings.extra_args ?? [], Number(key));
    return words === null ? null : { ...settings, extra_args: words };
  }
  const optional = OPTIONAL.find((each) => each === section);
  if (optional === undefined || settings[optional] === undefined) return null;
  const { [optional]: _refused, ...others } = settings;
  return others;
}

/** Removes a flag with its value. @param index Of the flag or the value. */
function withoutArgument(words: readonly string[], index: number): string[] | null {
  if (words[index] === undefined) return null;
  const start = words.findLastIndex((word, at) => at <= index && word.startsWith('--'));
  const next = words.findIndex((word, at) => at > index && word.startsWith('--'));
  return words.filter((_word, at) => at < start || (next !== -1 && at >= next));
}
