import { EngineListSchema, EngineOptionListSchema } from './engine.ts';
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
};
