import type { Catalogue } from '../lib/language.ts';
import { de } from './de/new.ts';
import { en } from './en/new.ts';

/** Sentences of the form for a new or existing instance. */
export const newWords: Catalogue<typeof en> = { en, de };
