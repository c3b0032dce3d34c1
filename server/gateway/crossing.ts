import type { Crossing } from '../instances/ports/engine-adapter.ts';
import { isWithin } from './dialects.ts';
import type { ClosedToCallers } from './gateway-ports.ts';
import { pathOnly } from './headers.ts';

/** Matches a path that all engines read in the same way. Nearly all requests have such a path. */
const PLAIN = /^(?:\/[a-z0-9._-]*[a-z0-9_-])+$/;
/** `%uXXXX` is no URL encoding of any standard, but llama-server decodes it. */
const ESCAPE = /%u([0-9a-f]{4})|%([0-9a-f]{2})/gi;
/** Most rounds of decoding: an escaped escape needs a second one. No engine decodes more often than this. */
const MOST_ROUNDS = 4;
/**
 * The end of a segment that an engine, or a proxy in front of it, may cut off: parameters, an escaped query, anything
 * after NUL.
 */
const SEGMENT_END = /[;?#\0].*$/s;

/**
 * Returns what `/v1` blocks: every crossing that any engine declares, for all engines alike. So a request can be
 * refused before its model and engine are known, and the refusal does not show which engine serves a model. A path that
 * crosses callers in one engine has no harmless meaning in another.
 */
export function closedToCallers(crossings: readonly Crossing[]): ClosedToCallers {
  const paths = crossings.flatMap((each) => each.paths);
  const whole = [...new Set(paths.filter((path) => !path.endsWith('/*')))];
  const below = [...new Set(paths.filter((path) => path.endsWith('/*')).map((path) => path.slice(0, -1)))];
  const open = new Set(crossings.flatMap(({ except }) => except));
  const isClosed = (path: string): boolean =>
    whole.some((each) => isWithin(path, each)) || below.some((each) => path.startsWith(each));
  return {
    headers: new Set(crossings.flatMap(({ headers }) => headers)),
    covers: (url) => {
      const path = pathOnly(url);
      // An exception is open only in its exact spelling.
      if (open.has(path)) return false;
      if (PLAIN.test(path)) return isClosed(path);
      const segments = segmentsOf(path);
      return isClosed(`/${segments.join('/')}`) || isClosed(`/${resolved(segments).join('/')}`);
    },
  };
}

function resolved(segments: readonly string[]): string[] {
  const left: string[] = [];
  for (const segment of segments) {
    if (segment === '..') left.pop();
    else left.push(segment);
  }
  return left;
}

/**
 * Returns the segments of a path in the loosest reading of all engines: decoded, in lower case, without parameters, empty
 * segments and `.`. A stricter engine answers 404 to a path that is equal only in this reading.
 */
function segmentsOf(path: string): string[] {
  const segments: string[] = [];
  for (const part of decoded(path).toLowerCase().split(/[/\\]/)) {
    const segment = part.replace(SEGMENT_END, '').trim();
    if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return segments;
}

function decoded(path: string): string {
  let text = path;
  for (let round = 0; round < MOST_ROUNDS && text.includes('%'); round += 1) {
    const next = text.replace(ESCAPE, (_escape, unicode?: string, byte?: string) =>
      String.fromCharCode(Number.parseInt(unicode ?? byte ?? '', 16)),
    );
    if (next === text) break;
    text = next;
  }
  return text;
}
