import type { Catalogue } from '../lib/language.ts';
import { de } from './de/system.ts';
import { en } from './en/system.ts';

/** Sentences of the page of the machine. */
export const systemWords: Catalogue<typeof en> = { en, de };
