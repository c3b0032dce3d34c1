import type { EngineOption } from '@llamactl/client';

/**
 * The options that contain every word, in any spelling: `ctx_size`, `--ctx-size`, `context size`. An option or flag of
 * exactly this name comes alone. Without words: all.
 */
export function matchingOptions(options: readonly EngineOption[], words: readonly string[]): EngineOption[] {
  const wanted = words.join(' ');
  const exact = options.filter(({ key, flags }) => flags.includes(wanted) || folded(key) === folded(wanted));
  if (exact.length > 0) return exact;
  const parts = folded(wanted).split(' ');
  return options.filter((option) => {
    const text = folded([option.key, ...option.flags, option.description, ...option.variables].join(' '));
    return parts.every((part) => text.includes(part));
  });
}

/** `--ctx-size` and `ctx_size` have the same words. */
function folded(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[-_\s]+/g, ' ')
    .trim();
}
