import type { Chaos } from './chaos.ts';
import type { Step } from './plan.ts';

/** So much of the server's log is shown. */
const TAIL = 60;
const LAST_STEPS = 40;

interface ReportParts {
  /** Of the steps. */
  name: string;
  steps: readonly Step[];
  seconds: number;
  noDisk: string | null;
}

/** What there was, for a person, and what was wrong. */
export function report(chaos: Chaos, { name, steps, seconds, noDisk }: ReportParts): string {
  const { faults, api, rules, rests, chain } = chaos;
  const listed = (counts: ReadonlyMap<string, number>): string =>
    [...counts]
      .map(([what, count]) => `${what} ${count}`)
      .toSorted()
      .join(', ');
  const lines = [
    `${name}: ${chaos.steps} steps in ${seconds.toFixed(0)} s (${(chaos.steps / seconds).toFixed(1)} a second), ${rests.count} rests of ${(rests.milliseconds / 1_000).toFixed(0)} s, ${chain.count} events, ${rules.looks} looks at processes, at most ${rules.most} runs`,
    ...(noDisk === null ? [] : [`without a full disk: ${noDisk}`]),
    listed(api.counts),
    listed(chain.entered),
  ];
  if (faults.first === null) return lines.join('\n');
  const taken = steps.filter(({ mark }) => mark <= (faults.first?.mark ?? 0)).slice(-LAST_STEPS);
  return [
    ...lines,
    ...faults.all.map(({ kind, what, mark }) => `FAULT after step ${mark}: ${kind}: ${what}`),
    'The last steps:',
    ...taken.map((step) => JSON.stringify(step)),
    'The log of the server:',
    ...chaos.log.slice(-TAIL),
  ].join('\n');
}
