import { textOfValue, type Drafts, type Setting } from './setting-fields.ts';

const HIDDEN = '***';

/** The changes in one line: `instances.idle_timeout 0 → 1800`. @param standard Stands for a default and an empty value. */
export function changesText(
  settings: readonly Pick<Setting, 'key' | 'value' | 'kind'>[],
  drafts: Drafts,
  standard: string,
): string {
  const inLine = (text: string): string => (text === '' ? standard : text.replaceAll(/\s*\n\s*/g, ' '));
  return settings
    .filter(({ key }) => drafts.has(key))
    .map(({ key, value, kind }) => {
      const [before, after] =
        kind === 'secret' ? [HIDDEN, HIDDEN] : [textOfValue(value, kind), drafts.get(key) ?? ''].map(inLine);
      return `${key} ${before} → ${after}`;
    })
    .join(', ');
}
