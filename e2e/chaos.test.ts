import { expect, it } from 'vitest';
import { isLong } from '../scripts/test-tier.ts';
import { perform, readPlan, shrinkInto } from './chaos/campaign.ts';
import { plan } from './chaos/plan.ts';

/**
 * Everything that can be done to the program and around it, in an order that a seed decides; and what has to be true all the
 * same. CONTRIBUTING.md tells how to run it for long, with other seeds, and what to do with one that fails.
 */

const variables = process.env;
const numberIn = (name: string): number | null => (variables[name] === undefined ? null : Number(variables[name]));
const seed = numberIn('LLAMACTL_TEST_SEED') ?? (isLong ? Math.floor(Math.random() * 2 ** 31) : 1);
const chosenSteps = numberIn('LLAMACTL_TEST_STEPS');
/** Kinds of steps that are left out, such as `fill the disk,reload`. */
const without = (variables['LLAMACTL_TEST_WITHOUT'] ?? '').split(',');
/** How long fewer steps are looked for with which it fails, seconds. */
const shrinkSeconds = numberIn('LLAMACTL_TEST_SHRINK') ?? 0;
const file = variables['LLAMACTL_TEST_PLAN'];
/** A whole day, where nothing but the steps says when it is over. */
const UNBOUNDED = 86_400;
const seconds = numberIn('LLAMACTL_TEST_SECONDS') ?? (chosenSteps === null ? (isLong ? 600 : 15) : UNBOUNDED);
/** Far more than there is time for. */
const STEPS_A_SECOND = 40;

const plans =
  file === undefined
    ? [{ name: `LLAMACTL_TEST_SEED=${seed}`, steps: plan(seed, chosenSteps ?? seconds * STEPS_A_SECOND, without) }]
    : [{ name: `LLAMACTL_TEST_PLAN=${file}`, steps: readPlan(file) }];

const timeout = (seconds + shrinkSeconds * 2 + 400) * 1_000;

it.each(plans)('chaos leaves everything as it has to be, $name', { timeout }, async ({ name, steps }) => {
  const { fault, text } = await perform(steps, seconds, name);
  const shrunk = fault === null || shrinkSeconds === 0 ? '' : await shrinkInto(steps, fault, shrinkSeconds);
  if (isLong || fault !== null) process.stdout.write(`${text}\n${shrunk}\n`);
  expect(fault).toBe(null);
});
