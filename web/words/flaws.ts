import type { Catalogue } from '../lib/language.ts';
import { de } from './de/flaws.ts';
import { en } from './en/flaws.ts';

/** Sentences for mistakes in the form of a text. */
export const flawWords: Catalogue<typeof en> = { en, de };
