import { exactMemory } from '../../../format/figures.ts';
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
  const held = pinned === 0 ? '' : `, because pinned instances hold ${exactMemory(pinned)}`;
  const fits =
    suggestions.length === 0 ? [] : [`it would fit with ${suggestions.map(({ label }) => label).join(', or with ')}`];
  const setting = limit === null ? '' : `\`memory.devices.${limit}.limit_mb\` or `;
  // A machine that swaps most of a model is of no use, so only another launch helps far beyond the room.
  const isFar = limit === null && need > most * MOST_OVERCOMMIT && fits.length > 0;
  const raise = isFar ? [] : [`raise ${setting}\`memory.overcommit\` (now ${overcommit})`];
  const remedy = [...fits, ...raise].join('; or ');
  return `it needs ${exactMemory(need)} of ${device}, and can get at most ${exactMemory(most)}${held}; ${remedy}`;
}
