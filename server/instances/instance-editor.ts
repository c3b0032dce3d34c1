import { ApiError } from '@llamactl/contract/errors';
import type { CreateInstance, UpdateInstance } from '@llamactl/contract/instance';
import { matchesTag } from './settings/entity-tag.ts';
import type { InstanceState } from './life/lifecycle.ts';
import type { Mailbox } from './life/mailbox.ts';
import type { Clock, Engines, EventSink, InstanceRecord, Randomness } from './ports.ts';
import { notFound } from './refusals.ts';
import type { Registry } from './registry.ts';
import { adapterFor, checkSettings, newSettings, patchedSettings, type GroupNames } from './settings/settings.ts';
import type { StartCheck } from './start-check.ts';
import { isRestartedByUpdate, NEW_STATE } from './life/transitions.ts';
import type { WholeChanges } from './fleet/whole-changes.ts';

export interface EditorDependencies {
  clock: Clock;
  randomness: Randomness;
  events: EventSink;
  engines: Engines;
  registry: Registry;
  groups: GroupNames;
  startCheck: StartCheck;
  wholeChanges: WholeChanges;
  /** Makes the mailbox of an instance that has never run. */
  openMailbox: (record: InstanceRecord, state: InstanceState) => Mailbox;
}

/** What an edit made. */
export interface Edited {
  mailbox: Mailbox;
  /** As it was written; by now there may be another. */
  record: InstanceRecord;
  warnings: string[];
}

/** The part of a record that users decide. */
export type Edit = Pick<InstanceRecord, 'port' | 'portAssigned' | 'settings'>;

/** Makes instances and changes what users may change of them. */
export class Editor {
  readonly #dependencies: EditorDependencies;

  constructor(dependencies: EditorDependencies) {
    this.#dependencies = dependencies;
  }

  async create(body: CreateInstance): Promise<Edited> {
    const { engines, registry, groups } = this.#dependencies;
    const settings = newSettings(body);
    const adapter = adapterFor(engines, settings.engine);
    const warnings = await checkSettings(settings, adapter, groups, null);
    const draft = this.draft(body.name, { port: body.port ?? 0, portAssigned: body.port === undefined, settings });
    const problem = await adapter.preflight(draft, adapter.plan(draft));
    // From here to `add` nothing is awaited: what is free stays free.
    const record = { ...draft, port: body.port ?? registry.assignPort(draft.id) };
    registry.assertFree({ ...record, aliases: settings.aliases });
    const mailbox = await this.add(record);
    return { mailbox, record, warnings: problem === null ? warnings : [...warnings, problem.message] };
  }

  /** @param options.restart Restarts the engine once it is written: refuses what could not start then; `null`: it goes on. */
  async update(
    mailbox: Mailbox,
    patch: UpdateInstance,
    options: { ifMatch?: string | undefined; restart: ((mailbox: Mailbox) => Promise<unknown>) | null },
  ): Promise<Edited> {
    const { name } = mailbox.record;
    if (patch.name !== undefined && patch.name !== name) {
      const message = 'cannot be changed; create another instance and delete this one';
      throw new ApiError('VALIDATION_ERROR', `name ${message}.`, { problems: [{ path: 'name', message }] });
    }
    for (;;) {
      const before = mailbox.record;
      if (options.ifMatch !== undefined && !matchesTag(options.ifMatch, before)) {
        throw new ApiError(
          'PRECONDITION_FAILED',
          `${before.name} was changed by somebody else since; read it again and repeat.`,
        );
      }
      const { edit, warnings } = await this.#patched(before, patch);
      const record = this.revision(before, edit);
      if (options.restart !== null && isRestartedByUpdate(mailbox.state))
        await this.#dependencies.startCheck.assertStartable(mailbox, record);
      if (mailbox.isClosed) throw notFound(name);
      // Somebody else's update, or a port chosen anew, came in between: begin again on what is stored now.
      if (mailbox.record !== before) continue;
      this.#dependencies.registry.assertFree({ ...record, aliases: record.settings.aliases });
      await this.#dependencies.wholeChanges.run(async () => {
        await this.put(mailbox, record, options.restart !== null);
        await options.restart?.(mailbox);
      });
      return { mailbox, record, warnings };
    }
  }

  async #patched(before: InstanceRecord, patch: UpdateInstance): Promise<{ edit: Edit; warnings: string[] }> {
    const { engines, registry, groups } = this.#dependencies;
    const engine = patch.engine === null ? 'llama_cpp' : (patch.engine ?? before.settings.engine);
    const adapter = adapterFor(engines, engine);
    // It has to know which options are one; the command of another engine is none that can be asked.
    if (engine === before.settings.engine) await adapter.learn(before.settings);
    const settings = patchedSettings(before.settings, patch, adapter);
    const warnings = await checkSettings(settings, adapter, groups, before.settings);
    const port = patch.port === undefined ? before.port : (patch.port ?? registry.assignPort(before.id));
    const portAssigned = patch.port === undefined ? before.portAssigned : patch.port === null;
    return { edit: { settings, port, portAssigned }, warnings };
  }

  /** The record of an instance that is not there yet. */
  draft(name: string, edit: Edit): InstanceRecord {
    const now = this.#timestamp();
    return { id: this.#dependencies.randomness.token(8), name, ...edit, createdAt: now, updatedAt: now, version: 1 };
  }

  /** The record that follows `before`. */
  revision(before: InstanceRecord, edit: Edit): InstanceRecord {
    return { ...before, ...edit, version: before.version + 1, updatedAt: this.#timestamp() };
  }

  /** Adds an instance, at once and durably when this resolves. The caller has made sure, in the same turn, that all it claims is free. */
  async add(record: InstanceRecord): Promise<Mailbox> {
    const { registry, events } = this.#dependencies;
    const mailbox = this.#dependencies.openMailbox(record, NEW_STATE);
    registry.add(mailbox);
    const created = events.keep({ type: 'instance_created', data: { name: record.name } }, record.id);
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

  /** Replaces the record of an instance, as {@link add} adds one. @param restarts See {@link Mailbox.amend}. */
  async put(mailbox: Mailbox, record: InstanceRecord, restarts: boolean): Promise<void> {
    const { events } = this.#dependencies;
    const updated = events.keep({ type: 'instance_updated', data: { name: record.name } }, record.id);
    try {
      await mailbox.amend(record, [updated], restarts);
    } catch (error) {
      events.discard(updated);
      throw error;
    }
    events.publish(updated);
  }

  #timestamp(): string {
    return new Date(this.#dependencies.clock.now()).toISOString();
  }
}
