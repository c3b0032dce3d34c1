import type { Catalogue } from '../lib/language.ts';
import { de } from './de/parts.ts';
import { en } from './en/parts.ts';

/** Sentences of the components. */
export const partsWords: Catalogue<typeof en> = { en, de };
