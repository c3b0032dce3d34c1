import { localServer } from './local-server.ts';
import { dataDirectoryOf, DEFAULT, type AddressParts, type ServerAddress } from './server-address.ts';

/** The server that was talked to, and the one of this machine. */
export interface Surrounds {
  address: ServerAddress;
  /** URL of the server that runs on this machine in the caller's data directory; `null`: none is known. */
  local: string | null;
}

export function surroundsOf(
  address: ServerAddress,
  { environment, home }: Pick<AddressParts, 'environment' | 'home'>,
): Surrounds {
  return { address, local: localServer(dataDirectoryOf(environment, home))?.url ?? null };
}

/** Whether a server runs here, at another address than the one that was tried. */
export function isElsewhere(place: Surrounds | null): boolean {
  return place !== null && place.local !== null && place.local !== place.address.url;
}

/** What helps where nobody answers, or not under that name: whence the address is, and how to get to the server that runs here. */
export function addressRemedies(place: Surrounds): string[] {
  const { context, source, url, dataDirectory } = place.address;
  const { local } = place;
  const isContext = context !== null && source !== '--url' && source !== 'LLAMACTL_URL';
  const whence = isContext ? `${url} is the address of the context ${context}` : `that address is from ${source}`;
  return [
    ...(source === DEFAULT ? [] : [whence]),
    ...(local !== null && isElsewhere(place)
      ? [`on this machine a server answers at ${local}: ${wayTo(local, place.address)}`]
      : []),
    ...(local === null && dataDirectory !== null ? [`no server uses ${dataDirectory} now`] : []),
  ];
}

/** A flag or a variable goes before what is current. */
function wayTo(local: string, { context, source }: ServerAddress): string {
  return source === `the context ${context}` ? 'llamactl context use --local goes there' : `--url ${local} goes there`;
}
