import type { StartObstacle } from '@llamactl/contract/health';
import type { Model } from '@llamactl/contract/model';
import type { Alert } from '@llamactl/contract/system';
import { count } from '../../format/figures.ts';
import { byCommand, doubtful, well, wrong, type Finding } from './finding.ts';

/** Most models to name. */
const MOST_NAMED = 5;

/** A finding for each alert that is raised now; one without a problem if none is. */
export function alertFindings(alerts: readonly Alert[]): Finding[] {
  if (alerts.length === 0) return [well('alerts', 'none')];
  return alerts.map(({ level, message, code, instance }) => {
    const remedies = instance === undefined ? [] : [why(instance)];
    const finding = (level === 'error' ? wrong : doubtful)('alert', `${message} (${code})`, ...remedies);
    return instance === undefined ? finding : { ...finding, instance };
  });
}

/** The finding about an instance whose start would be refused. */
export function obstacleFinding(instance: string, { message }: Pick<StartObstacle, 'message'>): Finding {
  return { ...doubtful('instance', `${instance} cannot be started: ${message}`, why(instance)), instance };
}

/** Model files of the library that no engine can load. */
export function brokenModelFindings(models: readonly Pick<Model, 'name' | 'problems'>[]): Finding[] {
  const broken = models.filter(({ problems }) => problems.length > 0);
  if (broken.length === 0) return [];
  const some = broken.slice(0, MOST_NAMED).map(({ name }) => name);
  const message = `${count(broken.length, 'model')} of the library cannot be loaded or lack a part: ${some.join(', ')}`;
  return [doubtful('models', message, { label: 'See the reasons', command: 'llamactl models', link: 'models' })];
}

function why(instance: string) {
  return byCommand('Explain it', `llamactl why ${instance}`);
}
