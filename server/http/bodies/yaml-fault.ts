import { ApiError } from '@llamactl/contract/errors';
import type { LineCounter } from 'yaml';

/** Line and column of an offset, in words. */
export function place(offset: number, lines: LineCounter): string {
  const { line, col } = lines.linePos(offset);
  return `line ${line}, column ${col}`;
}

/** A message with its place before it. */
export function placed(message: string, offset: number, lines: LineCounter): string {
  return `${place(offset, lines)}: ${message}`;
}

/** The error for YAML that is refused. */
export function fault(...details: string[]): ApiError {
  return new ApiError('VALIDATION_ERROR', 'The body is not YAML that can be read here.', {
    details: details.join('; '),
    problems: details.map((detail) => ({ path: '', message: detail })),
  });
}
