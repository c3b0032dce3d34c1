import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Estimate, EstimateRequest } from '@llamactl/client';
import { modelNames } from '@llamactl/contract/model-names';
import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { optionsOf } from '../instances/instance-settings.ts';
import { modelCalled, serverModels } from '../instances/server-models.ts';
import { collect } from '../instances/setting-flags.ts';
import { missingName } from '../missing-name.ts';
import { memoryText, contextText } from '../../format/figures.ts';
import type { Column } from '../screen/table.ts';
import { plain } from '../screen/text.ts';
import { isOwnAddress } from '../server/own-address.ts';

const COLUMNS: Column[] = [
  { title: 'DEVICE' },
  { title: 'NEED', align: 'right' },
  { title: 'FREE', align: 'right' },
  { title: 'TOTAL', align: 'right' },
  { title: 'WEIGHTS', align: 'right', gives: 2 },
  { title: 'CACHE', align: 'right', gives: 2 },
  { title: 'COMPUTE', align: 'right', gives: 1 },
];

interface Flags {
  option?: string[];
  device?: string[];
}

export function estimateCommand(commandLine: CommandLine): Command {
  return new Command('estimate')
    .description('Estimate the memory of a model with options, and whether it fits now. Starts nothing.')
    .argument('<model>', 'Instance, or a model by id, reference, name or path')
    .option(
      '-o, --option <key=value>',
      'Engine option, e.g. ctx_size=8192; repeatable, the same key makes a list',
      collect,
    )
    .option('--device <name>', 'Use only this device beside RAM, such as nvidia:0; repeatable', collect)
    .addHelpText(
      'after',
      `
Exits with 1 if it does not fit.

Examples:
  llamactl estimate qwen3-8b-q4_k_m
  llamactl estimate qwen3-8b-q4_k_m -o ctx_size=32768 -o n_gpu_layers=99
  llamactl estimate chat -o n_gpu_layers=20 --json`,
    )
    .action(
      commandLine.online<Flags>(async (session, { words: [word = ''], flags: { option = [], device } }) => {
        const { client, terminal, signal } = session;
        const subject = await subjectOf(session, word);
        const body = { ...subject, options: optionsOf(option), ...(device === undefined ? {} : { devices: device }) };
        const estimate = await client.estimate(body, { signal });
        if (!estimate.fits) commandLine.endWith(EXIT.failed);
        if (terminal.isJson) return terminal.printJson(estimate);
        if (terminal.isQuiet) return terminal.print(estimate.fits ? 'fits' : 'does not fit');
        print(session, estimate);
      }),
    );
}

/** The subject that a word names: an instance, a model of the library, or a file here. @throws {Problem} if it names nothing */
async function subjectOf({ client, signal }: Session, word: string): Promise<EstimateRequest> {
  const instances = await client.listInstances({ signal });
  const instance = instances.find(({ name }) => name.toLowerCase() === word.toLowerCase());
  if (instance !== undefined) return { instance: instance.name };
  const models = await serverModels(client, signal);
  const model = modelCalled(word, models);
  if (model !== null) return { model: model.id };
  const file = path.resolve(word);
  if (isOwnAddress(client.url) && existsSync(file)) return { model_path: file };
  // A server elsewhere has files of its own.
  if (path.isAbsolute(word)) return { model_path: word };
  const names = [...instances.map(({ name }) => name), ...models.flatMap(modelNames)];
  throw await missingName({ kind: 'instance and no model', word, names, list: 'to list models: llamactl models' });
}

function print({ terminal }: Session, estimate: Estimate): void {
  const { per_device: devices, must_stop: names, suggestions } = estimate;
  terminal.printTable(
    COLUMNS,
    devices.map(({ device, need, free, total, weights, cache, compute }) => [
      plain(device),
      ...[need, free, total, weights, cache, compute].map(memoryText),
    ]),
  );
  terminal.print('');
  for (const warning of estimate.warnings ?? []) terminal.warn(`warning: ${plain(warning)}`);
  const layers = estimate.gpu_layers === 0 ? '' : `, ${estimate.gpu_layers} layers on GPUs`;
  const settings = `context ${contextText(estimate.context)}${layers}`;
  if (estimate.fits) return terminal.print(`It fits: ${settings}.`);
  const short = devices
    .filter(({ need, free }) => need > free)
    .map(({ device, need, free }) => `${plain(device)} needs ${memoryText(need)}, and ${memoryText(free)} are free`);
  terminal.print(`It does not fit (${settings}): ${short.join('; ')}.`);
  if (names.length > 0) terminal.print(`It would fit after a stop of ${names.map((name) => plain(name)).join(', ')}.`);
  if (suggestions.length > 0) terminal.print('It would fit with:');
  for (const { label, options } of suggestions) {
    const flags = Object.entries(options).map(([key, value]) => `-o ${key}=${String(value)}`);
    terminal.print(`  ${plain(label)}: ${plain(flags.join(' '))}`);
  }
}
