import { PreconditionFailedError, type Problem } from '@llamactl/client';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useApp } from '../../lib/app.ts';
import type { Draft } from './draft.ts';
import { bodyOf, problemsOf, saveSettings } from './use-preview.ts';
import { storedSettings, type Stored } from './stored-settings.ts';

/** The command that follows a save. */
export type AfterSave = 'nothing' | 'start' | 'restart';

interface SaveParts {
  /** The instance; `null`: a new one. */
  name: string | null;
  draft: Draft;
  onSaved: (name: string) => void;
}

/** Why the last try to save failed; `null` and none: it did not. */
interface SaveError {
  cause: unknown;
  problems: readonly Problem[];
}

interface Saving {
  save: (after: AfterSave) => void;
  isPending: boolean;
  error: SaveError;
  /** The settings that another window has stored meanwhile; `null`: none. */
  conflict: Stored | null;
  /** Opens or closes the comparison with other settings. */
  setConflict: (stored: Stored | null) => void;
}

/** Saves a draft. The server refuses it if its settings are no longer those with which the draft began. */
export function useSave({ name, draft, onSaved }: SaveParts): Saving {
  const { client, commands, queries } = useApp();
  const [conflict, setConflict] = useState<Stored | null>(null);
  const mutation = useMutation({
    mutationFn: (after: AfterSave) =>
      saveSettings(client, {
        name,
        body: bodyOf(name, draft),
        etag: draft.etag,
        query: after === 'restart' ? { apply: 'restart' } : {},
      }),
    onSuccess: ({ instance }, after) => {
      if (after === 'start') commands.start(instance.name);
      void queries.invalidateQueries({ queryKey: ['instances', instance.name] });
      onSaved(instance.name);
    },
    onError: async (error) => {
      if (name !== null && error instanceof PreconditionFailedError) setConflict(await storedSettings(client, name));
    },
  });
  const { mutate, isPending, error, reset } = mutation;
  // The error was about another draft.
  useEffect(() => reset(), [draft, reset]);
  // The comparison says more than the sentence of the error.
  const isAnswered = error === null || (error instanceof PreconditionFailedError && conflict !== null);
  return {
    save: mutate,
    isPending,
    error: isAnswered ? NO_ERROR : { cause: error, problems: problemsOf(error) },
    conflict,
    setConflict,
  };
}

const NO_ERROR: SaveError = { cause: null, problems: [] };
