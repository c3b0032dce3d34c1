import { textOfValue, type Drafts, type Setting } from './setting-fields.ts';

const HIDDEN = '***';

/** The words for changes without a text of their own. */
export interface ChangeWords {
  /** Stands for a default and an empty value. */
  toDefault: string;
  groupAdded: string;
  groupRemoved: string;
}

/** A change as the page shows it; both values of a secret are hidden. `after`: `null` is the default. */
export function shownChange(
  { key, value, kind }: Pick<Setting, 'key' | 'value' | 'kind'>,
  drafts: Drafts,
  words: ChangeWords,
): { before: string; after: string | null } {
  if (kind === 'secret') return { before: HIDDEN, after: HIDDEN };
  if (kind === 'group') {
    return {
      before: textOfValue(value, kind),
      after: drafts.get(key) === null ? words.groupRemoved : words.groupAdded,
    };
  }
  return { before: textOfValue(value, kind), after: drafts.get(key) ?? null };
}

/** The changes in one line: `instances.idle_timeout 0 → 1800`. */
export function changesText(
  settings: readonly Pick<Setting, 'key' | 'value' | 'kind'>[],
  drafts: Drafts,
  words: ChangeWords,
): string {
  const inLine = (text: string): string => (text === '' ? words.toDefault : text.replaceAll(/\s*\n\s*/g, ' '));
  return settings
    .filter(({ key }) => drafts.has(key))
    .map((setting) => {
      const { before, after } = shownChange(setting, drafts, words);
      if (setting.kind === 'group') return `${setting.key} ${after ?? ''}`;
      return `${setting.key} ${inLine(before)} → ${inLine(after ?? '')}`;
    })
    .join(', ');
}
