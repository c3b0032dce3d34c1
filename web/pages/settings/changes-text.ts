import { textOfValue, type Drafts, type Setting } from './setting-fields.ts';

const HIDDEN = '***';

/** A change as the page shows it; both values of a secret are hidden. `after`: `null` is the default. */
export function shownChange(
  { key, value, kind }: Pick<Setting, 'key' | 'value' | 'kind'>,
  drafts: Drafts,
): { before: string; after: string | null } {
  if (kind === 'secret') return { before: HIDDEN, after: HIDDEN };
  return { before: textOfValue(value, kind), after: drafts.get(key) ?? null };
}

/** The changes in one line: `instances.idle_timeout 0 → 1800`. @param standard Stands for a default and an empty value. */
export function changesText(
  settings: readonly Pick<Setting, 'key' | 'value' | 'kind'>[],
  drafts: Drafts,
  standard: string,
): string {
  const inLine = (text: string): string => (text === '' ? standard : text.replaceAll(/\s*\n\s*/g, ' '));
  return settings
    .filter(({ key }) => drafts.has(key))
    .map((setting) => {
      const { before, after } = shownChange(setting, drafts);
      return `${setting.key} ${inLine(before)} → ${inLine(after ?? '')}`;
    })
    .join(', ');
}
