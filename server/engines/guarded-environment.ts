import { misfit } from './allowed-environment.ts';
import type { AllowedVariables } from './allowed-environment.ts';
import type { FlagCatalogue } from './flags.ts';
import { guardOfEntry, guardOfFlag } from './guarded-flags.ts';
import type { Guard } from './guarded-flags.ts';

/** A row of the table of reserved variables. Patterns match names in upper case. */
interface ReservedVariable {
  name: RegExp;
  why: string;
}

const OURS = 'is set by llamactl';

/** Variables that llamactl sets itself, or that move an engine's port. No privilege allows them. */
const RESERVED_VARIABLES: readonly ReservedVariable[] = [
  { name: /^LLAMACTL_/, why: `${OURS}: it marks the engine’s process` },
  // `AIP_MODE=PREDICTION` with `AIP_HTTP_PORT` overrides `--port` (measured on b11669), the others move the routes.
  { name: /^AIP_/, why: 'is not available: it moves the engine’s port and routes' },
  { name: /^LLAMA_(API_KEY|LOG_FILE)$/, why: OURS },
  // A router sets these for its children: such an engine exits as soon as its stdin ends.
  { name: /^LLAMA_SERVER_(ROUTER|CHILD)_/, why: 'is not available: the engine would act as the child of a router' },
  {
    name: /^(UVICORN|OLLAMA|VLLM|GRADIO|GUNICORN|FLASK|HYPERCORN)_(HOST|HOST_IP|PORT|SERVER_NAME|SERVER_PORT|BIND|UDS|RUN_HOST|RUN_PORT)$/,
    why: `${OURS}: an engine listens on loopback, on the port of its instance`,
  },
];

const ANOTHER_VALUE = 'other values need `security.allow_privileged: true` in the configuration file';
const ANOTHER_VARIABLE =
  'the configuration file can set other variables in `environment` of the engine, or allow them with `security.allow_privileged: true`';

/** Decides which variables an engine may get. */
export interface VariableTerms {
  /** The engine's flags; `null`: unknown. */
  catalogue: FlagCatalogue | null;
  /** The variables on the adapter's list. */
  allowed: AllowedVariables;
  /** Whether the engine reads `LLAMA_ARG_…` for its flags. Then the variable of an unguarded flag is allowed. */
  readsFlagVariables: boolean;
}

/** The variable of a flag, with or without negation. */
const FLAG_VARIABLE = /^LLAMA_ARG_(?:NO_)?([A-Z0-9_]+)$/;

/**
 * The guard of an environment variable; `null`: an instance may set it. Variables are allowed by exact name; reserved
 * ones are recognised in any case, because some programs ignore case.
 */
export function guardOfVariable(name: string, value: string, terms: VariableTerms): Guard | null {
  const { catalogue, allowed, readsFlagVariables } = terms;
  const upper = name.toUpperCase();
  const reserved = RESERVED_VARIABLES.find((rule) => rule.name.test(upper));
  if (reserved !== undefined) return { guard: 'reserved', why: reserved.why };
  const kind = allowed.get(name);
  if (kind !== undefined) {
    const wanted = misfit(kind, value);
    return wanted === null ? null : { guard: 'privileged', why: `takes ${wanted}`, remedy: ANOTHER_VALUE };
  }
  const guard = guardOfTwin(upper, catalogue);
  if (guard !== null) return guard;
  if (readsFlagVariables && isTwin(name, catalogue)) return null;
  return {
    guard: 'privileged',
    why: 'is not on the list of variables for this engine',
    remedy: ANOTHER_VARIABLE,
  };
}

/** The guard of the flag that a variable sets; `null`: the flag is unguarded, or the variable sets none. */
function guardOfTwin(upper: string, catalogue: FlagCatalogue | null): Guard | null {
  const entry = entryOf(upper, catalogue);
  const guard = entry === null ? null : guardOfEntry(entry);
  const flag = FLAG_VARIABLE.exec(upper)?.[1];
  return guard ?? (flag === undefined ? null : guardOfFlag(flag, catalogue));
}

/** Whether a variable sets a flag. Without a catalogue the name decides, as for options. */
function isTwin(name: string, catalogue: FlagCatalogue | null): boolean {
  return catalogue === null ? FLAG_VARIABLE.test(name) : entryOf(name, catalogue) !== null;
}

function entryOf(name: string, catalogue: FlagCatalogue | null) {
  // b11669 also reads LLAMA_ARG_NO_X for every X that can be negated.
  return catalogue?.findVariable(name) ?? catalogue?.findVariable(name.replace('LLAMA_ARG_NO_', 'LLAMA_ARG_')) ?? null;
}
