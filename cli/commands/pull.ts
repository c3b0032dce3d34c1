import type { Download } from '@llamactl/client';
import { Command, Option } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { isReference } from '../downloads/reference-word.ts';
import { plain } from '../screen/text.ts';
import { shellQuoted } from '../../format/shell-words.ts';

interface PullFlags {
  revision?: string;
  yes?: boolean;
  detach?: boolean;
  update?: boolean;
}

export function pullCommand(commandLine: CommandLine): Command {
  return new Command('pull')
    .description('Download a model, or continue its download. The server fetches it.')
    .argument('<reference>', 'org/repo:Q4_K_M, ms:org/repo, ollama:name:tag, docker:ai/name:tag or https://…/file.gguf')
    .option('--revision <name>', 'Branch, tag or commit')
    .option('-y, --yes', 'Do not ask for confirmation')
    .addOption(new Option('--detach', 'Return at once; the download goes on').conflicts('update'))
    .option('--update', 'Also move the instances that name this model to the new files')
    .addHelpText('after', EXAMPLES)
    .action(
      commandLine.online<PullFlags>(
        async (session, { words: [reference = ''], flags }) => {
          const { every } = commandLine.surroundings;
          await pull(session, { reference, ...flags }, every);
        },
        {
          startsServer: async ({ words: [reference = ''] }) => {
            const [{ parseReference, STARTERS }, { pulledReference }] = await Promise.all([
              import('@llamactl/server/main'),
              import('../downloads/pulled-reference.ts'),
            ]);
            parseReference(pulledReference(reference, STARTERS));
          },
        },
      ),
    );
}

async function pull(
  session: Session,
  {
    reference: word,
    revision,
    yes: isAgreed = false,
    detach: isDetached = false,
    update: moves = false,
  }: PullFlags & { reference: string },
  every: CommandLine['surroundings']['every'],
): Promise<void> {
  const { client, terminal, signal } = session;
  const [{ agreedPlan, finishedPull, startPull }, { pulledReference }, { starters }] = await Promise.all([
    import('../downloads/model-pull.ts'),
    import('../downloads/pulled-reference.ts'),
    import('../chat/remote-model.ts'),
  ]);
  const reference = pulledReference(word, isReference(word) ? [] : await starters(client, signal));
  const begun = await startPull(session, {
    reference,
    revision,
    // Scripts begin without a question.
    agree: (plan) => agreedPlan(session, plan, { isAgreed }),
  });
  if (isDetached) return printBegun(session, begun);
  const words = ['llamactl', 'pull', reference, ...(revision === undefined ? [] : ['--revision', revision])];
  const download = await finishedPull(session, begun, { every, again: words.map(shellQuoted).join(' ') });
  if (moves) await (await import('../downloads/moved-instances.ts')).moveInstances(session, download.path);
  if (terminal.isJson) return terminal.printJson(download);
  for (const warning of download.warnings ?? []) terminal.warn(plain(warning));
  terminal.print(plain(download.path));
  terminal.note(
    `to chat with it: llamactl run ${shellQuoted(plain(await shortestName(session, reference, download)))}`,
  );
}

function printBegun({ terminal }: Session, download: Download): void {
  const { id, model, state } = download;
  if (terminal.isJson) return terminal.printJson(download);
  terminal.print(terminal.isQuiet ? id : `${id}  ${plain(model)}  ${state}`);
  terminal.note('to see its progress: llamactl models downloads');
}

/** The word by which `llamactl run` finds the downloaded model: its reference, else its name, else its path. */
async function shortestName({ client, signal }: Session, reference: string, { path }: Download): Promise<string> {
  const { modelNames, modelsCalled } = await import('@llamactl/contract/model-names');
  const { serverModels } = await import('../instances/server-models.ts');
  const models = await serverModels(client, signal);
  const own = models.find((model) => model.path === path);
  const isName = (word: string): boolean => {
    const [found, ...others] = modelsCalled(word, models);
    return found !== undefined && found === own && others.length === 0;
  };
  return own === undefined ? path : ([reference, ...modelNames(own)].find(isName) ?? path);
}

const EXAMPLES = `
On a terminal it lists the files and asks first. Ctrl-C pauses the download, and
the same command continues it. If no server runs, one is started in the
background.

Examples:
  llamactl pull Qwen/Qwen3-4B-GGUF:Q4_K_M
  llamactl pull ollama:qwen3:8b --yes
  llamactl pull qwen3-4b                     a model to begin with
  llamactl pull ggml-org/gemma-3-4b-it-GGUF --detach
  llamactl pull https://example.com/model.gguf`;
