import type { DroppedText, Parsed, ParsedInstance, UnreadModel } from '@llamactl/contract/engine';
import { shellQuoted } from '../../../format/shell-words.ts';
import { isRecord } from '@llamactl/contract/record';
import type { JsonValue } from '@llamactl/contract/request-additions';
import { PastedMacros } from './pasted-macros.ts';
import { type NamedSettings, separateNames } from './pasted-names.ts';
import { PastedSettings, type PastedTerms } from './pasted-settings.ts';
import { createCommand, engineName, sharedPrograms, type SwapEngine } from './pasted-swap-engine.ts';
import { joinGroup, readSwapGroups } from './pasted-swap-groups.ts';
import { GLOBAL_KEYS, unknownKey } from './pasted-swap-keys.ts';
import { readSwapModel, SwapMacrosSchema } from './pasted-swap-model.ts';
import { readSwapMatrix } from './pasted-swap-matrix.ts';
import { readSwapRouting } from './pasted-swap-routing.ts';
import type { SwapText } from './pasted-swap-text.ts';

/** Why a global setting is dropped: its counterpart. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['startPort', 'llamactl chooses free ports of `instances.port_range` in the configuration'],
  [
    'sendLoadingState',
    'a stream gets comments until its model is loaded: `gateway.loading_keepalive` of the configuration',
  ],
  ['apiKeys', '`llamactl keys create NAME` makes keys, which can be limited to models, expire and be revoked'],
  ['peers', 'llamactl sends no requests to other machines'],
  ['logLevel', '`--log-level` of `llamactl serve`'],
]);
/** llama-swap waits at least this many seconds for a model. */
const LEAST_HEALTH_TIMEOUT = 15;

/**
 * Reads a configuration of llama-swap. A model that cannot be read is reported, and the others are read.
 *
 * @throws {ApiError} `VALIDATION_ERROR`: its macros make too long texts
 */
export function readSwapConfiguration({ models, globals: given }: SwapText, terms: PastedTerms): Parsed {
  const globals = given ?? {};
  const common = {
    macros: new PastedMacros(SwapMacrosSchema.safeParse(globals['macros']).data ?? {}),
    globalTtl: globalTtlOf(globals),
  };
  const names = models.flatMap(({ name }) => (name === null ? [] : [name]));
  const isConfigured = (engine: string): boolean => terms.engines?.has(engine) === true;
  const read: (NamedSettings & { line: number })[] = [];
  const ofOthers: OtherModel[] = [];
  const unread: UnreadModel[] = [];
  for (const entry of models) {
    const { name, line } = entry;
    const result = readSwapModel(entry, common, terms);
    if (result instanceof PastedSettings) read.push({ model: name, line, settings: result });
    else if (result.other === undefined) unread.push({ ...(name !== null && { model: name }), line, why: result.why });
    else ofOthers.push({ model: name, line, why: result.why, ...result.other });
  }
  separateNames([...read, ...ofOthers]);
  const idle = new Set(
    [...read, ...ofOthers].flatMap(({ model, settings }) =>
      model !== null && settings.idleTimeout > 0 ? [model] : [],
    ),
  );
  const routing = readSwapRouting(globals);
  const { matrix } = routing;
  const rules = matrix === null ? readSwapGroups(routing.groups, { names, idle }) : readSwapMatrix(matrix, names);
  // A part of a file, without its outermost keys, says nothing about models that run together.
  const groups = given === null ? null : rules;
  for (const { model, settings } of [...read, ...ofOthers]) {
    const membership = model === null ? undefined : groups?.memberships.get(model);
    if (membership !== undefined) joinGroup(settings, membership);
  }
  const programs = read.flatMap(({ model, settings: { program } }) =>
    model === null || program === null ? [] : [[model, program] as const],
  );
  const shared = sharedPrograms(new Map(programs), terms);
  for (const { settings } of read) {
    const { customEngine: engine, program } = settings;
    if (engine !== null && program !== null) settings.runOn(engine, [program]);
  }
  const named = new Map([...read, ...ofOthers].map(({ model, settings: { name } }) => [model, name]));
  const others = readOthers(globals, (model) => named.get(model) ?? model);
  const configuration = mergedSections([
    groups?.configuration ?? {},
    others.configuration,
    shared.configuration,
    ...ofOthers.map(({ settings: { name = '' }, engine }) => ({ engines: { [engineName(name)]: engine.section } })),
  ]);
  const dropped = [...shared.dropped, ...(groups?.dropped ?? []), ...routing.dropped, ...others.dropped];
  for (const other of ofOthers) {
    const name = engineName(other.settings.name ?? '');
    other.settings.runOn(name, other.engine.variables);
    if (other.engine.modelPath !== null) other.settings.moveModel(other.engine.modelPath);
    if (isConfigured(name)) read.push(other);
    else unread.push(unreadOther(other));
  }
  return {
    format: 'llama_swap',
    instances: read.toSorted(byLine).map(({ model, line, settings }) => ({
      ...(model !== null && { model }),
      line,
      ...withoutAddress(settings, terms),
    })),
    ...(unread.length > 0 && { unread: unread.toSorted(byLine) }),
    ...(dropped.length > 0 && { dropped }),
    ...(given !== null && { configuration }),
  };
}

/** Parts that llama-swap needs, and that llamactl sets itself. */
const OF_ADDRESS = /^--host(?:[ =]|$)|^--port[ =]\$\{PORT\}$/;

/** Leaves out the parts whose absence changes nothing: the address, and the llama-server that llamactl runs anyway. */
function withoutAddress(settings: PastedSettings, { command }: PastedTerms): ParsedInstance {
  const { dropped, ...read } = settings.result();
  const isSame = (text: string): boolean => text === settings.program && (text === command || text === 'llama-server');
  return { ...read, dropped: dropped.filter(({ text }) => !OF_ADDRESS.test(text) && !isSame(text)) };
}

/** A model of another program, which a custom engine can run. */
interface OtherModel extends NamedSettings {
  line: number;
  why: string;
  engine: SwapEngine;
}

function byLine(one: { line: number }, other: { line: number }): number {
  return one.line - other.line;
}

function unreadOther({ model, line, why, engine, settings }: OtherModel): UnreadModel {
  const { settings: found } = settings.result();
  const create = createCommand(found, engine);
  // No flag sets it.
  const strip = (found.request_strip ?? []).join(', ');
  const rest =
    strip === '' ? '' : `, and \`request_strip: [${strip}]\` by \`llamactl edit ${settings.name ?? 'NAME'}\``;
  const remedy = `\`engines.${engineName(settings.name ?? '')}\` of the configuration can run it; then: \`${create}\`${rest}`;
  return { ...(model !== null && { model }), line, why: `${why}; ${remedy}`, settings: found };
}

function globalTtlOf({ globalTTL: ttl }: Record<string, unknown>): number | null {
  return typeof ttl === 'number' && ttl >= 0 ? ttl : null;
}

interface Others {
  configuration: Record<string, JsonValue>;
  dropped: DroppedText[];
}

/** Reads the global settings besides those of routing. @param instanceOf The name of a model's instance. */
function readOthers(globals: Record<string, unknown>, instanceOf: (model: string) => string): Others {
  const configuration: Record<string, JsonValue> = {};
  const dropped: DroppedText[] = [];
  for (const [key, value] of Object.entries(globals)) {
    // Lists and maps may have secrets.
    const text =
      typeof value === 'object' ? key : `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`;
    switch (key) {
      case 'groups':
      case 'matrix':
      case 'routing':
        break;
      case 'macros':
        if (!SwapMacrosSchema.safeParse(value).success)
          dropped.push({ text, why: 'a macro of llama-swap is a text, a number or a switch; none of them was read' });
        break;
      case 'globalTTL':
        dropped.push({
          text,
          why:
            globalTtlOf(globals) === null
              ? 'is not a number of seconds'
              : 'is `idle_timeout` of each model without a ttl; for instances that you make later: `instances.idle_timeout` of the configuration',
        });
        break;
      case 'healthCheckTimeout':
        if (typeof value === 'number')
          configuration['instances'] = { start_timeout: Math.max(LEAST_HEALTH_TIMEOUT, value) };
        dropped.push({ text, why: '`instances.start_timeout` of the configuration: seconds without any progress' });
        break;
      case 'includeAliasesInList':
        if (value === true) configuration['gateway'] = { aliases_in_models: true };
        dropped.push({ text, why: '`gateway.aliases_in_models` of the configuration' });
        break;
      case 'hooks':
        dropped.push(preload(value, instanceOf));
        break;
      default:
        dropped.push({ text, why: REASONS.get(key) ?? unknownKey(key, GLOBAL_KEYS) });
    }
  }
  return { configuration, dropped };
}

function preload(hooks: unknown, instanceOf: (model: string) => string): DroppedText {
  const startup = isRecord(hooks) ? hooks['on_startup'] : undefined;
  const names: unknown = isRecord(startup) ? startup['preload'] : undefined;
  const preloaded = Array.isArray(names) ? names.filter((each) => typeof each === 'string') : ['NAME'];
  // One command for all would evict no other instance, and fail while the slots are taken.
  const commands = preloaded.map((model) => `llamactl start ${shellQuoted(instanceOf(model))}`);
  return {
    text: 'hooks',
    why: `start the models: \`${commands.join(' && ')}\`; those that still run when the machine reboots start again (\`auto_start\`)`,
  };
}

/** One document of several, whose sections may have the same name. */
function mergedSections(documents: readonly Record<string, JsonValue>[]): Record<string, JsonValue> {
  const merged: Record<string, JsonValue> = {};
  for (const [name, section] of documents.flatMap((document) => Object.entries(document))) {
    const before = merged[name];
    merged[name] = isRecord(before) && isRecord(section) ? { ...before, ...section } : section;
  }
  return merged;
}
