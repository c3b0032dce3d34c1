import type { LaunchSuggestion } from '../ports/machine-memory.ts';
import type { Shortage } from './memory-ledger.ts';
import type { MemoryTerms } from './memory-terms.ts';

/** How many times its room a need may be, so that a larger `memory.overcommit` is advice. */
const MOST_OVERCOMMIT = 2;

/** Says to people why an instance cannot have the memory that it needs, and what helps; a clause. */
export function shortageText(
  { device, need, most, pinned, limit }: Shortage,
  suggestions: readonly LaunchSuggestion[],
  { overcommit }: Pick<MemoryTerms, 'overcommit'>,
): string {
  const held = pinned === 0 ? '' : `, because pinned instances hold ${sizeText(pinned)}`;
  const fits =
    suggestions.length === 0 ? [] : [`it would fit with ${suggestions.map(({ label }) => label).join(', or with ')}`];
  const setting = limit === null ? '' : `\`memory.devices.${limit}.limit_mb\` or `;
  // A machine that swaps most of a model is of no use, so only another launch helps far beyond the room.
  const isFar = limit === null && need > most * MOST_OVERCOMMIT && fits.length > 0;
  const raise = isFar ? [] : [`raise ${setting}\`memory.overcommit\` (now ${overcommit})`];
  const remedy = [...fits, ...raise].join('; or ');
  return `it needs ${sizeText(need)} of ${device}, and can get at most ${sizeText(most)}${held}; ${remedy}`;
}

/** Two digits after the point, because need and room may be close. */
function sizeText(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  if (mebibytes < 1_000) return `${Math.round(mebibytes * 100) / 100} MiB`;
  const gibibytes = mebibytes / 1_024;
  return gibibytes < 1_000 ? `${gibibytes.toFixed(2)} GiB` : `${(gibibytes / 1_024).toFixed(2)} TiB`;
}
