import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine, processorModel } from './harness/machine.ts';
import { measure } from './harness/measure.ts';
import { areClaimsMet, sectionOf } from './harness/outcome.ts';
import { fileOfProcessor, withSection } from './harness/results.ts';
import { chosenScenarios, SCENARIOS } from './scenarios.ts';

const RESULTS = path.join(import.meta.dirname, 'results');

const HELP = `npm run bench -- [--runs N] [--quick] [--busy] [scenario …]

${SCENARIOS.map(({ name, title }) => `  ${name.padEnd(12)}  ${title}`).join('\n')}

--runs N   how often each is repeated (default 5)
--busy     beside other work that keeps all cores busy; has results of its own
--quick    once and short: shows that it works; nothing is written
`;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Measures what was chosen, prints it, and writes it into the results of this processor. Resolves with the exit code. */
async function main(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '5' },
      busy: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(HELP);
    return 0;
  }
  const { quick: isQuick, busy: isBusy } = values;
  const runs = isQuick ? 1 : Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new Error('--runs takes a whole number from 1');
  const machine = await describeMachine();
  let failures = 0;
  for (const scenario of chosenScenarios(positionals)) {
    say(`\n${scenario.name} …`);
    try {
      const onRun = (readings: object): void => say(`  ${JSON.stringify(readings)}`);
      const outcome = await measure(scenario, { runs, isQuick, isBusy, signal, onRun });
      const section = sectionOf(outcome, { date: new Date().toISOString().slice(0, 10), machine });
      say(`\n${section}`);
      if (!isQuick) await write(section, isBusy);
      if (!areClaimsMet(outcome)) say(`\n${scenario.name}: a target is not met`);
    } catch (error) {
      if (signal.aborted) throw error;
      failures += 1;
      process.stderr.write(`${scenario.name} failed: ${error instanceof Error ? error.stack : String(error)}\n`);
    }
  }
  return failures === 0 ? 0 : 1;
}

async function write(section: string, isBusy: boolean): Promise<void> {
  const model = processorModel();
  const file = path.join(RESULTS, fileOfProcessor(model, isBusy));
  const document = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const order = SCENARIOS.map(({ name }) => name);
  await mkdir(RESULTS, { recursive: true });
  await writeFile(file, withSection(document, section, { model, isBusy, order }));
}

const interruption = new AbortController();
// what was started is ended also after a fault of the bench itself
process.on('uncaughtException', (error) => {
  process.stderr.write(`${error.stack ?? error.message}\n`);
  interruption.abort();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort());
try {
  process.exitCode = await main(process.argv.slice(2), interruption.signal);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = interruption.signal.aborted ? 130 : 1;
}
