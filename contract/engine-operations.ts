import { EngineListSchema, EngineOptionListSchema, ParseBodySchema, ParsedSchema } from './engine.ts';
import { operation } from './operation.ts';

/** The engines of the configuration and their options. */
export const ENGINE_OPERATIONS = {
  listEngines: operation({
    id: 'listEngines',
    method: 'GET',
    path: '/api/engines',
    tag: 'Engines',
    summary: 'The engines of the configuration, with program and version',
    permission: 'viewer',
    cost: 'regular',
    success: { status: 200, schema: EngineListSchema },
    errors: [],
  }),
  getEngineOptions: operation({
    id: 'getEngineOptions',
    method: 'GET',
    path: '/api/engines/{engine}/options',
    tag: 'Engines',
    summary: 'The options of the installed engine, from its own help',
    permission: 'viewer',
    cost: 'regular',
    success: { status: 200, schema: EngineOptionListSchema },
    errors: ['NOT_FOUND'],
  }),
  parseEngineCommand: operation({
    id: 'parseEngineCommand',
    method: 'POST',
    path: '/api/engines/parse',
    tag: 'Engines',
    summary:
      'Read settings from a pasted command line, `docker run` or llama-swap configuration; runs and changes nothing',
    permission: 'admin',
    cost: 'intensive',
    body: { schema: ParseBodySchema, optional: false },
    success: { status: 200, schema: ParsedSchema },
    errors: [],
  }),
};
