import { Client, LlamactlError } from '@llamactl/client';
import { USER_AGENT } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { expectedServer } from '../server/expected-server.ts';
import { assertFollowed } from '../server/followed-server.ts';
import { moment } from '../../format/moment.ts';
import { isOwnAddress } from '../server/own-address.ts';
import { Problem } from '../problem.ts';
import type { AddressParts, ServerAddress } from '../server/server-address.ts';
import type { Terminal } from '../screen/terminal.ts';
import { plain } from '../screen/text.ts';
import { loginTarget, overrides } from './login-target.ts';
import { passwordOf } from './password.ts';

interface LoginRequest extends AddressParts {
  /** `null`: ask for it. */
  username: string | null;
  /** Read the password from standard input. */
  isPiped: boolean;
  signal: AbortSignal;
  /** Receives the server's address before the first request. */
  onAddress: (address: ServerAddress) => void;
}

/** Logs in, and stores the token in a context, which becomes the current one. */
export async function logIn(terminal: Terminal, request: LoginRequest): Promise<void> {
  const { contexts, environment, isPiped, signal } = request;
  const expected = (await expectedServer(request)) ?? undefined;
  const { url, context, source, dataDirectory, known } = loginTarget({ ...request, ...(expected && { expected }) });
  request.onAddress({ url, token: null, context: known && context, source, dataDirectory });
  assertFollowed({ url, dataDirectory });
  const client = new Client({ url, headers: USER_AGENT, retries: 0 });
  if (!(await hasAccounts(client, signal))) {
    if (terminal.isJson) terminal.printJson({ url, context: null, user: null, expires_at: null });
    terminal.note(`${url} has no accounts, so no log-in is needed`);
    return;
  }
  // Before asking for the password, make sure that the log-in can be stored.
  contexts.prepare();
  if (url.startsWith('http:') && !isOwnAddress(url)) {
    terminal.warn(`warning: the connection to ${url} is not encrypted, so others on the network can read the password`);
  }
  const username = request.username ?? (await askUsername(terminal, known?.username, signal));
  const question = `Password of ${plain(username)} at ${url}: `;
  const password = await passwordOf(terminal, { isPiped, question, signal });
  // Typing the password took time, so check again.
  assertFollowed({ url, dataDirectory });
  const { token, expires_at, user } = await client.login({ username, password }, { signal });
  const place = { url, ...(dataDirectory !== null && { data_dir: dataDirectory }) };
  // Without a current context, commands used the server of this machine. A first `local` context leads to the same
  // server.
  const before = contexts.current ?? (context === 'local' ? context : '--local');
  contexts.set(context, { ...place, token, username: user.username });
  contexts.use(context);
  if (terminal.isJson) terminal.printJson({ url, context, user, expires_at });
  const who = `${plain(user.username)} (${user.role})`;
  terminal.note(`logged in to ${url} as ${who}`);
  terminal.note(`valid until ${moment(expires_at)}, extended while you use it`);
  const back = before === context ? '' : `; to go back: llamactl context use ${before}`;
  terminal.note(`commands now go to the context ${context}${back}`);
  for (const obstacle of overrides(environment, context)) terminal.warn(`warning: ${obstacle}`);
}

/** Whether the server requires a log-in. Calls an operation that needs one, so that no password is typed in vain. */
async function hasAccounts(client: Client, signal: AbortSignal): Promise<boolean> {
  try {
    await client.getSystemInfo({ signal });
    return false;
  } catch (error) {
    if (error instanceof LlamactlError && error.status === 401) return true;
    throw error;
  }
}

async function askUsername(terminal: Terminal, known: string | undefined, signal: AbortSignal): Promise<string> {
  if (!terminal.canAsk) {
    throw new Problem('cannot ask for the username without a terminal', EXIT.usage, [
      'give it: llamactl login USERNAME --password-stdin',
    ]);
  }
  const question = known === undefined ? 'Username: ' : `Username [${plain(known)}]: `;
  const answer = (await terminal.ask(question, signal)).trim();
  return answer === '' && known !== undefined ? known : answer;
}
