import type { Model } from '@llamactl/client';
import type { SORTED_BY } from './models-search.ts';

type SortedBy = (typeof SORTED_BY)[number];

/** Sorts models; those without a value come last. */
export function sortedModels(models: readonly Model[], by: SortedBy, order: 'up' | 'down'): Model[] {
  const sign = order === 'up' ? 1 : -1;
  return models.toSorted((one, other) => compare(valueOf(one, by), valueOf(other, by), sign) || byName(one, other));
}

/** The models that have all words of a search. */
export function filteredModels(models: readonly Model[], search: string): readonly Model[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return models;
  return models.filter((model) => {
    const { name, ref, architecture, quantization, path, capabilities } = model;
    const text = [name, ref, architecture, quantization, path, ...capabilities].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function valueOf(model: Model, by: SortedBy): string | number | null {
  switch (by) {
    case 'name':
      return model.name;
    case 'parameters':
      return model.parameters;
    case 'quant':
      return model.quantization;
    case 'context':
      return model.context;
    case 'size':
      return model.size;
    case 'source':
      return model.source;
    case 'used':
      return model.used_by.length;
  }
}

const COLLATOR = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

function compare(one: string | number | null, other: string | number | null, sign: number): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  if (typeof one === 'number' && typeof other === 'number') return sign * (one - other);
  return sign * COLLATOR.compare(String(one), String(other));
}

function byName(one: Model, other: Model): number {
  return COLLATOR.compare(one.name, other.name);
}
