import { flawOfNumber, type NumberLimits } from '../../lib/number-limits.ts';

/** Limits of a number with both ends. */
interface ParameterLimits extends NumberLimits {
  least: number;
  most: number;
}

/** The parameters of an answer that have one number. */
export type NumberParameterKey = 'temperature' | 'top_p' | 'top_k' | 'min_p' | 'max_tokens' | 'seed';

/** A parameter of an answer that has one number. */
interface NumberParameter extends ParameterLimits {
  key: NumberParameterKey;
}

/** The parameters with one number, in the order of the form. */
export const NUMBER_PARAMETERS: readonly NumberParameter[] = [
  { key: 'temperature', least: 0, most: 5, isWhole: false },
  { key: 'top_p', least: 0, most: 1, isWhole: false },
  { key: 'top_k', least: 0, most: 100_000, isWhole: true },
  { key: 'min_p', least: 0, most: 1, isWhole: false },
  { key: 'max_tokens', least: 1, most: 10_000_000, isWhole: true },
  { key: 'seed', least: 0, most: 4_294_967_295, isWhole: true },
];

type ParameterKey = NumberParameterKey | 'stop';

/** Parameters as they were typed. An absent or empty one is left to the instance. `stop` has one text in each line. */
export type ParameterTexts = Readonly<Partial<Record<ParameterKey, string>>>;

/** Why a parameter is refused. A refused parameter is not sent. */
export interface ParameterProblem {
  kind: 'number' | 'whole' | 'range';
  least: number;
  most: number;
}

/** Returns why the text of a field is refused; `null`: it is valid, or empty. */
export function problemOf(limits: ParameterLimits, text: string): ParameterProblem | null {
  if (text.trim() === '') return null;
  const { least, most } = limits;
  const value = typedNumber(text);
  if (!Number.isFinite(value)) return { kind: 'number', least, most };
  const flaw = flawOfNumber(value, limits);
  return flaw === null ? null : { kind: flaw === 'notWhole' ? 'whole' : 'range', least, most };
}

/** Reads a number as people type it: `0.8`, or `0,8`. */
function typedNumber(text: string): number {
  return Number(text.replace(',', '.'));
}

/** Returns the fields of a request for valid parameters. */
export function parameterFields(texts: ParameterTexts): Record<string, number | string[]> {
  const fields: Record<string, number | string[]> = {};
  for (const parameter of NUMBER_PARAMETERS) {
    const text = texts[parameter.key] ?? '';
    if (text.trim() !== '' && problemOf(parameter, text) === null) fields[parameter.key] = typedNumber(text);
  }
  const stop = (texts.stop ?? '').split('\n').filter((line) => line !== '');
  if (stop.length > 0) fields['stop'] = stop;
  return fields;
}
