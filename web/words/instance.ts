import type { Catalogue } from '../lib/language.ts';
import { de } from './de/instance.ts';
import { en } from './en/instance.ts';

/** Sentences of the page of one instance. */
export const instanceWords: Catalogue<typeof en> = { en, de };
