import type { ChangedValue } from '@llamactl/contract/events';
import type { OptionValue } from '@llamactl/contract/instance';
import type { Edit, Settings } from '../ports/instance-record.ts';
import { maskedOptions, maskedWords } from './secret-words.ts';

type Value = ChangedValue['from'];

/** Longest text that is repeated, in UTF-16 units. */
const LONGEST_TEXT = 80;

/**
 * Whether events may repeat the value of a setting. Events outlive the setting and even the instance, so texts that may
 * hold secrets or words of people have no place in them. Options are judged one by one.
 */
const IS_REPEATED: Readonly<Record<keyof Settings, boolean>> = {
  engine: true,
  model: true,
  model_path: true,
  companions: false,
  options: false,
  extra_args: false,
  environment: false,
  command: false,
  health_path: true,
  aliases: false,
  unlisted: true,
  auto_start: true,
  auto_restart: true,
  max_restarts: true,
  on_demand: true,
  idle_timeout: true,
  pinned: true,
  group: true,
  concurrency: true,
  queue_limit: true,
  upstream_model: true,
  request_defaults: false,
  request_strip: false,
  system_prompt: false,
  preset: true,
  isolated: true,
  keep_context: true,
};
const REPEATED = (Object.keys(IS_REPEATED) as (keyof Settings)[]).filter((key) => IS_REPEATED[key]);

/**
 * Returns the old and new values of those changed settings whose values are harmless: numbers, `true`, `false` and short
 * texts. Leaves out a setting if one of the two is masked for viewers.
 *
 * @param changed As `recordChanges` returns them.
 */
export function changedValues(before: Edit, after: Edit, changed: readonly string[]): ChangedValue[] {
  const [old, current] = [harmlessValues(before), harmlessValues(after)];
  return changed.flatMap((setting) => {
    const from = old(setting);
    const to = current(setting);
    return from === undefined || to === undefined || from === to ? [] : [{ setting, from, to }];
  });
}

/** Looks up a value: `null`: the setting is not set; `undefined`: it is not repeated. */
function harmlessValues({ port, settings }: Edit): (setting: string) => Value | undefined {
  return (setting) => {
    if (setting === 'port') return port;
    const key = REPEATED.find((each) => each === setting);
    if (key !== undefined) return harmless(settings[key]);
    const [parent, option] = partsOf(setting);
    return parent === 'options' ? harmlessOption(option, settings.options) : undefined;
  };
}

/** The map and the entry of `options.ctx_size`; names of options may have dots too. */
function partsOf(setting: string): [map: string, entry: string] {
  const dot = setting.indexOf('.');
  return dot === -1 ? ['', setting] : [setting.slice(0, dot), setting.slice(dot + 1)];
}

function harmlessOption(name: string, options: Settings['options']): Value | undefined {
  const value: OptionValue | undefined = Object.hasOwn(options, name) ? options[name] : undefined;
  if (value === undefined) return null;
  if (maskedOptions({ [name]: value })[name] !== value) return undefined;
  // Such as `system_prompt`. A switch or a number about prompts says nothing of them.
  if (typeof value === 'string' && name.includes('prompt')) return undefined;
  return harmless(value);
}

function harmless(value: unknown): Value | undefined {
  if (value === undefined) return null;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value !== 'string' || value.length > LONGEST_TEXT) return undefined;
  const words = value.split(/\s+/);
  return maskedWords(words).every((word, index) => word === words[index]) ? value : undefined;
}
