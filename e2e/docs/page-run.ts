import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Block, commandsOf, isShell, markOf, shownBy } from './page.ts';
import type { Home } from './home.ts';
import { missingLine, otherPlace } from './shown-output.ts';

/** What each mark has there be before the block is run. */
const SERVERS: Readonly<Record<string, string>> = { server: 'server', 'server with accounts': 'with_accounts' };
const BACKGROUND = /^in the background(?: until (?<sign>.+))?$/;
/** Longest time for one page. */
const LIMIT_MS = 120_000;

/** The blocks that are run: of a shell, and not marked otherwise. */
export function isRun(block: Block): boolean {
  return isShell(block) && markOf(block, 'not run') === null && markOf(block, 'run by') === null;
}

/**
 * Runs the blocks of a page in one shell, in order, as a reader does: what one sets or makes, the next ones find. The first command
 * that fails ends it.
 *
 * @returns what went wrong, with place and output; empty: nothing
 */
export async function runPage(blocks: readonly Block[], home: Home): Promise<string[]> {
  const file = path.join(home.path, 'page.sh');
  await writeFile(file, await scriptOf(blocks, home));
  const shell = spawn('bash', [file], { cwd: home.work, env: home.environment, stdio: 'ignore', timeout: LIMIT_MS });
  const [status] = (await once(shell, 'exit')) as [number | null];
  if (status !== 0) return [await failureOf(blocks, home, status)];
  const problems = await Promise.all(blocks.map((_, index) => judgeOutput(blocks, index, home)));
  return problems.filter((problem) => problem !== null);
}

async function scriptOf(blocks: readonly Block[], home: Home): Promise<string> {
  const steps = await Promise.all(blocks.map((block, index) => stepOf(block, index, home)));
  return `set -eo pipefail
answers() { # and can be found by its file, which is written when it listens
  curl -q --silent --fail http://127.0.0.1:${home.port}/readyz > /dev/null &&
    grep -q '"url": "http' "$HOME/.local/share/llamactl/server.json"
}
with_accounts() { # and logged in
  export LLAMACTL_AUTH_ENABLED=true
  server
  llamactl login admin --password-stdin < "$HOME/.local/share/llamactl/admin-password"
  export TOKEN="$(llamactl token)"
}
server() { # of the page, unless there is one
  answers && return
  llamactl serve </dev/null >"$HOME/server.log" 2>&1 &
  ready || { cat "$HOME/server.log"; return 1; }
}
ready() {
  for _ in $(seq 600); do
    answers && return
    sleep 0.05
  done
  echo 'the server does not answer' && return 1
}
until_said() {
  for _ in $(seq 600); do
    grep -q "$1" "$2" && return
    sleep 0.05
  done
  echo "it did not say: $1" && return 1
}
${steps.join('\n')}
`;
}

async function stepOf(block: Block, index: number, home: Home): Promise<string> {
  const file = markOf(block, 'file');
  if (file !== null) return home.writeFile(file, block.text, index);
  if (!isRun(block)) return '';
  return `echo ${index} > "$HOME/at"
exec > "$HOME/output-${index}" 2>&1
${SERVERS[markOf(block, 'run') ?? ''] ?? ''}
${home.adapted(markOf(block, 'before') ?? '')}
exec > "$HOME/output-${index}" 2>&1
${wrapped(block, home.adapted(commandsOf(block)), index)}`;
}

function wrapped(block: Block, commands: string, index: number): string {
  const failure = markOf(block, 'fails');
  if (failure !== null) return `set +e\n( set -e\n${commands}\n)\nstatus=$?\nset -e\n[ "$status" = ${failure} ]`;
  const background = BACKGROUND.exec(markOf(block, 'run') ?? '');
  if (background === null) return commands;
  const sign = background.groups?.['sign'];
  const shown = sign === undefined ? 'ready' : `ready && until_said '${sign}' "$HOME/output-${index}"`;
  return `{\n${commands}\n} < /dev/null &\n${shown}`;
}

async function failureOf(blocks: readonly Block[], home: Home, status: number | null): Promise<string> {
  const at = Number(await readFile(path.join(home.path, 'at'), 'utf8').catch(() => '0'));
  const output = await outputOf(at, home);
  return `line ${blocks[at]?.line ?? 0}: ended with ${status ?? 'a signal'}\n${output}`;
}

/** What the block shows, or what the page says that the block before it prints. */
async function judgeOutput(blocks: readonly Block[], index: number, home: Home): Promise<string | null> {
  const block = blocks[index];
  if (block === undefined) return null;
  const isConsole = block.language === 'console' && isRun(block);
  if (markOf(block, 'output') === null && !isConsole) return null;
  const from = isConsole ? index : blocks.findLastIndex((each, place) => place < index && isRun(each));
  const came = await outputOf(from, home);
  if (block.language !== 'json') {
    const missing = missingLine(shownBy(block), came);
    return missing === null ? null : `line ${block.line}: this did not come: ${missing}\n${came}`;
  }
  const other = otherPlace(JSON.parse(block.text), JSON.parse(came));
  return other === null ? null : `line ${block.line}: something else came at ${other}\n${came}`;
}

async function outputOf(index: number, home: Home): Promise<string> {
  return readFile(path.join(home.path, `output-${index}`), 'utf8').catch(() => '');
}
