import type { Catalogue } from '../lib/language.ts';
import { de } from './de/first-run.ts';
import { en } from './en/first-run.ts';

/** Sentences of a server without instances. */
export const firstRunWords: Catalogue<typeof en> = { en, de };
