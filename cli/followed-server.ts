import { ConnectionError } from '@llamactl/client';
import { followedUrl } from './local-server.ts';
import { isSameAddress } from './server-address.ts';

/** A server that is found by its data directory, as it was found. */
interface Followed {
  url: string;
  /** `null`: it is not followed, its URL was given. */
  dataDirectory: string | null;
}

/**
 * To be asked before anything secret goes to a server that is followed: where it listened once, anybody may by now.
 *
 * @throws {ConnectionError} when it is not there: nothing was sent, and it may come back
 */
export function assertFollowed({ url, dataDirectory }: Followed): void {
  if (dataDirectory === null || isFollowed({ url, dataDirectory })) return;
  throw new ConnectionError(
    `No answer from ${url}: the server that was there does not run, and nobody else is asked. Start the server with \`llamactl serve\`, or give the address of another.`,
    { url, isUnsent: true },
  );
}

function isFollowed({ url, dataDirectory }: { url: string; dataDirectory: string }): boolean {
  const present = followedUrl(dataDirectory);
  return present !== null && isSameAddress(present, url);
}
