import type { CreateInstance, InstanceCreated, InstanceUpdated } from '@llamactl/client';
import type { Session } from '../command-line.ts';

/** The result of an attempt to create or change an instance. */
export interface Attempt {
  problems: readonly { path: string; message: string }[];
  warnings: string[];
  /** Why the server refused the body, or would; `null`: it took it, or would. */
  error: string | null;
}

/** Creates an instance, or asks the server whether it would. A refusal is part of the result. */
export function triedCreate({ client, signal }: Session, body: CreateInstance, isDryRun: boolean): Promise<Attempt> {
  return tried(() => client.createInstance(body, { signal, ...(isDryRun && { dry_run: true }) }));
}

/** Waits for the answer to a change or its dry run. A refusal, or the problems that a dry run found, are part of the result. */
export async function tried(
  act: () => Promise<Pick<InstanceCreated | InstanceUpdated, 'warnings' | 'preview'>>,
): Promise<Attempt> {
  const { LlamactlError } = await import('@llamactl/client');
  try {
    const { preview, warnings = preview?.warnings ?? [] } = await act();
    const problems = preview?.problems ?? [];
    return { problems, warnings, error: problems.length === 0 ? null : sentenceOf(problems) };
  } catch (error) {
    if (!(error instanceof LlamactlError)) throw error;
    const { problems, message } = error;
    // With several problems the message has only the first.
    return { problems, warnings: [], error: problems.length > 1 ? sentenceOf(problems) : message };
  }
}

function sentenceOf(problems: Attempt['problems']): string {
  return problems.map(({ path, message }) => `${path} ${message}`.trim()).join('; ');
}
