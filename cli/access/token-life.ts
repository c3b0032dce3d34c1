/** From when to when a token counts, in milliseconds since the epoch. */
export interface TokenLife {
  from: number;
  until: number;
}

/** What a token of a log-in says of itself, unverified: good for planning, proof of nothing. `null`: a key, or no token. */
export function tokenLife(token: string): TokenLife | null {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof claims !== 'object' || claims === null || !('iat' in claims) || !('exp' in claims)) return null;
    const { iat, exp } = claims;
    return typeof iat === 'number' && typeof exp === 'number' ? { from: iat * 1_000, until: exp * 1_000 } : null;
  } catch {
    // Not JSON: somebody else's credentials, which are sent as they are.
    return null;
  }
}

/** Whether more than half of it is over, but not all. */
export function isDueForRenewal({ from, until }: TokenLife, now: number): boolean {
  return now >= (from + until) / 2 && now < until;
}
