import { ValueStore } from '../lib/value-store.ts';

/** Whether the palette is open. */
export const isPaletteOpen = new ValueStore(false);

/** The keys that open the palette. */
export const PALETTE_KEYS = 'mod+k';

/** The keys that were pressed before the palette came. */
export interface Begun {
  text: string;
  /** Enter came last. */
  isEntered: boolean;
}
