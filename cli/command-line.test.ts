import { EventServer } from '@llamactl/server/testing/event-server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Contexts } from './server/contexts.ts';
import { HeldDirectory } from './testing/held-directory.ts';
import { CommandSandbox } from './testing/command-run.ts';

let sandbox: CommandSandbox;
beforeEach(() => {
  sandbox = new CommandSandbox();
});
afterEach(() => sandbox.dispose());

describe('a command line', () => {
  it('takes the first verb, ignoring the values of options', async () => {
    const { status, stderr } = await sandbox.run(['--context', 'start', 'context', 'show']);
    expect([status, stderr]).toEqual([3, expect.stringContaining('there is no context start')]);
  });

  it('allows other verbs as arguments', async () => {
    const { status, stdout } = await sandbox.run(['help', 'help', '--context', 'start']);
    expect([status, stdout]).toEqual([0, expect.stringContaining('Usage: llamactl [options] <command>')]);
  });

  it('takes a verb after -- if none comes before', async () => {
    expect(await sandbox.run(['--', 'context', 'show', 'none'])).toEqual(
      await sandbox.run(['context', 'show', 'none']),
    );
  });

  it.each([
    ['help keys', 'keys --help'],
    ['help keys create', 'keys create --help'],
    ['-q help keys create', 'keys create --help'],
    ['help users create', 'users create --help'],
    ['help ls', 'ps --help'],
    ['keys help create', 'keys create --help'],
    ['keys', 'keys --help'],
    ['help', '--help'],
    ['', '--help'],
  ])('prints the same help for %j as for %j, as its result', async (one, other) => {
    const words = (line: string): string[] => line.split(' ').filter((word) => word !== '');
    const expected = await sandbox.run(words(other));
    expect(expected.stdout).toContain(`Usage: llamactl ${other.replace(/ ?--help/, '')}`);
    expect(await sandbox.run(words(one))).toEqual(expected);
    expect(expected.status).toBe(0);
  });

  it('lists the help of a command with subcommands under the heading of the others', async () => {
    const { stdout } = await sandbox.run(['keys', '--help']);
    expect(stdout).toMatch(/Commands:\n( {2}.*\n)* {2}help /);
  });

  it('takes the value of an option for no command', async () => {
    const server = await EventServer.open();
    const lines = ['requests -n 5', 'requests --finished=5', '--context x --url URL requests'];
    for (const line of lines) {
      const words = line.replace('URL', server.url).split(' ');
      const { status, stderr } = await sandbox.run(words, { environment: { LLAMACTL_URL: server.url } });
      expect([status, stderr]).toEqual([0, expect.stringMatching(/^no requests/) as string]);
    }
    await server.goAway();
  });

  it.each([
    ['fetch'],
    ['help fetch'],
    ['fetch --help'],
    ['keys nonsense'],
    ['help keys nonsense'],
    ['sessions nonsense'],
  ])('says that there is no command %j', async (line) => {
    const { status, stdout, stderr } = await sandbox.run(line.split(' '));
    const command = line.replace(/help | --help/, '');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`llamactl: unknown command '${command}'\n`);
    expect(stderr).toContain('  llamactl help ');
  });

  it.each([
    ['create a --ctx-size 512', '-o ctx_size=512'],
    ['create a --temperature 1', '-o temperature=1'],
    ['update a -ngl 99', '-o n_gpu_layers=99'],
    ['create a -c 4096', '-o ctx_size=4096'],
    ['create a --num-ctx 4096', '-o ctx_size=4096'],
    ['create a -ctk', '-o cache_type_k=VALUE'],
  ])('explains how an option of the engine is written for %j', async (line, way) => {
    const { status, stderr } = await sandbox.run(line.split(' '));
    expect([status, stderr]).toEqual([2, expect.stringContaining(`an option of the engine is written as ${way}`)]);
  });

  it.each([
    ['run m.gguf -c 4096', 'llamactl create NAME --model FILE -o ctx_size=4096, or llamactl update NAME'],
    ['run m.gguf -ngl 99 hello', '-o n_gpu_layers=99'],
    ['run m.gguf --num-ctx=8192', '-o ctx_size=8192'],
    ['start m --threads -1', '-o threads=-1'],
    ['run m.gguf -n 100', '--max-tokens NUMBER'],
    ['run m.gguf --temp 0.2', 'Did you mean --temperature?'],
    ['events -n 5', '--after-seq 0'],
    ['events --no-follow', '--after-seq 0'],
    ['apply --file fleet.yaml', 'the file needs no option: llamactl apply FILE'],
  ])('explains how a flag of llama-server is given for %j', async (line, way) => {
    const { status, stderr } = await sandbox.run(line.split(' '));
    expect([status, stderr]).toEqual([2, expect.stringContaining(way)]);
  });

  it('suggests no option of the engine to a verb that starts nothing', async () => {
    expect((await sandbox.run(['ps', '-c'])).stderr).not.toContain('-o ');
  });

  it.each([
    ['create a --ttl 99', 'llamactl update a --idle-timeout 99'],
    ['update a --request-strip temperature', '--file FILE'],
    ['create --name a', 'llamactl create NAME --model FILE'],
    ['up --listen :8080', '--host and --port'],
    ['run a -p Hello', 'llamactl run NAME QUESTION'],
    ['run a -it', 'on a terminal, llamactl run NAME asks for messages'],
    ['run a -d', 'instances always run in the background'],
    ['up -d', 'a server that llamactl up starts'],
    ['run -m x', 'the model needs no option: llamactl run MODEL'],
    ['run --name x y', 'run names the instance after its model'],
    ['run --ctx 100 x', 'llamactl create NAME --model FILE -o ctx_size=100'],
    ['create --ctx 4096', 'is written as -o ctx_size=4096'],
    ['rm --all', 'name the instances to delete'],
    ['rm -y x', 'rm asks no question'],
    ['stop -f x', 'llamactl stop NAME --force'],
    ['stop -t 3 x', '--timeout SECONDS'],
    ['logs --path', 'llamactl logs NAME -n all > FILE'],
    ['-v', 'llamactl --version'],
    ['--config config.yaml', 'llamactl serve --config FILE'],
  ])('knows what does the same as an option of another program: %j', async (line, way) => {
    const { status, stderr } = await sandbox.run(line.split(' '));
    expect([status, stderr]).toEqual([2, expect.stringContaining(way)]);
    expect(stderr).toMatch(/^llamactl: unknown option/);
  });

  it.each([
    ['ps llama', 'for one instance: llamactl show NAME, or llamactl why NAME'],
    ['status llama', 'for one instance: llamactl show NAME, or llamactl why NAME'],
    ['down llama', 'to stop an instance: llamactl stop NAME'],
  ])('knows what does it for one instance: %j', async (line, way) => {
    const { status, stderr } = await sandbox.run(line.split(' '));
    expect([status, stderr]).toEqual([2, expect.stringContaining(`\n  `)]);
    expect(stderr).toContain(way);
  });

  it('takes short options of the verb and of the program in one word', async () => {
    const server = await EventServer.open();
    const run = async (line: string): Promise<unknown> =>
      sandbox.run(line.split(' '), { environment: { LLAMACTL_URL: server.url } });
    expect(await run('ps -aq')).toEqual(await run('ps -a -q'));
    expect(await run('ps -qa')).toMatchObject({ status: 0 });
    expect(await run('ps -ax')).toMatchObject({ status: 2, stderr: expect.stringContaining("'-x'") as unknown });
    await server.goAway();
  });

  it.each(['show', 'stop', 'logs'])('knows what %s means for the server itself', async (verb) => {
    const server = await EventServer.open();
    const { status, stderr } = await sandbox.run([verb, 'server'], { environment: { LLAMACTL_URL: server.url } });
    await server.goAway();
    expect([status, stderr]).toEqual([3, expect.stringContaining('llamactl logs --server, llamactl down')]);
  });

  it.each([
    ['run a --temp 0', 'Did you mean --temperature?'],
    ['update a --idle 5m', 'Did you mean --idle-timeout?'],
    ['ps --stauts failed', 'Did you mean --status?'],
    ['run a --keepalive 5m hi', 'to stop an instance when it is idle: llamactl update a --idle-timeout 5m'],
    ['run --keepalive 300 a', 'to stop an instance when it is idle: llamactl update a --idle-timeout 300'],
    ['update a --keepalive=soon', 'to stop an instance when it is idle: llamactl update a --idle-timeout 10m'],
    ['run a --keepalive -1', 'to keep an idle instance running: llamactl update a --idle-timeout 0'],
    ['run a --keepalive=-1', 'to keep an idle instance running: llamactl update a --idle-timeout 0'],
    [
      'run a --keepalive 0',
      'to stop an instance now: llamactl stop a; a second after each answer: llamactl update a --idle-timeout 1',
    ],
    ['create a --modelfile /tmp/Mf', 'a Modelfile is read with: llamactl create NAME -f FILE'],
    ['update a --modelfile /tmp/Mf', 'a Modelfile is read with: llamactl update NAME -f FILE'],
    ['create a --from qwen3:8b', 'instructions of a Modelfile are read from a file: llamactl create NAME -f Modelfile'],
    [
      'create a --parameter=temperature',
      'instructions of a Modelfile are read from a file: llamactl create NAME -f Modelfile',
    ],
    ['run a --nowordwrap', 'answers are printed as they come'],
    ['run a --nothink', 'for an answer without reasoning: --think=false'],
    ['run a --insecure', 'a registry without https is set in the configuration'],
    ['pull a/b --insecure', 'a registry without https is set in the configuration'],
    ['create a --quantize q4_K_M', 'llamactl quantizes no models: pull a smaller quant'],
    ['create a -m /m.gguf -q q4_K_M', 'llamactl quantizes no models: pull a smaller quant'],
    ['show a --verbose', 'show prints everything; for the metadata of the file: llamactl models show'],
    ['ps --jsn', 'Did you mean --json?'],
    [
      'run a -o temp=0',
      'options of the engine belong to the instance: llamactl update NAME -o temp=0; for one answer: --temperature and others',
    ],
    ['users create bob', 'its values: viewer, operator, admin'],
  ])('explains the options of %j', async (line, hint) => {
    const { status, stderr } = await sandbox.run(line.split(' '));
    expect([status, stderr.split('\n')[1]]).toEqual([2, expect.stringContaining(`  ${hint}`)]);
  });

  it.each(['ps --x', 'down --force'])('guesses no option for %j', async (line) => {
    expect((await sandbox.run(line.split(' '))).stderr).not.toContain('Did you mean');
  });

  it('names a missing argument, and shows the usage', async () => {
    const { status, stderr } = await sandbox.run(['cp', 'x']);
    expect([status, stderr]).toEqual([
      2,
      'llamactl: NEW-NAME is missing\n  usage: llamactl cp [options] <name> <new-name> [arguments...]\n',
    ]);
  });

  it('guesses nothing for a short word that only resembles a verb', async () => {
    const { stderr } = await sandbox.run(['nope']);
    expect(stderr).toBe("llamactl: unknown command 'nope'\n  llamactl help lists all commands\n");
  });

  it('takes no name of a property of objects for a verb of another program', async () => {
    const { stderr } = await sandbox.run(['constructor']);
    expect(stderr).toBe("llamactl: unknown command 'constructor'\n  llamactl help lists all commands\n");
  });

  it.each([
    ['download', 'llamactl pull REFERENCE'],
    ['chat', 'llamactl run NAME'],
    ['list', 'llamactl ps for instances; llamactl models for model files'],
    ['prune', 'llamactl rm NAME'],
    ['watch', 'llamactl ps --watch'],
    ['get', 'llamactl ps for instances; llamactl show NAME for one'],
  ])('answers the verb %s of another program with %s', async (word, instead) => {
    expect((await sandbox.run([word])).stderr).toBe(
      `llamactl: unknown command '${word}'\n  use: ${instead}\n  llamactl help lists all commands\n`,
    );
  });

  it('accepts an option for the version', async () => {
    const { stdout } = await sandbox.run(['version']);
    expect(stdout).toMatch(/^llamactl \d+\.\d+\.\d+ \(.*built \S+Z\)\n$/);
    for (const option of ['--version', '-V']) expect((await sandbox.run([option])).stdout).toBe(stdout);
  });

  it.each([['nonsense'], ['ps', '--nonsense'], ['show']])('reports usage errors as JSON too: %s', async (...words) => {
    const { status, stdout, stderr } = await sandbox.run([...words, '--json']);
    expect([status, stdout]).toEqual([2, '']);
    expect(JSON.parse(stderr)).toMatchObject({
      code: 'USAGE',
      error: expect.not.stringMatching(/^error/) as unknown,
    });
    expect((await sandbox.run(words)).stderr).toMatch(/^llamactl: /);
  });

  it.each([
    [['show', 'nope'], 'INSTANCE_NOT_FOUND'],
    [['stop', 'nope'], 'INSTANCE_NOT_FOUND'],
    [['context', 'show', '--context', 'nope'], 'NOT_FOUND'],
    [['create'], 'USAGE'],
    [['ps', '--url', 'http://127.0.0.1:1'], 'UNREACHABLE'],
  ])('gives each of its own errors a code: %j', async (words, code) => {
    const server = await EventServer.open();
    const { stderr } = await sandbox.run([...words, '--json'], { environment: { LLAMACTL_URL: server.url } });
    await server.goAway();
    expect(JSON.parse(stderr)).toMatchObject({ code });
  });

  it('names the server of the current context, unless the output is JSON or quiet', async () => {
    const [server, own] = [await EventServer.open(), new HeldDirectory(`${sandbox.home}/.local/share/llamactl`)];
    own.describe('http://127.0.0.1:9');
    const contexts = new Contexts(`${sandbox.home}/.config/llamactl/contexts.json`);
    contexts.set('gpu', { url: server.url });
    contexts.use('gpu');
    const said = [['ps'], ['ps', '--json'], ['ps', '-q'], ['ps', '--context', 'gpu']].map(
      async (words) => (await sandbox.run(words)).stderr.split('\n')[0],
    );
    const none = 'no instances yet; create one with llamactl create NAME --model FILE, or run llamactl quickstart';
    expect(await Promise.all(said)).toEqual([`on gpu (${server.url})`, '', '', none]);
    own.release();
    await server.goAway();
  });

  it.each([
    ['strat', 'Did you mean start?'],
    ['stp', 'Did you mean stop?'],
    ['servce', 'Did you mean serve or service?'],
    ['delet', 'Did you mean delete?'],
    ['tsart', 'Did you mean start?'],
    ['top0', 'Did you mean top?'],
    ['keys creat', 'Did you mean keys create?'],
    ['desribe', 'Did you mean describe? use: llamactl show NAME'],
    ['unpause', 'use: llamactl start NAME'],
    ['users add', 'use: llamactl users create NAME'],
    ['config view', 'use: llamactl config show'],
    ['gpu', 'use: llamactl status for the machine; llamactl stats for instances'],
    [
      'undelete',
      'use: a deleted instance is gone: make it again, with llamactl apply FILE if llamactl export wrote one; llamactl restore takes back a backup',
    ],
    ['server start', 'use: llamactl up starts the server, llamactl down stops it, llamactl status shows it'],
    ['search', 'use: llamactl models search WORDS'],
    ['quants', 'use: llamactl models quants REFERENCE'],
    ['remove', 'use: llamactl rm NAME'],
    ['push', 'use: llamactl export FILE for instances; models are files, which you copy'],
    ['signin', 'use: no account is needed to pull models; llamactl login is for a server with accounts'],
    ['launch claude', 'use: llamactl start NAME for an instance; docs/how-to/clients.md has the settings of programs'],
    ['ollama list', 'use: the same commands without the word ollama; docs/how-to/from-ollama.md compares them'],
  ])('suggests the closest verbs, aliases and verbs of other programs for %j', async (line, meant) => {
    const { status, stderr } = await sandbox.run(line.split(' '));
    expect([status, stderr.split('\n')[1]]).toEqual([2, `  ${meant}`]);
  });

  it.each(['help bogus', 'bogus'])('guesses no verb that begins differently for %j', async (line) => {
    const { status, stderr } = await sandbox.run(line.split(' '));
    expect([status, stderr]).toEqual([2, "llamactl: unknown command 'bogus'\n  llamactl help lists all commands\n"]);
  });
});
