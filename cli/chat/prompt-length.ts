import { shellQuoted } from '../../format/shell-words.ts';

/** llama-server's code for a prompt that is longer than its context. */
const TOO_LONG = 'exceed_context_size_error';

/** The remedy for a prompt that is too long. Empty: another error. */
export function waysForLongPrompt(error: unknown, instance: string): string[] {
  const isTooLong = error instanceof Error && 'code' in error && String(error.code).toLowerCase() === TOO_LONG;
  return isTooLong
    ? [`for a larger context: llamactl update ${shellQuoted(instance)} -o ctx_size=NUMBER --restart`]
    : [];
}
