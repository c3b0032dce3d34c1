import { ApiError, MOST_PROBLEMS } from '@llamactl/contract/errors';
import type { Problem } from '@llamactl/contract/errors';
import { nameOf } from './overrides.ts';
import type { Override } from './overrides.ts';
import type { PlacedProblem } from './compose.ts';
import { sentenceOf, shown } from './issues.ts';
import { valueAt } from './record.ts';
import type { Values } from './record.ts';

/** Errors for refused changes of the configuration. Nothing was written. */

/**
 * The changed configuration would be invalid. A problem that the patch did not cause is reported with its place in the
 * file.
 */
export function invalid(problems: readonly PlacedProblem[], patch: Values): ApiError {
  const listed = problems.slice(0, MOST_PROBLEMS).map((problem) => {
    const isFromPatch = valueAt(patch, problem.path.slice(0, 2)) !== undefined;
    const where = isFromPatch || problem.place === null ? '' : ` (${problem.place})`;
    return {
      sentence: sentenceOf(problem),
      path: shown(problem.path),
      message: problem.words.replace(/\.$/, '') + where,
    };
  });
  const sentences = listed.map(({ sentence }) => sentence);
  return several(
    'VALIDATION_ERROR',
    sentences,
    listed.map(({ path, message }) => ({ path, message })),
  );
}

/** The file cannot be read, or is not valid YAML. */
export function unreadable(problems: readonly string[]): ApiError {
  return several(
    'VALIDATION_ERROR',
    problems,
    problems.map((message) => ({ path: '', message })),
  );
}

/** The caller may not change these keys. @param reasons By dotted key. */
export function forbidden(reasons: ReadonlyMap<string, string>): ApiError {
  const sentences = [...reasons].map(([path, reason]) => `${path} ${reason}.`);
  return several(
    'FORBIDDEN',
    sentences,
    [...reasons].map(([path, message]) => ({ path, message })),
  );
}

/** Variables or flags override these keys. @param winners The overrides that win over the file. */
export function pinned(winners: readonly Override[]): ApiError {
  const reasons = winners.map((winner) => ({
    path: winner.key.name,
    message: pinnedBy(winner),
  }));
  return several(
    'CONFIG_PINNED',
    reasons.map(({ path, message }) => `${path} ${message}.`),
    reasons,
  );
}

/** Why a key that an override decides cannot be changed, as words that continue a sentence after the key's name. */
export function pinnedBy(winner: Override): string {
  return `is set by ${nameOf(winner)}, which wins over the file: change it there`;
}

/** The file cannot be written. @param reason Half a sentence about the file. */
export function unwritable(path: string, reason: string): ApiError {
  return new ApiError(
    'CONFIG_READ_ONLY',
    `The configuration file ${path} cannot be written: ${reason}. Nothing was changed.`,
  );
}

function several(
  code: 'VALIDATION_ERROR' | 'FORBIDDEN' | 'CONFIG_PINNED',
  sentences: readonly string[],
  problems: readonly Problem[],
): ApiError {
  const [first = ''] = sentences;
  const more = sentences.length - 1;
  const message =
    more > 0 ? `${first.replace(/\.$/, '')} (and ${more} more ${more === 1 ? 'problem' : 'problems'})` : first;
  return new ApiError(code, message, { details: more > 0 ? sentences.join(' ') : '', problems });
}
