import { z } from 'zod';
import { type FirstTokenTimes, noTimes } from './first-token-times.ts';
import { packText, unpackText } from './packed-text.ts';
import type { KeptSteps } from './step-levels.ts';
import { STEP_FIELDS, type Step } from './step-ring.ts';
import type { SystemStep } from './system-history.ts';

/**
 * The form in which histories are kept over a restart: compressed JSON, at most some 40 KB for each instance. A file that
 * cannot be read, or is of another version, counts as missing.
 */
const VERSION = 1;

/**
 * The numbers of a step, in the order of {@link STEP_FIELDS}. If it has requests: their four numbers, then the buckets of
 * times with their counts: index, count, index, count, …
 */
const RowSchema = z.array(z.number()).min(STEP_FIELDS.length);
const MeanSchema = z.object({ value: z.number(), seconds: z.number() });
const SystemStepSchema = z.object({
  end: z.number(),
  seconds: z.number(),
  cpu: z.number(),
  memory: z.number(),
  disk: z.number(),
  gpus: z.array(
    z.object({
      index: z.number(),
      vendor: z.enum(['nvidia', 'amd']),
      memory: MeanSchema,
      utilization: MeanSchema,
      temperature: MeanSchema,
      power: MeanSchema,
    }),
  ),
});
const of = <Row extends z.ZodType>(row: Row) =>
  z.object({ version: z.literal(VERSION), seconds: z.number(), middle: z.array(row), coarse: z.array(row) });
const InstanceSchema = of(RowSchema);
const SystemSchema = of(SystemStepSchema);

/** @param seconds Length of the steps in `middle`. */
export async function packedSteps({ middle, coarse }: KeptSteps<Step>, seconds: number): Promise<Buffer> {
  return packed({ seconds, middle: middle.map(rowOf), coarse: coarse.map(rowOf) });
}

/** `null`: the bytes are no history, or one with other steps. */
export async function unpackedSteps(bytes: Buffer, seconds: number): Promise<KeptSteps<Step> | null> {
  const { success, data } = InstanceSchema.safeParse(await unpacked(bytes));
  if (!success || data.seconds !== seconds) return null;
  return { middle: data.middle.map(stepOf), coarse: data.coarse.map(stepOf) };
}

/** @param seconds Length of the steps in `middle`. */
export async function packedSystemSteps({ middle, coarse }: KeptSteps<SystemStep>, seconds: number): Promise<Buffer> {
  return packed({ seconds, middle, coarse });
}

/** `null`: the bytes are no history, or one with other steps. */
export async function unpackedSystemSteps(bytes: Buffer, seconds: number): Promise<KeptSteps<SystemStep> | null> {
  const { success, data } = SystemSchema.safeParse(await unpacked(bytes));
  return success && data.seconds === seconds ? data : null;
}

async function packed(value: object): Promise<Buffer> {
  const text = JSON.stringify({ version: VERSION, ...value }, (_key, each: unknown) =>
    // three decimals are more than a chart shows
    typeof each === 'number' ? Math.round(each * 1_000) / 1_000 : each,
  );
  return packText(text);
}

async function unpacked(bytes: Buffer): Promise<unknown> {
  try {
    return JSON.parse((await unpackText(bytes)) ?? 'null') as unknown;
  } catch {
    // whatever is wrong with it: without a history, a new one begins
    return null;
  }
}

function rowOf({ served, ...step }: Step): number[] {
  const numbers = STEP_FIELDS.map((field) => step[field]);
  if (served === null) return numbers;
  const times = [...(served.firstTokens ?? [])].flatMap((each, index) => (each > 0 ? [index, each] : []));
  return [...numbers, served.requests, served.tokensIn, served.tokensOut, served.waitingMax, ...times];
}

function stepOf(row: readonly number[]): Step {
  const numbers = Object.fromEntries(STEP_FIELDS.map((field, index) => [field, row[index] ?? 0])) as Record<
    (typeof STEP_FIELDS)[number],
    number
  >;
  const [requests, tokensIn = 0, tokensOut = 0, waitingMax = 0, ...counted] = row.slice(STEP_FIELDS.length);
  if (requests === undefined) return { ...numbers, served: null };
  const firstTokens = counted.length === 0 ? null : timesOf(counted);
  return { ...numbers, served: { requests, tokensIn, tokensOut, waitingMax, firstTokens } };
}

/** @param counted Index, count, index, count, … */
function timesOf(counted: readonly number[]): FirstTokenTimes {
  const times = noTimes();
  for (let at = 0; at + 1 < counted.length; at += 2) times[counted[at] ?? 0] = counted[at + 1] ?? 0;
  return times;
}
