import { ApiError, MOST_PROBLEMS, type Problem } from '@llamactl/contract/errors';
import type { CreateInstance, UpdateInstance } from '@llamactl/contract/instance';
import type { Editor, EditorDependencies } from './instance-editor.ts';
import { matchesTag } from './instance-view.ts';
import type { Mailbox } from './life/mailbox.ts';
import { isRestartedByUpdate } from './life/transitions.ts';
import type { UpdateOptions } from './use-cases.ts';
import type { Edit, InstanceRecord, Settings } from './ports/instance-record.ts';
import { changedSince } from './refusals.ts';
import type { StartCheck } from './start-check.ts';
import { contextWarning } from './settings/context-warning.ts';
import { withModelFile } from './settings/model-setting.ts';
import { recordChanges, settingChanges } from './settings/setting-changes.ts';
import { newSettings, patchedSettings, settingsProblems, withoutCode } from './settings/settings.ts';

export interface EditPreviewDependencies extends Pick<
  EditorDependencies,
  'engines' | 'models' | 'registry' | 'portChoice' | 'defined'
> {
  startCheck: Pick<StartCheck, 'foresee' | 'assertStartable' | 'takenPort'>;
  editor: Pick<Editor, 'draft' | 'revision'>;
}

/** An edit that was not made. */
export interface Foreseen {
  /** The record as it would be; its port is 0 if none is free. */
  record: InstanceRecord;
  problems: Problem[];
  warnings: string[];
  changes: string[];
}

/** Finds out what a create or an update would do. Changes nothing, and collects all problems instead of throwing the first. */
export class EditPreview {
  readonly #dependencies: EditPreviewDependencies;

  constructor(dependencies: EditPreviewDependencies) {
    this.#dependencies = dependencies;
  }

  async create(given: CreateInstance): Promise<Foreseen> {
    const { editor, models, startCheck } = this.#dependencies;
    const findings = new Findings();
    const body = await findings.orElse(given, () => withModelFile(given, models));
    const settings = newSettings(body);
    const wished = { port: body.port ?? 0, portAssigned: body.port === undefined, settings };
    const draft = editor.draft(body.name, wished);
    await this.#judge(settings, null, findings);
    const record = await this.#withPort(draft, findings);
    const { obstacle } = await startCheck.foresee(record);
    // Without a file, the missing setting is a problem already.
    const isSaid = obstacle?.code === 'MODEL_NOT_FOUND' && settings.model_path === undefined;
    if (obstacle !== null && !isSaid) findings.warn(obstacle.message);
    await this.#warnOfPort(record, findings);
    const changes = settingChanges(newSettings({}), settings);
    return { record, ...findings.result(), changes: body.port === undefined ? changes : ['port', ...changes] };
  }

  /**
   * @param options.ifMatch As of an update.
   * @throws {ApiError} `PRECONDITION_FAILED`
   */
  async update(mailbox: Mailbox, given: UpdateInstance, options: Omit<UpdateOptions, 'by'>): Promise<Foreseen> {
    const { record: before, state } = mailbox;
    const { models, editor, startCheck } = this.#dependencies;
    if (options.ifMatch !== undefined && !matchesTag(options.ifMatch, before)) throw changedSince(before.name);
    const findings = new Findings();
    if (given.name !== undefined && given.name !== before.name)
      findings.add([{ path: 'name', message: 'cannot be changed by an update; a rename changes it' }]);
    const patch = await findings.orElse(given, () => withModelFile(given, models));
    const edit = await this.#patched(before, patch, findings);
    await this.#judge(edit.settings, before.settings, findings);
    const record = await this.#withPort(editor.revision(before, edit), findings);
    if (options.restart && isRestartedByUpdate(state)) {
      await findings.orElse(undefined, () => startCheck.assertStartable(mailbox, record));
    } else if (patch.model_path !== undefined) {
      const { obstacle } = await startCheck.foresee(record);
      if (obstacle !== null) findings.warn(obstacle.message);
    }
    // Its own engine may use the port of before.
    if (record.port !== before.port) await this.#warnOfPort(record, findings);
    return { record, ...findings.result(), changes: recordChanges(before, record) };
  }

  async #patched(before: InstanceRecord, patch: UpdateInstance, findings: Findings): Promise<Edit> {
    const { engines } = this.#dependencies;
    const engine = patch.engine === null ? 'llama_cpp' : (patch.engine ?? before.settings.engine);
    const adapter = engines.find(engine);
    if (engine === before.settings.engine) await adapter?.learn(before.settings);
    const known = adapter ?? engines.find(before.settings.engine);
    const settings = known === null ? before.settings : patchedSettings(before.settings, patch, known);
    if (adapter === null) {
      const { problems } = await settingsProblems(
        { ...settings, engine },
        engines,
        this.#dependencies.defined,
        null,
        0,
      );
      findings.add(problems);
    }
    const port = patch.port === undefined ? before.port : (patch.port ?? 0);
    const portAssigned = patch.port === undefined ? before.portAssigned : patch.port === null;
    return { settings, port, portAssigned };
  }

  async #judge(settings: Settings, stored: Settings | null, findings: Findings): Promise<void> {
    const { engines, defined, models } = this.#dependencies;
    if (engines.find(settings.engine) === null && findings.hasProblems) return;
    const { problems, warnings } = await settingsProblems(settings, engines, defined, stored, MOST_PROBLEMS);
    findings.add(problems);
    for (const warning of warnings) findings.warn(warning);
    const model = settings.model_path === undefined ? null : models.at(settings.model_path, settings.model);
    const context = contextWarning(settings, model);
    if (context !== null) findings.warn(context);
  }

  /** Warns of another process on a fixed port. It may be gone until the start. */
  async #warnOfPort(record: InstanceRecord, findings: Findings): Promise<void> {
    if (findings.hasProblemAt('port')) return;
    const taken = await this.#dependencies.startCheck.takenPort(record);
    if (taken !== null) findings.warn(taken);
  }

  /** The record with a port, if llamactl chooses it; finds clashes of name, aliases and port. */
  async #withPort(draft: InstanceRecord, findings: Findings): Promise<InstanceRecord> {
    const { registry, portChoice } = this.#dependencies;
    const isChosen = draft.portAssigned && draft.port === 0;
    const port = isChosen ? await findings.orElse(0, async () => portChoice.assign(draft.id)) : draft.port;
    const record = { ...draft, port };
    const claim = { ...record, aliases: record.settings.aliases, port: port === 0 ? null : port };
    findings.add(registry.claims(new Set([record.id])).clashes(claim));
    return record;
  }
}

/** Collects problems and warnings. */
class Findings {
  readonly #problems: Problem[] = [];
  readonly #warnings: string[] = [];

  get hasProblems(): boolean {
    return this.#problems.length > 0;
  }

  hasProblemAt(path: string): boolean {
    return this.#problems.some((problem) => problem.path === path);
  }

  add(problems: readonly Problem[]): void {
    this.#problems.push(...problems.map(withoutCode));
  }

  warn(warning: string): void {
    if (!this.#warnings.includes(warning)) this.#warnings.push(warning);
  }

  /** The result of an attempt. If it is refused, adds the problems of the refusal and returns `fallback`. */
  async orElse<Value>(fallback: Value, attempt: () => Promise<Value>): Promise<Value> {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.add(error.extras.problems ?? [{ path: '', message: error.message }]);
      return fallback;
    }
  }

  result(): Pick<Foreseen, 'problems' | 'warnings'> {
    return { problems: this.#problems.slice(0, MOST_PROBLEMS), warnings: this.#warnings };
  }
}
