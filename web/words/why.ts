import type { Catalogue } from '../lib/language.ts';
import { de } from './de/why.ts';
import { en } from './en/why.ts';

/** Sentences around explanations and their steps, which several pages have. */
export const whyWords: Catalogue<typeof en> = { en, de };
