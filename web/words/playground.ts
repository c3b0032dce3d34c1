import type { Catalogue } from '../lib/language.ts';
import { de } from './de/playground.ts';
import { en } from './en/playground.ts';

/** Sentences of the playground. */
export const playgroundWords: Catalogue<typeof en> = { en, de };
