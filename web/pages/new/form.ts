import type { JsonValue, Problem } from '@llamactl/client';
import { createContext, use } from 'react';
import type { DraftAction } from './draft.ts';
import { isSame, valueAt, type SettingsDocument } from './settings-document.ts';
import { problemAt } from './use-preview.ts';

/** Data and actions that the parts of the form share. */
export interface Form {
  /** The instance that is edited; `null`: it is new. */
  name: string | null;
  document: SettingsDocument;
  base: SettingsDocument;
  problems: readonly Problem[];
  /** The setting that a link names, dotted. */
  field: string | undefined;
  dispatch: (action: DraftAction) => void;
  /** Called after the instance got another name; `null`: it must not get one now. */
  onRenamed: ((name: string) => Promise<void>) | null;
}

export const FormContext = createContext<Form | null>(null);

export function useForm(): Form {
  const form = use(FormContext);
  if (form === null) throw new Error('useForm needs a FormContext');
  return form;
}

/** One setting of the form. */
export interface Setting {
  value: JsonValue | undefined;
  /** Differs from what is stored. */
  isChanged: boolean;
  problem: string | null;
  /** @param value `undefined`: the default. */
  set: (value: JsonValue | undefined) => void;
}

/** @param path Dotted. */
export function useSetting(path: string): Setting {
  const { document, base, problems, dispatch } = useForm();
  const value = valueAt(document, path);
  return {
    value,
    isChanged: !isSame(value, valueAt(base, path)),
    problem: problemAt(problems, path),
    set: (next) => dispatch({ kind: 'set', path, value: next }),
  };
}
