import type { JsonValue } from '@llamactl/client';
import { isRecord } from '../../lib/record.ts';
import { isJson, isSame, withValue, type SettingsDocument } from './settings-document.ts';

/** Changes that are not saved. */
export interface Draft {
  /** The settings with which it began: those of the server, or the first ones of a new instance. */
  base: SettingsDocument;
  /** The version of `base`; `null`: the instance is new. */
  etag: string | null;
  document: SettingsDocument;
}

export type DraftAction =
  /** `undefined` removes the setting, which then has its default. */
  | { kind: 'set'; path: string; value: JsonValue | undefined }
  /** Several settings in one step, as of a suggestion or a pasted command. */
  | { kind: 'merge'; values: ReadonlyMap<string, JsonValue | undefined> }
  | { kind: 'replace'; document: SettingsDocument }
  /** The server has another version now. */
  | { kind: 'rebase'; draft: Draft };

export function nextDraft(draft: Draft, action: DraftAction): Draft {
  switch (action.kind) {
    case 'set':
      return { ...draft, document: withValue(draft.document, action.path, action.value) };
    case 'merge': {
      const document = [...action.values].reduce((all, [path, value]) => withValue(all, path, value), draft.document);
      return { ...draft, document };
    }
    case 'replace':
      return { ...draft, document: action.document };
    case 'rebase':
      return action.draft;
  }
}

/** The name of the draft for the settings of an instance. */
export function editDraftName(instance: string): string {
  return `edit.${instance}`;
}

/** Whether a draft has something to save. */
export function isDirty({ base, document }: Draft): boolean {
  return !isSame(base, document);
}

/** Accepts a draft that this tab has kept. */
export function acceptedDraft(value: unknown): Draft | undefined {
  if (!isJson(value) || !isRecord(value)) return undefined;
  const { base, etag, document } = value;
  return isRecord(base) && isRecord(document) && (etag === null || typeof etag === 'string')
    ? { base, etag, document }
    : undefined;
}
