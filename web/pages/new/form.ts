import type { JsonValue, Problem } from '@llamactl/client';
import { createContext, use, type ReactNode } from 'react';
import { problemSentence } from '../../components/server-sentence.tsx';
import type { DraftAction } from './draft.ts';
import { isSame, valueAt, type SettingsDocument } from './settings-document.ts';
import { problemAt } from './use-preview.ts';
import type { PlacedWarning } from './warning-place.ts';

/** Data and actions that the parts of the form share. */
export interface Form {
  /** The instance that is edited; `null`: it is new. */
  name: string | null;
  document: SettingsDocument;
  base: SettingsDocument;
  problems: readonly Problem[];
  warnings: readonly PlacedWarning[];
  /** The setting that a link names, dotted. */
  field: string | undefined;
  /** Counts how often the user has asked for a field. */
  asked: number;
  /** Brings the field of a setting into view, and focuses it. */
  showField: (path: string) => void;
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
  problem: ReactNode;
  warning: ReactNode;
  /** @param value `undefined`: the default. */
  set: (value: JsonValue | undefined) => void;
}

/** @param path Dotted. */
export function useSetting(path: string): Setting {
  const { document, base, problems, warnings, dispatch } = useForm();
  const value = valueAt(document, path);
  return {
    value,
    isChanged: !isSame(value, valueAt(base, path)),
    problem: problemSentence(problemAt(problems, path)),
    warning: problemSentence(problemAt(warnings, path)),
    set: (next) => dispatch({ kind: 'set', path, value: next }),
  };
}
