import { keepPreviousData, useQuery } from '@tanstack/react-query';
import {
  LlamactlError,
  path,
  ValidationError,
  type Client,
  type InstancePreview,
  type InstanceUpdated,
  type Problem,
} from '@llamactl/client';
import { useEffect, useRef, useState } from 'react';
import { useApp } from '../../lib/app.ts';
import type { Draft } from './draft.ts';
import { otherProblems, restOfForm } from './rest-of-form.ts';
import { patchOf, type SettingsDocument } from './settings-document.ts';

/** Milliseconds after the last key until the server checks the settings. */
const QUIET_MS = 300;

/** The server's answer to a dry run. */
export interface Judgement {
  problems: readonly Problem[];
  /** The effect of the settings; `null`: their form is wrong. */
  preview: InstancePreview | null;
}

export interface Preview extends Judgement {
  /** The last preview of settings with a right form; `null`: there was none yet. */
  last: InstancePreview | null;
  /** The answer does not belong to the newest settings yet. */
  isChecking: boolean;
  /** Why the server could not check. */
  error: unknown;
}

/** Checks the settings by a dry run. @param name The instance that is edited; `null`: it is new. */
export function usePreview(name: string | null, draft: Draft): Preview {
  const { client } = useApp();
  const settled = useSettled(draft);
  const last = useRef<InstancePreview | null>(null);
  const body = bodyOf(name, settled);
  // Until it has a name there is nothing to check, and an error for an empty form helps no one.
  const hasName = name !== null || settled.document['name'] !== undefined;
  const query = useQuery({
    queryKey: ['instance preview', name, body],
    queryFn: ({ signal }) => judged(client, name, body, signal),
    enabled: hasName,
    placeholderData: keepPreviousData,
    gcTime: 0,
    staleTime: 2_000,
  });
  const judgement = (hasName ? query.data : undefined) ?? NOTHING;
  if (judgement.preview !== null) last.current = judgement.preview;
  return {
    ...judgement,
    last: last.current,
    isChecking: settled !== draft || query.isFetching,
    error: query.error,
  };
}

const NOTHING: Judgement = { problems: [], preview: null };

/** The body that would save a draft. */
export function bodyOf(name: string | null, { base, document }: Draft): SettingsDocument {
  return name === null ? document : patchOf(base, document);
}

/** Judges the form of all settings, and the values of those whose form is right. */
async function judged(
  client: Client,
  name: string | null,
  body: SettingsDocument,
  signal: AbortSignal,
): Promise<Judgement> {
  const whole = await dryRun(client, name, body, signal);
  const rest = whole.preview === null ? restOfForm(body, whole.problems, name === null) : null;
  if (rest === null) return whole;
  const { problems } = await dryRun(client, name, rest, signal);
  return { problems: [...whole.problems, ...otherProblems(problems, whole.problems)], preview: null };
}

async function dryRun(
  client: Client,
  name: string | null,
  body: SettingsDocument,
  signal: AbortSignal,
): Promise<Judgement> {
  try {
    const { preview } = await saveSettings(client, { name, body, query: { dry_run: true }, signal });
    return { problems: preview?.problems ?? [], preview: preview ?? null };
  } catch (error) {
    // Only the form of the body is an error; all else stands in the preview.
    if (error instanceof ValidationError && error.problems.length > 0) {
      return { problems: error.problems, preview: null };
    }
    throw error;
  }
}

export interface Save {
  /** The instance to change; `null`: a new one. */
  name: string | null;
  body: SettingsDocument;
  /** The version that must still be stored. */
  etag?: string | null;
  query: { dry_run?: boolean; apply?: 'restart' };
  signal?: AbortSignal;
}

/** Creates or changes an instance. The server checks the form of the body. */
export async function saveSettings(
  client: Client,
  { name, body, etag = null, query, signal }: Save,
): Promise<InstanceUpdated> {
  const target = name === null ? '/api/instances' : path`/api/instances/${name}`;
  const headers = etag === null ? {} : { 'if-match': etag };
  const answer = await client.request<InstanceUpdated>(name === null ? 'POST' : 'PUT', target, {
    body,
    query,
    headers,
    signal,
  });
  return answer.body;
}

/** The problem of a setting, or of a part of it. */
export function problemAt(problems: readonly Problem[], at: string): Problem | null {
  return problems.find(({ path: where }) => where === at || where.startsWith(`${at}.`)) ?? null;
}

/** The problems that an error names; none: it is about the whole. */
export function problemsOf(error: unknown): readonly Problem[] {
  return error instanceof LlamactlError ? error.problems : [];
}

/** Returns the newest value that has stayed the same for a while. */
function useSettled<Value>(value: Value): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), QUIET_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
