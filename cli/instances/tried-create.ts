import type { CreateInstance } from '@llamactl/client';
import type { Session } from '../command-line.ts';

/** The result of an attempt to create an instance. */
export interface Attempt {
  problems: readonly { path: string; message: string }[];
  warnings: string[];
  /** Why the server refused the body, or would; `null`: it took it, or would. */
  error: string | null;
}

/** Creates an instance, or asks the server whether it would. A refusal is part of the result. */
export async function triedCreate(
  { client, signal }: Session,
  body: CreateInstance,
  isDryRun: boolean,
): Promise<Attempt> {
  const { LlamactlError } = await import('@llamactl/client');
  try {
    const { warnings = [], preview } = await client.createInstance(body, {
      signal,
      ...(isDryRun && { dry_run: true }),
    });
    const problems = preview?.problems ?? [];
    const [first] = problems;
    return { problems, warnings, error: first === undefined ? null : `${first.path} ${first.message}`.trim() };
  } catch (error) {
    if (!(error instanceof LlamactlError)) throw error;
    return { problems: error.problems, warnings: [], error: error.message };
  }
}
