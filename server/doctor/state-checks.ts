import type { StartObstacle } from '@llamactl/contract/health';
import type { InstanceSummary } from '@llamactl/contract/instance';
import type { Model } from '@llamactl/contract/model';
import { isOllamaBlob } from '@llamactl/contract/ollama-options';
import type { Alert } from '@llamactl/contract/system';
import { count } from '../../format/figures.ts';
import { shellQuoted } from '../../format/shell-words.ts';
import { byCommand, doubtful, well, wrong, type Finding } from './finding.ts';

/** Most models to name. */
const MOST_NAMED = 5;

/** A finding for each alert that is raised now; one without a problem if none is. */
function alertFindings(alerts: readonly Alert[]): Finding[] {
  if (alerts.length === 0) return [well('alerts', 'none')];
  return alerts.map(({ level, message, code, instance }) => {
    const remedies = instance === undefined ? [] : [why(instance)];
    const finding = (level === 'error' ? wrong : doubtful)('alert', `${message} (${code})`, ...remedies);
    return instance === undefined ? finding : { ...finding, instance };
  });
}

/** An instance whose start would be refused. */
export interface BlockedInstance extends Pick<InstanceSummary, 'name' | 'model' | 'model_path'> {
  obstacle: Pick<StartObstacle, 'message'> & Partial<Pick<StartObstacle, 'code'>>;
}

/**
 * The findings about alerts and about instances that cannot be started. Those whose file Ollama has replaced are one
 * finding, because one command mends all of them.
 */
export function stateFindings(alerts: readonly Alert[], blocked: readonly BlockedInstance[]): Finding[] {
  const [replaced = [], others = []] = [true, false].map((is) => blocked.filter((each) => isReplaced(each) === is));
  const isSaid = ({ instance, message }: Alert): boolean =>
    replaced.some(({ name, model_path: file }) => name === instance && message.includes(file ?? ''));
  const shown = alerts.filter((alert) => !isSaid(alert));
  return [
    ...(shown.length === 0 && alerts.length > 0 ? [] : alertFindings(shown)),
    ...others.map(({ name, obstacle }) => obstacleFinding(name, obstacle)),
    ...replacedFindings(replaced),
  ];
}

/** Whether the instance names a model, and its file was one of Ollama, which is gone. */
function isReplaced({ model, model_path: file = '', obstacle: { code, message } }: BlockedInstance): boolean {
  return (
    code === 'MODEL_NOT_FOUND' &&
    model !== undefined &&
    isOllamaBlob(file) &&
    message.includes(`${file} does not exist`)
  );
}

function replacedFindings(replaced: readonly BlockedInstance[]): Finding[] {
  if (replaced.length === 0) return [];
  const models = [...new Set(replaced.map(({ model = '' }) => model.replace(/^ollama:/, '')))];
  const names = replaced.map(({ name }) => name).join(', ');
  const message = `Ollama has replaced or deleted the files of ${models.join(', ')}, so these cannot be started: ${names}`;
  const command = `llamactl import ollama ${models.map(shellQuoted).join(' ')} --update`;
  return [doubtful('instance', message, byCommand('Use the files that Ollama has now', command))];
}

/** The finding about an instance whose start would be refused. */
function obstacleFinding(instance: string, { message }: Pick<StartObstacle, 'message'>): Finding {
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
