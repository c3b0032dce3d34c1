import type { StartObstacle } from '@llamactl/contract/health';
import type { InstanceSummary } from '@llamactl/contract/instance';
import type { Model } from '@llamactl/contract/model';
import { modelsCalled } from '@llamactl/contract/model-names';
import { isOllamaBlob, nameInOllama } from '@llamactl/contract/ollama-options';
import { phrase } from '@llamactl/contract/phrases';
import type { Alert } from '@llamactl/contract/system';
import { count } from '../../format/figures.ts';
import { shellQuoted } from '../../format/shell-words.ts';
import { causeOfObstacle } from '../instances/why/failure-cause.ts';
import { reasonPhrase } from '../instances/why/reason-phrase.ts';
import { step } from '../instances/why/step.ts';
import { byCommand, doubtful, withPhrases, well, wrong, type Finding } from './finding.ts';

/** Most models to name. */
const MOST_NAMED = 5;

/** A finding for each alert that is raised now; one without a problem if none is. */
function alertFindings(alerts: readonly Alert[]): Finding[] {
  if (alerts.length === 0) return [well('alerts', 'none', phrase('no_alerts'))];
  return alerts.map(({ level, message, code, instance, cause }) => {
    const remedies = instance === undefined ? [] : [why(instance)];
    const alert = { level, code, ...(cause === undefined ? {} : { cause }) };
    const finding = { ...(level === 'error' ? wrong : doubtful)('alert', `${message} (${code})`, ...remedies), alert };
    return instance === undefined ? finding : { ...finding, instance };
  });
}

/** An instance whose start would be refused, or that runs and could not start again. */
export interface BlockedInstance extends Pick<InstanceSummary, 'name' | 'status' | 'model' | 'model_path'> {
  obstacle: Pick<StartObstacle, 'message'> & Partial<Pick<StartObstacle, 'code'>>;
}

/** The parts of a model of the library that say which instances it could mend. */
export type NamedModel = Pick<Model, 'id' | 'ref' | 'name' | 'path' | 'problems'>;

/**
 * The findings about alerts and about instances that cannot be started. Those whose file Ollama has replaced are one
 * finding, because one command mends all of them.
 */
export function stateFindings(
  alerts: readonly Alert[],
  blocked: readonly BlockedInstance[],
  models: readonly NamedModel[],
): Finding[] {
  const ofOllama = blocked.filter((each) => isOfOllama(each));
  const others = blocked.filter((each) => !ofOllama.includes(each));
  const replaced = ofOllama.filter((each) => hasOtherFile(each, models));
  const isSaid = ({ instance, message }: Alert): boolean =>
    ofOllama.some(({ name, model_path: file }) => name === instance && message.includes(file ?? ''));
  const shown = alerts.filter((alert) => !isSaid(alert));
  return [
    ...(shown.length === 0 && alerts.length > 0 ? [] : alertFindings(shown)),
    ...others.map(obstacleFinding),
    ...replacedFindings(replaced),
    ...deletedFindings(ofOllama.filter((each) => !replaced.includes(each))),
  ];
}

/** Whether the instance names a model, and its file was one of Ollama, which is gone. */
function isOfOllama({ model, model_path: file = '', obstacle: { code, message } }: BlockedInstance): boolean {
  return (
    code === 'MODEL_NOT_FOUND' &&
    model !== undefined &&
    isOllamaBlob(file) &&
    message.includes(`${file} does not exist`)
  );
}

/** Whether the library has another file under the name of the model. */
function hasOtherFile({ model = '', model_path: file }: BlockedInstance, models: readonly NamedModel[]): boolean {
  return modelsCalled(model, models).some(({ path, problems }) => path !== file && problems.length === 0);
}

function replacedFindings(replaced: readonly BlockedInstance[]): Finding[] {
  if (replaced.length === 0) return [];
  const models = [...new Set(replaced.map(modelOf))];
  const message = `Ollama has replaced the files of ${models.join(', ')}, so these cannot be started: ${namesOf(replaced)}`;
  const command = `llamactl import ollama ${models.map(shellQuoted).join(' ')} --update`;
  const use = byCommand(step('use_ollamas_files', 'Use the files that Ollama has now'), command);
  const data = { models: models.join(', '), names: namesOf(replaced) };
  return [withPhrases(doubtful('instance', message, use), phrase('files_replaced_by_ollama', data))];
}

/** A finding for each model that Ollama no longer has, or whose file it lacks. */
function deletedFindings(deleted: readonly BlockedInstance[]): Finding[] {
  return [...Map.groupBy(deleted, modelOf)].map(([model, instances]) => {
    const message = `Ollama no longer has ${model}, so these cannot be started: ${namesOf(instances)}`;
    const names = instances.map(({ name }) => name).join(' ');
    const remove =
      instances.length === 1
        ? step('delete_instance', 'Or delete the instance')
        : step('delete_instances', 'Or delete the instances');
    const finding = doubtful(
      'instance',
      message,
      byCommand(step('let_ollama_download', 'Let Ollama download it again'), `ollama pull ${shellQuoted(model)}`),
      byCommand(remove, `llamactl rm ${names}`),
    );
    return withPhrases(finding, phrase('model_deleted_by_ollama', { model, names: namesOf(instances) }));
  });
}

function modelOf({ model = '' }: BlockedInstance): string {
  return nameInOllama(model);
}

function namesOf(instances: readonly BlockedInstance[]): string {
  return instances.map(({ name, status }) => (status === 'running' ? `${name} (once it stops)` : name)).join(', ');
}

function obstacleFinding({ name, status, obstacle }: BlockedInstance): Finding {
  const { message, code } = obstacle;
  const what = status === 'running' ? 'runs, but once it stops, it cannot start again' : 'cannot be started';
  const reason = code === undefined ? null : reasonPhrase(message, causeOfObstacle({ code, message }));
  return {
    ...doubtful('instance', `${name} ${what}: ${message}`, why(name)),
    instance: name,
    ...(reason === null
      ? {}
      : { phrases: [phrase(status === 'running' ? 'cannot_start_again' : 'cannot_start', { name }), reason] }),
  };
}

/** The instances that may have an obstacle to their next start. Those that do not run come first. */
export function examined<Row extends Pick<InstanceSummary, 'status'>>(instances: readonly Row[]): Row[] {
  const down = instances.filter(({ status }) => status === 'stopped' || status === 'failed');
  return [...down, ...instances.filter(({ status }) => status === 'running')];
}

/** Model files of the library that no engine can load. */
export function brokenModelFindings(models: readonly Pick<Model, 'name' | 'problems'>[]): Finding[] {
  const broken = models.filter(({ problems }) => problems.length > 0);
  if (broken.length === 0) return [];
  const some = broken.slice(0, MOST_NAMED).map(({ name }) => name);
  const message = `${count(broken.length, 'model')} of the library cannot be loaded or ${broken.length === 1 ? 'lacks' : 'lack'} a part: ${some.join(', ')}`;
  const see = { ...step('see_reasons', 'See the reasons'), command: 'llamactl models', link: 'models' };
  return [
    withPhrases(
      doubtful('models', message, see),
      phrase('broken_models', { count: broken.length, names: some.join(', ') }),
    ),
  ];
}

function why(instance: string) {
  return byCommand(step('explain', 'Explain it'), `llamactl why ${instance}`);
}
