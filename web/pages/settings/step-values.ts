import type { Applied, Fleet, JsonValue } from '@llamactl/client';
import { parse } from 'yaml';
import { isRecord } from '../../lib/record.ts';
import { isJson, valueAt, valueText, type SettingsDocument } from '../new/settings-document.ts';

/** A setting that a step changes, as people read it. */
export interface StepValue {
  /** Dotted: `options.ctx_size`. */
  path: string;
  /** `null`: the default counts. */
  before: string | null;
  /** `null`: the default counts. */
  after: string | null;
}

type Step = Pick<Applied['results'][number], 'name' | 'action' | 'changes'>;

/** Values of the environment are never shown: they may be secrets. */
const HIDDEN = '***';

/**
 * Returns the values that each step changes, by the name of its instance.
 *
 * @param text The fleet file, which the server accepts: YAML or JSON.
 * @param present All instances as they are now.
 */
export function stepValues(
  steps: readonly Step[],
  text: string,
  present: Pick<Fleet, 'instances'>,
): ReadonlyMap<string, readonly StepValue[]> {
  const [before, after] = [entriesByName(present), entriesByName(parse(text))];
  return new Map(
    steps.map(({ name, action, changes }) => {
      const [old, wanted] = [before.get(name.toLowerCase()) ?? {}, after.get(name.toLowerCase()) ?? {}];
      // A removed instance has no settings to compare, and a new one has no old ones.
      const paths = action === 'remove' || action === 'create' ? [] : changes;
      return [name, paths.map((path) => ({ path, before: shown(old, path), after: shown(wanted, path) }))];
    }),
  );
}

function shown(document: SettingsDocument, path: string): string | null {
  const text = valueText(valueAt(document, path));
  return text !== null && path.startsWith('environment.') ? HIDDEN : text;
}

/** The entries of a fleet by their names in lower case. */
function entriesByName(fleet: unknown): ReadonlyMap<string, SettingsDocument> {
  const entries: unknown = isRecord(fleet) ? fleet['instances'] : null;
  if (!Array.isArray(entries)) return new Map();
  return new Map(
    entries.flatMap((entry: unknown): [string, SettingsDocument][] => {
      const name = isRecord(entry) ? entry['name'] : undefined;
      if (!isRecord(entry) || typeof name !== 'string') return [];
      const settings = Object.entries(entry).filter((pair): pair is [string, JsonValue] => isJson(pair[1]));
      return [[name.toLowerCase(), Object.fromEntries(settings)]];
    }),
  );
}
