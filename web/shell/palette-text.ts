import type { IconName } from '../components/icons.tsx';

/** A line of the palette. */
export interface PaletteItem {
  id: string;
  label: string;
  icon: IconName;
  /** The kind of thing, shown behind the label. */
  hint?: string;
  keys?: string;
  /** More words that find it. */
  words?: string;
  run: () => void;
}

/** The text in which the palette looks for words: the label, and a line that only finds it. */
export function paletteText({ label, words = '' }: PaletteItem): string {
  return `${label}\n${words}`;
}
