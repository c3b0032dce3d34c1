/** The numbers that a field takes; both ends included. */
export interface NumberLimits {
  /** `null`: no limit. */
  least: number | null;
  most: number | null;
  isWhole: boolean;
}

/** Why a number keeps no limit. */
export type NumberFlaw = 'notWhole' | 'outside';

/** The limit that a number does not keep; `null`: it keeps all. */
export function flawOfNumber(value: number, { least, most, isWhole }: NumberLimits): NumberFlaw | null {
  if (isWhole && !Number.isInteger(value)) return 'notWhole';
  return (least !== null && value < least) || (most !== null && value > most) ? 'outside' : null;
}
