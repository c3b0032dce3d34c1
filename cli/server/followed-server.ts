import { ConnectionError } from '@llamactl/client';
import { followedUrl } from './local-server.ts';
import { isSameAddress } from './server-address.ts';

/** The address of a server, as it was resolved. */
interface Followed {
  url: string;
  /** The data directory that gave the URL; `null`: the URL was given directly. */
  dataDirectory: string | null;
}

/**
 * Checks that a server found by its data directory still runs. Call it before sending a secret: anyone may listen at
 * its old address.
 *
 * @throws {ConnectionError} when it does not run: nothing was sent, and it may come back
 */
export function assertFollowed({ url, dataDirectory }: Followed): void {
  if (dataDirectory === null || isFollowed({ url, dataDirectory })) return;
  throw new ConnectionError(
    `No server is running for ${dataDirectory}, so nothing was sent to ${url}, its last address. Start it with \`llamactl up\`, or choose another with --url.`,
    { url, isUnsent: true },
  );
}

function isFollowed({ url, dataDirectory }: { url: string; dataDirectory: string }): boolean {
  const present = followedUrl(dataDirectory);
  return present !== null && isSameAddress(present, url);
}
