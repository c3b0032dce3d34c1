import { codeOf } from '@llamactl/contract/reason';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * A program with the command line of `docker`. Its containers are processes, but not children of their client. They get
 * only the named variables, keep running when the client is killed, and end when a client ends them. Unlike docker's,
 * they write directly to their client's output. The image is ignored: `run IMAGE PROGRAM …` runs the program.
 * `run pull …` never gets its image. `rm --force` behaves like podman's: it asks a container to end and waits for that,
 * here without a limit.
 */
const PROGRAM = `#!/bin/sh
S=$FAKE_DOCKER
echo "$*" >> "$S/calls"
if [ -e "$S/down" ]; then echo "Cannot connect to the Docker daemon. Is the docker daemon running?" >&2; exit 125; fi
[ "$1" = container ] && shift
verb=$1; shift
lacks() { [ -e "$S/$1.pid" ] || { echo "Error response from daemon: No such container: $1" >&2; exit 1; }; }
ends() { while kill -0 "$1" 2>/dev/null; do sleep 0.01; done; }
case $verb in
run)
  name=unnamed
  while :; do case $1 in
    --name) name=$2; shift 2;;
    --env) echo "$2=$(printenv "$2")" >> "$S/$name.env"; shift 2;;
    --label) label=\${2#*=}; shift 2;;
    --rm) shift;;
    *) break;;
  esac; done
  [ "$1" = pull ] && exec sleep 1000
  [ -e "$S/$name.pid" ] && { echo "Conflict. The container name /$name is already in use" >&2; exit 125; }
  echo "$label" > "$S/$name.label"
  shift
  env -i PATH="$PATH" setsid --fork sh -c 'cd "$1"; n=$2; shift 2
    env -i PATH="$PATH" $(cat "$n.env") "$@" 9>&- & p=$!
    echo $p > "$n.new"; mv "$n.new" "$n.pid"
    wait $p; c=$?
    rm "$n.pid"; echo $c > "$n.exit"' container "$S" "$name" "$@" 9>&-
  trap 'kill -TERM "$(cat "$S/$name.pid")"' TERM
  while [ ! -s "$S/$name.exit" ]; do sleep 0.01; done
  exit "$(cat "$S/$name.exit")";;
stop)
  [ "$1" = -t ] && shift 2
  lacks "$1"; p=$(cat "$S/$1.pid"); kill -TERM "$p"
  i=0; while kill -0 "$p" 2>/dev/null && [ $i -lt 20 ]; do sleep 0.01; i=$((i+1)); done
  kill -KILL "$p" 2>/dev/null; ends "$p"; exit 0;;
kill) lacks "$1"; kill -KILL "$(cat "$S/$1.pid")";;
rm) shift; lacks "$1"; p=$(cat "$S/$1.pid"); kill -TERM "$p"; ends "$p";;
inspect) shift 2; lacks "$1"; echo "true $(cat "$S/$1.pid") 0123456789abcdef $(cat "$S/$1.label")";;
*) echo "unknown command: $verb" >&2; exit 1;;
esac
`;

/** A {@link PROGRAM} in its own folder. */
export class FakeDocker {
  /** Absolute path; the file name is `docker`. */
  readonly command: string;
  /** Variables that its callers need in their environment. */
  readonly environment: Record<string, string>;
  readonly #folder: string;

  constructor(parent: string) {
    this.#folder = path.join(parent, 'docker-state');
    mkdirSync(this.#folder, { recursive: true });
    this.command = path.join(this.#folder, 'docker');
    writeFileSync(this.command, PROGRAM);
    chmodSync(this.command, 0o755);
    this.environment = { FAKE_DOCKER: this.#folder };
  }

  /** The arguments of each call, oldest first. */
  get calls(): string[] {
    const file = path.join(this.#folder, 'calls');
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  }

  /** The first process of a container; `null`: the container does not exist. */
  pid(name: string): number | null {
    const file = path.join(this.#folder, `${name}.pid`);
    return existsSync(file) ? Number(readFileSync(file, 'utf8')) : null;
  }

  /** Ends every container. */
  dispose(): void {
    for (const file of readdirSync(this.#folder).filter((each) => each.endsWith('.pid'))) {
      const pid = this.pid(file.slice(0, -'.pid'.length));
      if (pid !== null) kill(pid);
    }
  }

  /** Makes every later call fail to reach the daemon; containers keep running. */
  goDown(): void {
    writeFileSync(path.join(this.#folder, 'down'), '');
  }

  comeBack(): void {
    rmSync(path.join(this.#folder, 'down'));
  }
}

/** Kills a process. It may be gone already, because a container's shell removes the pid file only after the process ends. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}
