import { LlamactlError, ProtocolError } from '@llamactl/client';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { errorText, type ErrorText } from '../../lib/error-text.ts';
import { useSlots } from './use-answers.ts';

/** One request whose answer comes as a whole, and which the user may stop. */
export interface Work<Input, Result> {
  run: (input: Input) => void;
  stop: () => void;
  isRunning: boolean;
  /** The last answer, with the seconds that it took; `null`: none yet, or it failed. */
  result: { value: Result; seconds: number } | null;
  error: ErrorText | null;
  /** Runs the last input again. */
  retry: () => void;
}

/** Statuses of an engine that does not have the path. */
const LACKING: ReadonlySet<number> = new Set([404, 405, 501]);

/**
 * Runs requests one after the other, in the slots of this browser.
 *
 * @param lacks The sentence for an engine that does not answer such requests.
 */
export function useWork<Input, Result>(
  work: (input: Input, signal: AbortSignal) => Promise<Result>,
  lacks: string,
): Work<Input, Result> {
  const slots = useSlots();
  const abort = useRef<AbortController>(null);
  const { mutate, isPending, data, error, variables } = useMutation({
    mutationFn: async (input: Input) => {
      abort.current?.abort();
      const own = new AbortController();
      abort.current = own;
      try {
        const begun = performance.now();
        const value = await slots.run(own.signal, () => work(input, own.signal));
        return { value, seconds: (performance.now() - begun) / 1_000 };
      } catch (failure) {
        // The user has stopped it.
        if (own.signal.aborted) return null;
        throw failure;
      }
    },
  });
  // The page no longer shows the answer.
  useEffect(() => () => abort.current?.abort(), []);
  return {
    run: mutate,
    stop: () => abort.current?.abort(),
    isRunning: isPending,
    result: data ?? null,
    error: error === null ? null : isLacking(error) ? { ...errorText(error), sentence: lacks } : errorText(error),
    retry: () => (variables === undefined ? undefined : mutate(variables)),
  };
}

/** Whether the engine, not llamactl, does not know the path. */
function isLacking(error: Error): boolean {
  if (error instanceof ProtocolError) return error.status !== null && LACKING.has(error.status);
  return error instanceof LlamactlError && LACKING.has(error.status) && error.code !== 'model_not_found';
}
