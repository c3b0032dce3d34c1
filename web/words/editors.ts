import type { Catalogue } from '../lib/language.ts';
import { de } from './de/editors.ts';
import { en } from './en/editors.ts';

/** Sentences about the configurations of editors for a new key. */
export const editorWords: Catalogue<typeof en> = { en, de };
