import type { Launch } from '../life/lifecycle.ts';
import type { LaunchPlan } from '../ports/runs.ts';

/** Placeholder for the key in the argv of a plan. */
const PLACEHOLDER = '${API_KEY}';
const MASK = '***';

/** Whether an engine takes a key. Each of its runs then gets a random key. */
export function takesKey({ keyVariable, keyArguments = [] }: LaunchPlan): boolean {
  return keyVariable !== null || keyArguments.length > 0;
}

/** The plan to spawn, with the key in its arguments. Do not store or show it. */
export function planWithKey({ plan, key }: Launch): LaunchPlan {
  const { keyArguments = [] } = plan;
  if (key === null || keyArguments.length === 0) return plan;
  const places = new Set(keyArguments);
  return {
    ...plan,
    argv: plan.argv.map((word, index) => (places.has(index) ? word.replaceAll(PLACEHOLDER, key) : word)),
  };
}

/** Text from an engine, with the key of its run replaced by `***`. */
export function withoutKey(text: string, key: string | null): string {
  return key === null || key === '' ? text : text.replaceAll(key, MASK);
}
