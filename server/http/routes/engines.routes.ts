import { ApiError } from '@llamactl/contract/errors';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { Engines } from '../../instances/ports/engine-adapter.ts';
import type { Bind } from '../operations.ts';

/** The engines of the configuration and their options. */
export function engineRoutes(bind: Bind, engines: Engines): void {
  const adapterOf = (id: string) => {
    const adapter = engines.find(id);
    if (adapter !== null) return adapter;
    throw new ApiError('NOT_FOUND', `No engine has this name. There are: ${engines.names().join(', ')}.`);
  };

  bind(OPERATIONS.listEngines, async () => ({
    engines: await Promise.all(engines.names().map(async (id) => ({ id, ...(await adapterOf(id).installed()) }))),
  }));

  bind(OPERATIONS.parseEngineCommand, ({ body }) => engines.parse(body.text));

  bind(OPERATIONS.getEngineOptions, ({ params }) => adapterOf(params.engine).options());
}
