import { readdir, readFile } from 'node:fs/promises';

/** Ends every process that has this home directory, which has to be one of a test; resolves when none is left. */
export async function endProcessesOf(home: string): Promise<void> {
  for (;;) {
    const pids = await processesOf(home);
    if (pids.length === 0) return;
    for (const pid of pids) endProcess(pid);
  }
}

async function processesOf(home: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [environment, stat] = await Promise.all(
        ['environ', 'stat'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')),
      );
      const isZombie = stat?.slice(stat.lastIndexOf(')') + 2).startsWith('Z') === true;
      return !isZombie && environment?.split('\0').includes(`HOME=${home}`) === true ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
