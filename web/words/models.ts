import type { Catalogue } from '../lib/language.ts';
import { de } from './de/models.ts';
import { en } from './en/models.ts';

/** Sentences of the page of models. */
export const modelsWords: Catalogue<typeof en> = { en, de };
