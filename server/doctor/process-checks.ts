import { phrase } from '@llamactl/contract/phrases';
import { readProc } from '../supervisor/proc-file.ts';
import { step } from '../instances/why/step.ts';
import { byCommand, doubtful, withPhrases, well, wrong, type Finding } from './finding.ts';

/**
 * Least limit of open files. A request takes two, an engine a few. Under load, a server with a lower limit runs out of
 * them within an hour.
 */
const FEW_FILES = 4_096;

/**
 * Checks the server's limit of open files.
 *
 * @param pid Of the server; `null`: none runs, and a new one would inherit our limit.
 */
export function checkOpenFiles(pid: number | null): Finding[] {
  const limits = readProc(`/proc/${pid ?? 'self'}/limits`);
  const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(limits.toString()) ?? [];
  return soft === undefined ? [] : [judgeOpenFiles(soft === 'unlimited' ? Infinity : Number(soft))];
}

export function judgeOpenFiles(most: number): Finding {
  const check = 'open files';
  const message = `the server may open ${most === Infinity ? 'any number of' : `at most ${most}`} files`;
  const data = phrase('open_files', { most: most === Infinity ? undefined : most });
  if (most >= FEW_FILES) return well(check, message, data);
  const finding = doubtful(
    check,
    message,
    byCommand(step('raise_in_shell', 'Raise it in the shell'), 'ulimit -n 65536'),
    step('set_limit_in_service', 'Or set LimitNOFILE=65536 in the service'),
  );
  return withPhrases(finding, data);
}

/** Whether the clock is plausible. @param built Build time of this program, RFC 3339. */
export function checkClock(now: number, built: string): Finding {
  const check = 'clock';
  const shown = new Date(now).toISOString();
  // A checkout has timestamps of another machine, whose clock may be some minutes ahead.
  if (now >= Date.parse(built) - 3_600_000) return well(check, shown);
  const finding = wrong(
    check,
    `the time here is ${shown}, before this program was built (${built}): certificates and log-ins will fail`,
    byCommand(step('set_clock', 'Set the clock'), 'timedatectl set-ntp true'),
  );
  return withPhrases(finding, phrase('clock_wrong', { now: shown, built }));
}
