import type { Model, Starter } from '@llamactl/client';

/** Purposes that a newcomer can try at once, in the order of the page. */
const PURPOSES = ['small', 'general'] as const;

/** Chooses the smallest starter, which is there soon, and the largest general one that fits this machine. */
export function chosenStarters(starters: readonly Starter[]): Starter[] {
  return PURPOSES.flatMap((purpose) => {
    const fitting = starters.filter((starter) => starter.purpose === purpose && starter.fits === 'yes');
    const bySize = fitting.toSorted((one, other) => one.size - other.size);
    return (purpose === 'small' ? bySize[0] : bySize.at(-1)) ?? [];
  });
}

/** The models of this machine that can chat at once. */
export function usableModels(models: readonly Model[]): Model[] {
  return models.filter(({ problems, capabilities }) => problems.length === 0 && capabilities.includes('chat'));
}
