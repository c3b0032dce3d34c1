import { shellQuoted } from '../../format/shell-words.ts';
import { localServer } from './local-server.ts';
import { isLoopback } from './loopback.ts';
import { dataDirectoryOf, DEFAULT, type AddressParts, type ServerAddress } from './server-address.ts';

/** The server that the command line addressed, and the server of this machine. */
export interface Surrounds {
  address: ServerAddress;
  /** URL of the server that runs on this machine in the caller's data directory; `null`: none is known. */
  local: string | null;
  /** The data directory of the server on this machine. */
  ownDirectory: string;
  /** Whether a server uses the data directory of the address, even if it does not answer yet. */
  isInUse: boolean;
  /** The token that was sent is that of `LLAMACTL_TOKEN`. */
  isTokenOfVariable: boolean;
}

export function surroundsOf(
  address: ServerAddress,
  { environment, home }: Pick<AddressParts, 'environment' | 'home'>,
): Surrounds {
  const dataDirectory = directoryOf(address);
  const ownDirectory = address.expected?.dataDirectory ?? dataDirectoryOf(environment, home);
  const local = localServer(ownDirectory)?.url ?? null;
  const isInUse = dataDirectory !== null && localServer(dataDirectory) !== null;
  const isTokenOfVariable = address.token !== null && address.token === environment['LLAMACTL_TOKEN'];
  return { address, local, ownDirectory, isInUse, isTokenOfVariable };
}

/** The data directory of the addressed server; `null`: unknown. */
function directoryOf({ dataDirectory, expected }: ServerAddress): string | null {
  return dataDirectory ?? expected?.dataDirectory ?? null;
}

/** Whether a server runs on this machine at another address than the one that was tried. */
export function isElsewhere(place: Surrounds | null): boolean {
  return place !== null && place.local !== null && placeOf(place.local) !== placeOf(place.address.url);
}

/** Makes two spellings of one address equal. All loopback names of this machine become `localhost`. */
function placeOf(address: string): string {
  if (!URL.canParse(address)) return address;
  const { protocol, hostname, port, pathname } = new URL(address);
  const host = isLoopback(address) ? 'localhost' : hostname;
  return `${protocol}//${host}:${port}${pathname.replace(/\/+$/, '')}`;
}

/**
 * Hints for an address where no server answers: where the address comes from, and how to reach the server of this
 * machine.
 */
export function addressRemedies(place: Surrounds): string[] {
  const { context, source, url } = place.address;
  const dataDirectory = directoryOf(place.address);
  const { local, isInUse } = place;
  const isContext = context !== null && source !== '--url' && source !== 'LLAMACTL_URL';
  const origin = isContext ? `${url} is the address of the context ${context}` : `this address comes from ${source}`;
  return [
    ...(source === DEFAULT ? [] : [origin]),
    ...(local !== null && isElsewhere(place)
      ? [`a server on this machine answers at ${local}; ${wayTo(local, place.address)}`]
      : []),
    ...(dataDirectory !== null && isInUse ? [`the server of ${dataDirectory} is not ready`] : []),
    ...(place.address.dataDirectory !== null && !isInUse ? [`no server is running in ${dataDirectory}`] : []),
  ];
}

/** Says how to start the server that the command line names; `null`: a server of this machine runs. */
export function startAdvice(place: Surrounds): string | null {
  const { address, ownDirectory, isInUse } = place;
  if (isInUse || isElsewhere(place)) return null;
  const { dataDirectory: directory } = address;
  if (directory !== null) {
    const flags = directory === ownDirectory ? '' : ` --data-dir ${shellQuoted(directory)}`;
    return `Start it with \`llamactl up${flags}\`, or give the address of another.`;
  }
  if (!isLoopback(address.url)) return 'Start it there with `llamactl up`, or give the address of another.';
  return `Start one with \`llamactl up --port ${new URL(address.url).port || '80'}\`, or give the address of another.`;
}

/**
 * `--url` and `LLAMACTL_URL` take precedence over the current context, so `context use` helps only if the address comes
 * from that context.
 */
function wayTo(local: string, { context, source }: ServerAddress): string {
  return source === `the context ${context}` ? 'to use it: llamactl context use --local' : `to use it: --url ${local}`;
}
