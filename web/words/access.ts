import type { Catalogue } from '../lib/language.ts';
import { de } from './de/access.ts';
import { en } from './en/access.ts';

/** Sentences of the page of access. */
export const accessWords: Catalogue<typeof en> = { en, de };
