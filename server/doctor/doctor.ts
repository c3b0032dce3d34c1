import type { ConfigView } from '@llamactl/contract/config';
import {
  DOCTOR_CHECKS,
  type Doctor as Report,
  type DoctorCheck,
  type Finding as Shown,
} from '@llamactl/contract/doctor';
import type { InstanceSummary } from '@llamactl/contract/instance';
import { phrase } from '@llamactl/contract/phrases';
import type { Alert } from '@llamactl/contract/system';
import { atMost, type Clock } from '../instances/ports/time.ts';
import { step } from '../instances/why/step.ts';
import { byCommand, doubtful, withPhrases, well, wrong, type Finding } from './finding.ts';
import { checkClock } from './process-checks.ts';
import { type BlockedInstance, brokenModelFindings, examined, type NamedModel, stateFindings } from './state-checks.ts';

/** Longest time for all checks. */
const LONGEST_MS = 30_000;
/** Most instances that are checked for an obstacle to their next start. */
const MOST_INSTANCES = 50;

/** The parts of a server that its doctor examines. */
export interface DoctorPatient {
  clock: Pick<Clock, 'now' | 'elapsed' | 'after'>;
  /** Build time of this program, RFC 3339. */
  built: string;
  configuration: () => Promise<Pick<ConfigView, 'file' | 'pending' | 'problem'>>;
  alerts: () => readonly Alert[];
  models: () => readonly NamedModel[];
  instances: {
    list(): readonly Pick<InstanceSummary, 'name' | 'status' | 'model' | 'model_path'>[];
    health(name: string): Promise<{ start_obstacle?: BlockedInstance['obstacle'] | undefined }>;
  };
  /** The checks of the machine, see `examineMachine`. */
  machine: () => AsyncGenerator<Finding, void, void>;
}

/** Checks a running server and its machine. Runs once at a time: calls meanwhile get the same report. */
export class Doctor {
  readonly #patient: DoctorPatient;
  #running: Promise<Report> | null = null;

  constructor(patient: DoctorPatient) {
    this.#patient = patient;
  }

  /** Takes at most 30 seconds. Rejects only if a check has a bug. */
  examine(): Promise<Report> {
    this.#running ??= this.#begin();
    return this.#running;
  }

  #begin(): Promise<Report> {
    const { clock } = this.#patient;
    const begun = clock.elapsed();
    const checkedAt = new Date(clock.now()).toISOString();
    const findings: Finding[] = [];
    let isOver = false;
    const work = this.#collect(findings).finally(() => {
      isOver = true;
      // Not earlier: a check that was given up still runs its tool.
      this.#running = null;
    });
    return atMost(clock, LONGEST_MS, work).then(() => {
      const late = isOver
        ? []
        : [
            withPhrases(
              doubtful('unfinished', 'The checks took too long; the rest of them is missing.'),
              phrase('checks_unfinished'),
            ),
          ];
      const duration = (clock.elapsed() - begun) / 1_000;
      return { checked_at: checkedAt, duration, findings: [...findings, ...late].map(shown) };
    });
  }

  async #collect(findings: Finding[]): Promise<void> {
    for await (const finding of this.#findings()) findings.push(finding);
  }

  async *#findings(): AsyncGenerator<Finding, void, void> {
    const { clock, built, configuration, alerts, models, instances, machine } = this.#patient;
    const raised = alerts();
    const blocked: BlockedInstance[] = [];
    for (const instance of examined(instances.list()).slice(0, MOST_INSTANCES)) {
      const { start_obstacle: obstacle } = await instances.health(instance.name);
      if (obstacle !== undefined) blocked.push({ ...instance, obstacle });
    }
    const library = models();
    yield* stateFindings(raised, blocked, library);
    yield* brokenModelFindings(library);
    yield* configurationFindings(await configuration());
    yield* machine();
    yield checkClock(clock.now(), built);
  }
}

function configurationFindings({
  file,
  pending,
  problem,
}: Awaited<ReturnType<DoctorPatient['configuration']>>): Finding[] {
  const check = 'configuration';
  if (problem !== undefined) {
    return problem
      .split('\n')
      .map((each) =>
        wrong(check, each, step('correct_file', 'Correct the file; until then llamactl runs with the earlier values')),
      );
  }
  if (pending.length === 0)
    return [file === null ? well(check, 'no file, only defaults', phrase('no_configuration_file')) : well(check, file)];
  const message = `${file ?? 'the file'}: changes of ${pending.join(', ')} wait for a reload`;
  const reload = byCommand(step('reload', 'Reload llamactl'), 'llamactl reload');
  return [
    withPhrases(
      doubtful(check, message, reload),
      phrase('configuration_pending', { file: file ?? undefined, keys: pending.join(', ') }),
    ),
  ];
}

function shown({ check, level, message, phrases, alert, instance, remedies }: Finding): Shown {
  return {
    id: idOf(check),
    status: level === 'error' ? 'problem' : level,
    sentence: check.startsWith('engine ') ? `${check}: ${message}` : message,
    ...(phrases === undefined ? {} : { phrases: [...phrases] }),
    ...(alert === undefined ? {} : { alert }),
    ...(instance === undefined ? {} : { instance }),
    remedies: [...remedies],
  };
}

/** The id of a check: `port range` is `port_range`, `engine NAME` is `engine`. */
function idOf(check: string): DoctorCheck {
  const word = check.toLowerCase().replaceAll(' ', '_');
  const found = DOCTOR_CHECKS.find((id) => word === id || word === `${id}s` || word.startsWith(`${id}_`));
  if (found === undefined) throw new Error(`The check ${check} has no id`);
  return found;
}
