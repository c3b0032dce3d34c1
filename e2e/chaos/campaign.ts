import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Chaos } from './chaos.ts';
import type { Fault } from './faults.ts';
import type { Step } from './plan.ts';
import { report } from './report.ts';
import { shrink } from './shrink.ts';
import { whyNoSmallDisk } from './small-disk.ts';

/** What came of some steps. */
export interface Outcome {
  /** The first; `null`: all went well. */
  fault: Fault | null;
  /** For a person. */
  text: string;
}

/** Takes steps in a world of their own. @param name What they are called. */
export async function perform(steps: readonly Step[], seconds: number, name: string): Promise<Outcome> {
  const noDisk = whyNoSmallDisk();
  const begun = performance.now();
  const chaos = await Chaos.begin(noDisk === null);
  try {
    await chaos.run(steps, seconds * 1_000);
    const spent = (performance.now() - begun) / 1_000;
    return { fault: chaos.faults.first, text: report(chaos, { name, steps, seconds: spent, noDisk }) };
  } finally {
    await chaos.dispose();
  }
}

/** Looks for fewer steps with the same kind of fault, and writes them into a file. @returns what was found, for a person */
export async function shrinkInto(steps: readonly Step[], fault: Fault, seconds: number): Promise<string> {
  const end = performance.now() + seconds * 1_000;
  let tries = 0;
  const fails = async (fewer: readonly Step[]): Promise<boolean> => {
    tries += 1;
    const outcome = await perform(fewer, seconds, 'fewer steps');
    return outcome.fault?.kind === fault.kind;
  };
  const taken = steps.filter(({ mark }) => mark <= fault.mark);
  const left = await shrink(taken, fails, () => performance.now() > end);
  const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'llamactl-plan-')), 'plan.json');
  writeFileSync(file, `${JSON.stringify(left, null, 1)}\n`);
  return [
    `shrunk from ${taken.length} steps to ${left.length} in ${tries} tries; again: LLAMACTL_TEST_PLAN=${file}`,
    ...left.map((step) => JSON.stringify(step)),
  ].join('\n');
}

/** The steps of a file that was written by {@link shrinkInto}. */
export function readPlan(file: string): Step[] {
  return JSON.parse(readFileSync(file, 'utf8')) as Step[];
}
