import type { Status } from '@llamactl/client';
import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** Terminal colours, or none. */
export class Style {
  readonly #isColoured: boolean;

  constructor(isColoured: boolean) {
    this.#isColoured = isColoured;
  }

  of(format: Format, text: string): string {
    return this.#isColoured ? styleText(format, text, { validateStream: false }) : text;
  }

  strong(text: string): string {
    return this.of('bold', text);
  }

  faint(text: string): string {
    return this.of('dim', text);
  }

  good(text: string): string {
    return this.of('green', text);
  }

  warning(text: string): string {
    return this.of('yellow', text);
  }

  bad(text: string): string {
    return this.of('red', text);
  }

  /** @param text The text to colour; default the name of the status. */
  status(status: Status, text: string = status): string {
    switch (status) {
      case 'running':
        return this.good(text);
      case 'starting':
      case 'stopping':
      case 'restarting':
        return this.warning(text);
      case 'failed':
        return this.bad(text);
      case 'stopped':
        return this.faint(text);
    }
  }
}

/** Follows `NO_COLOR` (no-color.org) and `CLICOLOR_FORCE` (bixense.com/clicolors). */
export function isColoured(
  isTerminal: boolean,
  requested: boolean | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if (requested === false) return false;
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  if ((environment['CLICOLOR_FORCE'] ?? '0') !== '0') return true;
  return isTerminal && environment['TERM'] !== 'dumb';
}
