/** The validity of a token, in milliseconds since the epoch. */
export interface TokenLife {
  from: number;
  until: number;
}

/**
 * Reads the validity of a log-in token without verifying the signature, so use it only for planning. `null`: a key, or
 * no token.
 */
export function tokenLife(token: string): TokenLife | null {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof claims !== 'object' || claims === null || !('iat' in claims) || !('exp' in claims)) return null;
    const { iat, exp } = claims;
    return typeof iat === 'number' && typeof exp === 'number' ? { from: iat * 1_000, until: exp * 1_000 } : null;
  } catch {
    // Not JSON: other credentials, which are sent unchanged.
    return null;
  }
}

/** Whether more than half of the validity is over, but not all. */
export function isDueForRenewal({ from, until }: TokenLife, now: number): boolean {
  return now >= (from + until) / 2 && now < until;
}
