import type { Launch } from '../life/lifecycle.ts';
import type { LaunchPlan } from '../ports.ts';

/** Stands for the key in the argv of a plan. */
const PLACEHOLDER = '${API_KEY}';
const MASK = '***';

/** Whether an engine takes a key: each run then gets a random one. */
export function takesKey({ keyVariable, keyArguments = [] }: LaunchPlan): boolean {
  return keyVariable !== null || keyArguments.length > 0;
}

/** The plan to spawn: with the key in its arguments. It must not be stored or shown. */
export function planWithKey({ plan, key }: Launch): LaunchPlan {
  const { keyArguments = [] } = plan;
  if (key === null || keyArguments.length === 0) return plan;
  const places = new Set(keyArguments);
  return {
    ...plan,
    argv: plan.argv.map((word, index) => (places.has(index) ? word.replaceAll(PLACEHOLDER, key) : word)),
  };
}

/** A text that an engine wrote, with `***` for the key of its run. */
export function withoutKey(text: string, key: string | null): string {
  return key === null || key === '' ? text : text.replaceAll(key, MASK);
}
