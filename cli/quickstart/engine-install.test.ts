import { chmod, mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { installEngine } from './engine-install.ts';
import type { EngineInstallOptions } from './engine-install.ts';
import type { Progress } from './progress.ts';
import { runTool } from './run-tool.ts';
import { tempFolder } from './temp-folder.ts';

/** A fake apt-get: logs its calls and its source; `ABSENT` names suites without a package list. */
const APT_GET = `#!/bin/sh
for argument in "$@"; do
  case $argument in
    Dir::Etc::sourceparts=*) source=\${argument#*=}/engine.sources ;;
    update|install|download) action=$argument ;;
  esac
done
echo "$action" >> "$LOG"
suite=$(sed -n 's/^Suites: //p' "$source")
case $action in
  update)
    cat "$source" >> "$LOG"
    [ -z "$HANG" ] || exec sleep 600
    case " $ABSENT " in *" $suite "*) echo "E: The suite $suite has no Release file."; exit 100 ;; esac ;;
  install)
    echo "Reading package lists..."
    echo "'http://a/l.deb' llama.cpp-tools_1%3a0.7-2_amd64.deb 11 MD5Sum:00"
    echo "'http://a/c.deb' libc6_2.43_amd64.deb 22 MD5Sum:00" ;;
  download)
    case "$*" in *"llama.cpp-tools libc6") ;; *) echo "E: wrong packages: $*" >&2; exit 1 ;; esac
    echo x > llama.cpp-tools_1%3a0.7-2_amd64.deb
    echo x > libc6_2.43_amd64.deb ;;
esac
`;

/** A fake dpkg-deb: \`-x FILE FOLDER\`. The loader that it unpacks prints its arguments. */
const DPKG_DEB = `#!/bin/sh
library=$3/usr/lib/$TRIPLET
case $2 in
  */libc6_*)
    mkdir -p "$library"
    cat > "$library/$LOADER" <<'SCRIPT'
#!/bin/sh
[ -e "\${2%%:*}/libggml-cpu-x.so" ] || { echo "no backends" >&2; exit 1; }
[ -z "$BROKEN" ] || { echo "error while loading shared libraries" >&2; exit 127; }
echo "version: 9.9 (build 1)" >&2
echo "$@"
SCRIPT
    chmod +x "$library/$LOADER" ;;
  *)
    mkdir -p "$library/ggml/backends0" "$library/llama" "$3/usr/bin" "$3/usr/lib/other"
    echo x > "$library/ggml/backends0/libggml-cpu-x.so"
    echo x > "$3/usr/bin/llama-server" ;;
esac
`;

interface Machine {
  folder: string;
  options: EngineInstallOptions & { environment: NodeJS.ProcessEnv };
  progress: Progress[];
  /** The calls of apt-get. */
  calls: () => Promise<string>;
}

/** A Debian with fake programs, so that no test needs a network. */
async function debian(environment: NodeJS.ProcessEnv = {}): Promise<Machine> {
  const folder = await tempFolder();
  const [bin, aptDirectory, log] = [path.join(folder, 'bin'), path.join(folder, 'apt'), path.join(folder, 'log')];
  await mkdir(bin);
  await mkdir(aptDirectory);
  for (const [name, script] of Object.entries({ 'apt-get': APT_GET, 'dpkg-deb': DPKG_DEB })) {
    await writeFile(path.join(bin, name), script);
    await chmod(path.join(bin, name), 0o755);
  }
  await writeFile(
    path.join(aptDirectory, 'sources.list'),
    'deb [signed-by=/k/debian-archive.gpg] http://m/debian trixie main\n',
  );
  await writeFile(log, '');
  const progress: Progress[] = [];
  return {
    folder,
    progress,
    calls: () => readFile(log, 'utf8'),
    options: {
      directory: path.join(folder, 'data', 'engine'),
      onProgress: (event) => progress.push(event),
      platform: 'linux',
      architecture: 'x64',
      aptDirectory,
      environment: {
        PATH: `${bin}:${process.env['PATH'] ?? ''}`,
        LOG: log,
        TRIPLET: 'x86_64-linux-gnu',
        LOADER: 'ld-linux-x86-64.so.2',
        ...environment,
      },
    },
  };
}

/** The launcher's arguments to the loader. */
async function launch(command: string, machine: Machine, directory?: string): Promise<string> {
  const { environment } = machine.options;
  const output = await runTool(command, ['--port', '1 2'], {
    environment,
    ...(directory !== undefined && { directory }),
  });
  return output.stdout.trim();
}

test("installs llama-server from Debian's own archive, and leaves nothing else behind", async () => {
  const machine = await debian();
  const engine = await installEngine(machine.options);
  expect(engine).toEqual({ command: path.join(machine.options.directory, 'llama-server'), version: '9.9 (build 1)' });
  expect(await readdir(path.dirname(machine.options.directory))).toEqual(['engine']);
  expect(await machine.calls()).toBe(
    'update\nTypes: deb\nURIs: http://m/debian\nSuites: forky\nComponents: main\nArchitectures: amd64\n' +
      'Targets: Packages\nLanguages: none\nSigned-By: /k/debian-archive.gpg\ninstall\ndownload\n',
  );
});

test('reports its steps and counts bytes', async () => {
  const machine = await debian();
  await installEngine(machine.options);
  expect(new Set(machine.progress.map(({ step }) => step))).toEqual(new Set(['engine']));
  const downloads = machine.progress.filter(({ message }) => message === 'downloading llama-server');
  expect(downloads[0]).toMatchObject({ done: 0, total: 33 });
  expect(downloads.at(-1)).toMatchObject({ done: 33, total: 33 });
});

test('starts the engine with its own loader, and its own libraries first', async () => {
  const machine = await debian();
  const { command } = await installEngine(machine.options);
  const root = machine.options.directory;
  const libraries = path.join(root, 'usr/lib/x86_64-linux-gnu');
  expect(await launch(command, machine)).toBe(
    `--library-path ${libraries}:${libraries}/llama ${root}/usr/bin/llama-server --port 1 2`,
  );
});

test('installs an engine that can be moved, and started from its folder, by PATH and through links', async () => {
  const machine = await debian();
  await installEngine(machine.options);
  const moved = path.join(machine.folder, 'moved here');
  await rename(machine.options.directory, moved);
  await symlink(path.join(moved, 'llama-server'), path.join(machine.folder, 'link'));
  await symlink('../link', path.join(machine.folder, 'bin', 'llama-server'));
  expect(await launch(path.join(moved, 'llama-server'), machine)).toContain(`${moved}/usr/bin/llama-server`);
  expect(await launch('./llama-server', machine, moved)).toContain(' ./usr/bin/llama-server');
  expect(await launch(path.join(machine.folder, 'link'), machine)).toContain(`${moved}/usr/bin/llama-server`);
  const { environment } = machine.options;
  const bySh = await runTool('sh', ['llama-server'], { environment, directory: moved });
  expect(bySh.stdout).toContain(' ./usr/bin/llama-server');
  expect(await launch('llama-server', machine)).toContain(`${moved}/usr/bin/llama-server`);
});

test('returns an engine that runs without network use', async () => {
  const machine = await debian();
  const engine = await installEngine(machine.options);
  const before = await machine.calls();
  machine.progress.length = 0;
  expect(await installEngine({ ...machine.options, platform: 'darwin' })).toEqual(engine);
  expect(await machine.calls()).toBe(before);
  expect(machine.progress).toEqual([]);
});

test('replaces an engine that does not run, and removes the leftovers of a crash', async () => {
  const machine = await debian();
  await mkdir(machine.options.directory, { recursive: true });
  await writeFile(path.join(machine.options.directory, 'llama-server'), 'half');
  // one above the highest possible pid
  const left = path.join(path.dirname(machine.options.directory), '.engine.partial-4194305-abc');
  await mkdir(path.join(left, 'deep'), { recursive: true });
  await installEngine(machine.options);
  expect(await readdir(path.dirname(machine.options.directory))).toEqual(['engine']);
  expect(await launch(path.join(machine.options.directory, 'llama-server'), machine)).toContain('--port');
});

test('two parallel installations both return the engine', async () => {
  const machine = await debian();
  const engines = await Promise.all([installEngine(machine.options), installEngine(machine.options)]);
  expect(engines[0]).toEqual(engines[1]);
  expect(await readdir(path.dirname(machine.options.directory))).toEqual(['engine']);
});

test('finds the other loader on arm64', async () => {
  const machine = await debian({ TRIPLET: 'aarch64-linux-gnu', LOADER: 'ld-linux-aarch64.so.1' });
  const { command } = await installEngine({ ...machine.options, architecture: 'arm64' });
  expect(await machine.calls()).toContain('Architectures: arm64');
  expect(await readFile(command, 'utf8')).toContain('$libraries/ld-linux-aarch64.so.1');
});

test('tries sid if forky lacks the package', async () => {
  const machine = await debian({ ABSENT: 'forky' });
  await installEngine(machine.options);
  expect(await machine.calls()).toMatch(
    /^update\n(?:.+\n)+?Suites: forky\n(?:.+\n)+?update\n(?:.+\n)+?Suites: sid\n(?:.+\n)+?install\n/,
  );
});

test("reports apt's message for each archive if none has the package, and a remedy", async () => {
  const machine = await debian({ ABSENT: 'forky sid' });
  await expect(installEngine(machine.options)).rejects.toThrow(
    /^Could not download the packages of llama\.cpp: http:\/\/m\/debian forky: E: The suite forky has no Release file\.; http:\/\/m\/debian sid: E: The suite sid has no Release file\. .*brew install llama\.cpp.*run this again\.$/,
  );
  expect(await readdir(path.dirname(machine.options.directory))).toEqual([]);
});

test('does not print the password of a mirror', async () => {
  const machine = await debian({ ABSENT: 'forky sid' });
  await writeFile(path.join(machine.folder, 'apt', 'sources.list'), 'deb http://me:secret@m/debian sid main\n');
  await expect(installEngine(machine.options)).rejects.toThrow(/: http:\/\/m\/debian forky: (?!.*secret)/);
});

test('does not keep an unpacked engine that does not start', async () => {
  const machine = await debian({ BROKEN: '1' });
  await expect(installEngine(machine.options)).rejects.toThrow(
    /^Could not start the llama-server just unpacked: error while loading shared libraries\. /,
  );
  expect(await readdir(path.dirname(machine.options.directory))).toEqual([]);
});

test('reports packages without a loader', async () => {
  const machine = await debian({ LOADER: 'something-else' });
  await expect(installEngine(machine.options)).rejects.toThrow(/^Could not unpack .*contain no loader/);
});

test('leaves nothing behind when aborted at any time', async () => {
  const machine = await debian({ HANG: '1' });
  const abort = new AbortController();
  const installed = installEngine({ ...machine.options, signal: abort.signal });
  await vi.waitFor(async () => expect(await machine.calls()).toContain('Signed-By'), { interval: 5, timeout: 10_000 });
  abort.abort(new Error('stopped by the user'));
  await expect(installed).rejects.toThrow('stopped by the user');
  expect(await readdir(path.dirname(machine.options.directory))).toEqual([]);
});

test.each([
  ['macOS', { platform: 'darwin' }, /no llama-server on this machine\. Install it with `brew install llama\.cpp`/],
  ['Windows', { platform: 'win32' }, /`winget install llama\.cpp`/],
  [
    'a Linux without apt',
    { environment: { PATH: '/none' } },
    /and no apt-get to download one\. .*`nix profile install/,
  ],
  ['an architecture without packages', { architecture: 's390x' }, /no llama-server to download for s390x\. Install/],
  [
    'a machine without a Debian archive',
    { aptDirectory: '/none' },
    /\/none lists no Debian archive .*sudo apt install llama\.cpp/,
  ],
  ['a folder with characters that search paths reserve', { directory: '/none/a:b' }, /a:b: .*Set data_dir/],
])('suggests a remedy for %s', async (_, part, message) => {
  const machine = await debian();
  await expect(installEngine({ ...machine.options, ...part })).rejects.toThrow(message);
  expect(await machine.calls()).toBe('');
});
