import os from 'node:os';
import { CommandLine } from './command-line.ts';
import { EXIT } from './exit-status.ts';
import { watchReaders } from './output.ts';
import { untaggedNames, VERBS } from './verbs.ts';

let outlivesReaders = false;
watchReaders(() => outlivesReaders);
let interruption: AbortController | null = null;

function interrupted(): AbortSignal {
  if (interruption !== null) return interruption.signal;
  const controller = (interruption = new AbortController());
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
  });
  return controller.signal;
}

function every(milliseconds: number, act: () => void): () => void {
  const timer = setInterval(act, milliseconds);
  timer.unref();
  return () => clearInterval(timer);
}

const commandLine = new CommandLine(
  {
    streams: process,
    environment: { ...process.env },
    home: os.homedir(),
    now: () => Date.now(),
    interrupted,
    every,
    outliveReaders: () => {
      outlivesReaders = true;
    },
  },
  VERBS,
  untaggedNames,
);
// Not awaited here: a single executable is a script, not a module.
void commandLine.run(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
