import { isDeepStrictEqual } from 'node:util';
import { ApiError } from '@llamactl/contract/errors';
import type { CreateInstance, UpdateInstance } from '@llamactl/contract/instance';
import type { Commands } from './commands.ts';
import { matchesTag } from './instance-view.ts';
import type { InstanceState } from './life/lifecycle.ts';
import type { Mailbox } from './life/mailbox.ts';
import type { Contexts } from './ports/contexts.ts';
import type { EngineAdapter, Engines } from './ports/engine-adapter.ts';
import type { ModelFinder } from './ports/model-finder.ts';
import type { EventSink } from './ports/event-sink.ts';
import type { Edit, InstanceRecord, Settings } from './ports/instance-record.ts';
import type { Randomness } from './ports/random-values.ts';
import type { Clock } from './ports/time.ts';
import { changedSince, notFound } from './refusals.ts';
import type { Registry } from './registry.ts';
import type { PortChoice } from './settings/port-choice.ts';
import { changedValues } from './settings/changed-values.ts';
import { contextWarning } from './settings/context-warning.ts';
import { withModelFile } from './settings/model-setting.ts';
import { recordChanges } from './settings/setting-changes.ts';
import { adapterFor, checkSettings, newSettings, patchedSettings, type DefinedNames } from './settings/settings.ts';
import type { StartCheck } from './start-check.ts';
import type { UpdateOptions } from './use-cases.ts';
import { keepsContext } from './run/kept-context.ts';
import { isRestartedByUpdate, NEW_STATE } from './life/transitions.ts';
import type { WholeChanges } from './fleet/whole-changes.ts';

export interface EditorDependencies {
  clock: Clock;
  randomness: Randomness;
  events: EventSink;
  engines: Engines;
  models: ModelFinder;
  registry: Registry;
  portChoice: Pick<PortChoice, 'assign'>;
  defined: DefinedNames;
  startCheck: Pick<StartCheck, 'assertStartable' | 'foresee'>;
  commands: Pick<Commands, 'relaunch'>;
  wholeChanges: WholeChanges;
  contexts: Pick<Contexts, 'forget'>;
  /** Makes the mailbox of an instance that has never run. */
  openMailbox: (record: InstanceRecord, state: InstanceState) => Mailbox;
}

/** The result of a create or an update. */
export interface Edited {
  mailbox: Mailbox;
  /** The record as this edit wrote it; later edits may have replaced it. */
  record: InstanceRecord;
  /** The record that this edit replaced; `null`: the instance is new. */
  before: InstanceRecord | null;
  warnings: string[];
}

interface PutOptions extends Pick<UpdateOptions, 'by'> {
  restarts: boolean;
}

/** Creates instances and edits their settings. */
export class Editor {
  readonly #dependencies: EditorDependencies;

  constructor(dependencies: EditorDependencies) {
    this.#dependencies = dependencies;
  }

  /** @param by Subject of the caller; also below. `undefined`: unknown */
  async create(given: CreateInstance, by?: string): Promise<Edited> {
    const { engines, models, registry, portChoice, startCheck } = this.#dependencies;
    const body = await withModelFile(given, models);
    const settings = newSettings(body);
    const adapter = adapterFor(engines, settings.engine);
    const warnings = await this.#checked(settings, adapter, null);
    const draft = this.draft(body.name, { port: body.port ?? 0, portAssigned: body.port === undefined, settings });
    const { obstacle } = await startCheck.foresee(draft);
    // No await from here to `add`, so a free name, alias or port stays free.
    const record = { ...draft, port: body.port ?? portChoice.assign(draft.id) };
    registry.assertFree({ ...record, aliases: settings.aliases });
    const mailbox = await this.add(record, by);
    return { mailbox, record, before: null, warnings: obstacle === null ? warnings : [...warnings, obstacle.message] };
  }

  /** An edit with a restart is refused if the engine could not start with it. */
  async update(mailbox: Mailbox, given: UpdateInstance, options: UpdateOptions): Promise<Edited> {
    const { registry, models, startCheck, wholeChanges, commands } = this.#dependencies;
    const { name } = mailbox.record;
    if (given.name !== undefined && given.name !== name) {
      const message = 'cannot be changed by an update; POST /api/instances/{name}/rename changes it';
      throw new ApiError('VALIDATION_ERROR', `name ${message}.`, { problems: [{ path: 'name', message }] });
    }
    const patch = await withModelFile(given, models);
    for (;;) {
      const before = mailbox.record;
      if (options.ifMatch !== undefined && !matchesTag(options.ifMatch, before)) throw changedSince(before.name);
      const { edit, warnings } = await this.#patched(before, patch);
      // Do not make a new version if nothing changes: other editors would get a 412 for it.
      const isSame = isDeepStrictEqual({ ...before, ...edit }, before);
      const record = isSame ? before : this.revision(before, edit);
      const isRestarted = options.restart && isRestartedByUpdate(mailbox.state);
      if (isRestarted) await startCheck.assertStartable(mailbox, record);
      // As for a new instance: a wrong path is a warning, because the file may come later.
      else if (patch.model_path !== undefined) {
        const { obstacle } = await startCheck.foresee(record);
        if (obstacle !== null) warnings.push(obstacle.message);
      }
      if (mailbox.isClosed) throw notFound(name);
      // Another update or a newly chosen port was stored meanwhile: start over from the current record.
      if (mailbox.record !== before) continue;
      registry.assertFree({ ...record, aliases: record.settings.aliases });
      await wholeChanges.run(async () => {
        if (!isSame) await this.put(mailbox, record, { restarts: options.restart, by: options.by });
        if (options.restart) await commands.relaunch(mailbox, options.by);
      });
      return { mailbox, record, before, warnings };
    }
  }

  /**
   * Gives an instance another name. Its id stays, and so do its logs, its processes and the lists of keys, which use
   * the id.
   */
  async rename(mailbox: Mailbox, name: string, by?: string): Promise<Edited> {
    const { registry, wholeChanges } = this.#dependencies;
    const { record: before } = mailbox;
    if (name === before.name) return { mailbox, record: before, before, warnings: [] };
    const record = { ...this.revision(before, before), name };
    // No await from here to `put`, so a free name stays free.
    registry.assertFree({ id: record.id, name, aliases: [], port: null });
    await wholeChanges.run(() => this.put(mailbox, record, { restarts: false, by }));
    return { mailbox, record, before, warnings: [] };
  }

  /** Returns the warnings. @param stored The settings before the change; `null`: the instance is new. */
  async #checked(settings: Settings, adapter: EngineAdapter, stored: Settings | null): Promise<string[]> {
    const { defined, models } = this.#dependencies;
    const warnings = await checkSettings(settings, adapter, defined, stored);
    const model = settings.model_path === undefined ? null : models.at(settings.model_path, settings.model);
    const context = contextWarning(settings, model);
    return context === null ? warnings : [...warnings, context];
  }

  async #patched(before: InstanceRecord, patch: UpdateInstance): Promise<{ edit: Edit; warnings: string[] }> {
    const { engines, portChoice } = this.#dependencies;
    const engine = patch.engine === null ? 'llama_cpp' : (patch.engine ?? before.settings.engine);
    const adapter = adapterFor(engines, engine);
    // The adapter must know which options are twins. The stored command of another engine cannot answer that.
    if (engine === before.settings.engine) await adapter.learn(before.settings);
    const settings = patchedSettings(before.settings, patch, adapter);
    const warnings = await this.#checked(settings, adapter, before.settings);
    const port = patch.port === undefined ? before.port : (patch.port ?? portChoice.assign(before.id));
    const portAssigned = patch.port === undefined ? before.portAssigned : patch.port === null;
    return { edit: { settings, port, portAssigned }, warnings };
  }

  /** The record of an instance that does not exist yet. */
  draft(name: string, edit: Edit): InstanceRecord {
    const now = this.#timestamp();
    return { id: this.#dependencies.randomness.token(8), name, ...edit, createdAt: now, updatedAt: now, version: 1 };
  }

  /** The next version of the record `before`. */
  revision(before: InstanceRecord, edit: Edit): InstanceRecord {
    return { ...before, ...edit, version: before.version + 1, updatedAt: this.#timestamp() };
  }

  /**
   * Adds an instance: visible at once, durable when this resolves. The caller checks, in the same event-loop turn, that its
   * name, aliases and port are free.
   */
  async add(record: InstanceRecord, by?: string): Promise<Mailbox> {
    const { registry, events } = this.#dependencies;
    const mailbox = this.#dependencies.openMailbox(record, NEW_STATE);
    registry.add(mailbox);
    const created = events.keep({ type: 'instance_created', data: { name: record.name, caller: by } }, record.id);
    try {
      await mailbox.amend(record, [created]);
    } catch (error) {
      events.discard(created);
      registry.drop(mailbox);
      mailbox.abandon();
      throw error;
    }
    events.publish(created);
    return mailbox;
  }

  /** Replaces the record of an instance under the rules of {@link add}. @param options.restarts See {@link Mailbox.amend}. */
  async put(mailbox: Mailbox, record: InstanceRecord, { restarts, by }: PutOptions): Promise<void> {
    const { events, contexts } = this.#dependencies;
    const { record: before } = mailbox;
    const { id, name } = record;
    const isForgotten = keepsContext(before.settings) && !keepsContext(record.settings);
    const changes = recordChanges(before, record);
    const values = changedValues(before, record, changes);
    const data = {
      name,
      ...(name === before.name ? {} : { previous_name: before.name }),
      ...(changes.length > 0 && { changed: changes }),
      ...(values.length > 0 && { values }),
      caller: by,
    };
    const updated = events.keep({ type: 'instance_updated', data }, record.id);
    try {
      await mailbox.amend(record, [updated], restarts);
    } catch (error) {
      events.discard(updated);
      throw error;
    }
    events.publish(updated);
    if (isForgotten) await contexts.forget(id);
  }

  #timestamp(): string {
    return new Date(this.#dependencies.clock.now()).toISOString();
  }
}
