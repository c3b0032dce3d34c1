import { ModelDetailsSchema, ModelListSchema } from './model.ts';
import { operation } from './operation.ts';

/** The model files of this machine. */
export const MODEL_OPERATIONS = {
  listModels: operation({
    id: 'listModels',
    method: 'GET',
    path: '/api/models',
    tag: 'Models',
    summary: 'The models in the folders of the server',
    permission: 'viewer',
    cost: 'regular',
    success: { status: 200, schema: ModelListSchema },
    errors: [],
  }),
  getModel: operation({
    id: 'getModel',
    method: 'GET',
    path: '/api/models/{model_id}',
    tag: 'Models',
    summary: 'A model with its files, companions, metadata and chat template',
    permission: 'viewer',
    cost: 'regular',
    success: { status: 200, schema: ModelDetailsSchema },
    errors: ['NOT_FOUND'],
  }),
};
