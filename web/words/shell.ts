import type { Catalogue } from '../lib/language.ts';
import { de } from './de/shell.ts';
import { en } from './en/shell.ts';

/** Sentences of the frame around the pages. */
export const shellWords: Catalogue<typeof en> = { en, de };
