import { isElsewhere, type Surrounds } from './address-remedies.ts';
import { isOwnAddress } from './own-address.ts';

/**
 * Names the server of the current context if it is not the one of this machine, because nothing on the command line
 * names it. `null`: it is the server of this machine, or the command line chose the server.
 */
export function contextNote(place: Surrounds): string | null {
  const { context, source, url } = place.address;
  if (context === null || source !== `the context ${context}`) return null;
  return isOwnAddress(url) && !isElsewhere(place) ? null : `on ${context} (${url})`;
}
