import type { Catalogue } from '../lib/language.ts';
import { de } from './de/instances.ts';
import { en } from './en/instances.ts';

/** Sentences of the list of instances. */
export const instancesWords: Catalogue<typeof en> = { en, de };
