import { existsSync } from 'node:fs';
import path from 'node:path';
import { ConnectionError, LlamactlError, ProtocolError, TimeoutError } from '@llamactl/client';
import { errorWords, fileOf, reasonOf } from '@llamactl/contract/reason';
import { addressRemedies, isElsewhere, startAdvice, type Surrounds } from './server/address-remedies.ts';
import { DEFAULT } from './server/server-address.ts';
import { EXIT, type ExitStatus } from './exit-status.ts';
import { codeOf, Problem } from './problem.ts';
import { plain } from './screen/text.ts';

/** How the program ends after an error: its message and exit status. */
export interface Failure {
  status: ExitStatus;
  /** The message, then hints. */
  lines: readonly string[];
  /** The same for `--json`, in the shape of an API error. */
  json: Readonly<{ error: string; code: string } & Record<string, unknown>>;
}

/**
 * Turns an error into a message and an exit status.
 *
 * @param hasToken Whether credentials were sent.
 * @param place The addressed server; leave it out if the caller reports it.
 */
export function failureOf(error: unknown, hasToken: boolean, place: Surrounds | null = null): Failure {
  if (error instanceof LlamactlError) return refusal(error, hasToken, place);
  if (error instanceof Problem) return failure(error.status, error.message, error.code, error.remedies);
  if (error instanceof TimeoutError) return failure(EXIT.unreachable, error.message, 'TIMEOUT');
  if (error instanceof ConnectionError) return unreachable(error, place);
  if (error instanceof ProtocolError) return failure(EXIT.failed, error.message, 'PROTOCOL', [ANOTHER]);
  if (isAbort(error)) return failure(EXIT.interrupted, 'interrupted', 'INTERRUPTED');
  const file = fileOf(error);
  const message = file === null ? reasonOf(error) : `${file}: ${errorWords(error)}`;
  const [first = '', ...more] = message.split('\n');
  const { json, ...shown } = failure(EXIT.failed, first, codeOf(EXIT.failed), more);
  return { ...shown, json: { ...json, error: [first, ...more].join(' ') } };
}

function refusal(error: LlamactlError, hasToken: boolean, place: Surrounds | null): Failure {
  const { status, code, details, requestId, problems } = error;
  const isOfVariable = hasToken && place?.isTokenOfVariable === true;
  const rejected = isOfVariable ? VARIABLE_REJECTED : REJECTED;
  const again = isOfVariable ? WITHOUT_VARIABLE : 'log in again: llamactl login';
  const lines = [
    code === 'UNAUTHORIZED' ? (hasToken ? rejected : notLoggedIn(place)) : asCommands(error.message),
    // A single problem is usually part of the message already.
    ...(problems.length > 1 || !problems.every(({ message }) => error.message.includes(message))
      ? problems.map(({ path, message }) => `  ${path === '' ? '' : `${path} `}${asCommands(message)}`)
      : []),
    ...(status === 401 && code !== 'INVALID_CREDENTIALS'
      ? [hasToken ? again : place?.address.isTokenKept === true ? TOKEN_KEPT : LOG_IN]
      : []),
    ...(status === 401 && !hasToken && place !== null ? firstPassword(place) : []),
    ...(code === 'INVALID_CREDENTIALS' ? [FORGOTTEN] : []),
    ...(ALL_PINNED.test(error.message) ? UNPIN : []),
    ...(place !== null && code === 'FORBIDDEN' && FOREIGN_NAME.test(error.message) ? addressRemedies(place) : []),
  ];
  const json = {
    error: error.message,
    code,
    details,
    request_id: requestId,
    ...(problems.length > 0 && { errors: problems }),
  };
  return { status: exitStatusOf(error), lines: lines.map((line) => plain(line)), json };
}

/** Converts a refusal to a problem with reworded lines. @param status Default: that of the refusal. */
export function reworded(error: LlamactlError, reword: (line: string) => string, status?: ExitStatus): Problem {
  const failed = failureOf(error, true);
  const [first = '', ...more] = failed.lines.map(reword);
  return new Problem(first, status ?? failed.status, more, error.code);
}

/** Words of the API in the server's messages, and those of the command line. */
const WORDS: readonly [ofApi: RegExp, ofCommandLine: string][] = [
  [/\bGET \/api\/users\b/, 'llamactl users ls'],
  [/\bGET \/api\/auth\/sessions\b/, 'llamactl sessions ls'],
  [/\bGET \/api\/requests\b/, 'llamactl requests'],
  [/\bGET \/api\/instances\b/, 'llamactl ps'],
  [/\bPOST \/api\/instances\/(\S+)\/start\b/, 'llamactl start $1'],
  [/: `errors` says what is wrong\.$/, ':'],
];

function asCommands(message: string): string {
  return WORDS.reduce((text, [ofApi, ofCommandLine]) => text.replace(ofApi, ofCommandLine), message);
}

/** Replaces the server's own message, which is about headers. */
function notLoggedIn(place: Surrounds | null): string {
  return `you are not logged in${place === null ? '' : ` to ${place.address.url}`}`;
}

/** A hint to the password of the first account. Empty if this user cannot see its file. */
function firstPassword({ address: { dataDirectory } }: Surrounds): string[] {
  const file = dataDirectory === null ? null : path.join(dataDirectory, 'admin-password');
  if (file === null || !existsSync(file)) return [];
  return [`the first account is admin, unless it was renamed; its first password is in ${file}`];
}

const REJECTED = 'the server rejected these credentials: they were revoked, or belong to another server';
const VARIABLE_REJECTED =
  'the server rejected the token in LLAMACTL_TOKEN: it is wrong, has ended, or belongs to another server';
const WITHOUT_VARIABLE = 'set LLAMACTL_TOKEN to another token or key, or unset it and use llamactl login';
const LOG_IN = 'log in with llamactl login, or set LLAMACTL_TOKEN to a token or key';

/** The server's message for a start that pinned instances prevent. */
const ALL_PINNED = /would have to stop is pinned; unpin one/;
const UNPIN = [
  'to see which are pinned: llamactl ps --all; to unpin one: llamactl update NAME --no-pinned',
  'to raise the limit: llamactl config set instances.max_running=NUMBER, then llamactl reload',
];

const FORGOTTEN = 'for a forgotten password: docs/access.md';

const TOKEN_KEPT =
  'LLAMACTL_TOKEN was not sent, because no server of yours is known at the default address; name the server with --url or LLAMACTL_URL, or its data directory with LLAMACTL_DATA_DIR';

/** The server's message for a request with a Host name that is not its own. */
const FOREIGN_NAME = /does not answer as/;
const ANOTHER = 'to address another server, use --url, LLAMACTL_URL or llamactl context';

function unreachable(error: ConnectionError, place: Surrounds | null): Failure {
  if (!error.isUnsent) return failure(EXIT.unreachable, error.message, 'UNREACHABLE');
  if (place === null) return failure(EXIT.unreachable, error.message, 'UNREACHABLE', [ANOTHER]);
  // The library does not know which server this program would start.
  const advice = startAdvice(place);
  const message =
    nothingRuns(error, place) ??
    error.message.replace(/ Start the server with .*$/, advice === null ? '' : ` ${advice}`);
  return failure(EXIT.unreachable, message, 'UNREACHABLE', [
    ...(hasUnknownPort(place) ? [UNKNOWN_PORT] : []),
    ...addressRemedies(place),
    ANOTHER,
  ]);
}

/** Whether the default address was tried because the configuration could not be read. */
function hasUnknownPort({ address: { source, expected } }: Surrounds): boolean {
  return source === DEFAULT && expected === undefined;
}

const UNKNOWN_PORT = 'the configuration has errors, so its port is unknown; to list them: llamactl doctor';

/** The message if the user named no server, and nothing listens at the default address. `null`: another failure. */
function nothingRuns({ message }: ConnectionError, place: Surrounds): string | null {
  const { address, ownDirectory, isInUse } = place;
  const isUnnamed = address.source === DEFAULT || address.expected !== undefined;
  if (!isUnnamed || isInUse || isElsewhere(place) || !message.includes('nothing listens there')) return null;
  return `No server is running for ${ownDirectory}, and nothing listens at ${address.url}. To start one: llamactl up`;
}

function exitStatusOf({ status, code }: LlamactlError): ExitStatus {
  if (code === 'START_FAILED') return EXIT.startFailed;
  if (status === 401 || status === 403) return EXIT.notAllowed;
  if (status === 404) return EXIT.notFound;
  return EXIT.failed;
}

function failure(status: ExitStatus, message: string, code: string, remedies: readonly string[] = []): Failure {
  return { status, lines: [message, ...remedies].map((line) => plain(line)), json: { error: message, code } };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
