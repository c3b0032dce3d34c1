import type { CreateInstance, InstanceCreated } from '@llamactl/client';
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
  return attempted(() => client.createInstance(body, { signal, ...(isDryRun && { dry_run: true }) }));
}

/** Sends a body that the server may refuse. The answer to a dry run has its problems and warnings in the preview. */
export async function attempted<Answer extends Pick<InstanceCreated, 'warnings' | 'preview'>>(
  send: () => Promise<Answer>,
): Promise<Attempt & { answer: Answer | null }> {
  const { LlamactlError } = await import('@llamactl/client');
  try {
    const answer = await send();
    const { problems = [], warnings = answer.warnings ?? [] } = answer.preview ?? {};
    return { answer, problems, warnings: [...warnings], error: problems.length === 0 ? null : sentenceOf(problems) };
  } catch (error) {
    if (!(error instanceof LlamactlError)) throw error;
    const { problems, message } = error;
    // With several problems the message has only the first.
    return { answer: null, problems, warnings: [], error: problems.length > 1 ? sentenceOf(problems) : message };
  }
}

function sentenceOf(problems: Attempt['problems']): string {
  return problems.map(({ path, message }) => `${path} ${message}`.trim()).join('; ');
}
