import type { Catalogue } from '../lib/language.ts';
import { de } from './de/api.ts';
import { en } from './en/api.ts';

/** Sentences of the API reference. */
export const apiWords: Catalogue<typeof en> = { en, de };
