/** The limits of an account or a key, with the names of their labels. */
export const LIMITS = [
  ['max_in_flight', 'maxInFlight'],
  ['requests_per_minute', 'perMinute'],
  ['tokens_per_minute', 'tokensPerMinute'],
] as const;

type LimitName = (typeof LIMITS)[number][0];

/** Limits as a form has them. */
export type LimitTexts = Readonly<Record<LimitName, string>>;

/** Limits as the API has them; 0: no limit. */
export type LimitNumbers = Record<LimitName, number>;

export const NO_LIMITS: LimitTexts = { max_in_flight: '0', requests_per_minute: '0', tokens_per_minute: '0' };

/** The texts of the limits that an account has. */
export function limitTexts(limits: Readonly<LimitNumbers>): LimitTexts {
  return {
    max_in_flight: String(limits.max_in_flight),
    requests_per_minute: String(limits.requests_per_minute),
    tokens_per_minute: String(limits.tokens_per_minute),
  };
}

/** A whole number of at least 0; `null`: the text is none. */
export function wholeNumber(text: string): number | null {
  return /^\d{1,12}$/.test(text.trim()) ? Number(text) : null;
}

/** The limits as numbers; `null`: one of them is none. */
export function limitNumbers(limits: LimitTexts): LimitNumbers | null {
  const [inFlight, requests, tokens] = LIMITS.map(([name]) => wholeNumber(limits[name]));
  if (inFlight === undefined || requests === undefined || tokens === undefined) return null;
  if (inFlight === null || requests === null || tokens === null) return null;
  return { max_in_flight: inFlight, requests_per_minute: requests, tokens_per_minute: tokens };
}
