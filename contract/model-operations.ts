import { EstimateRequestSchema, EstimateSchema } from './estimate.ts';
import { MessageSchema } from './instance.ts';
import { ModelCheckSchema, ModelDetailsSchema, ModelListSchema } from './model.ts';
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
    responseHeaders: [{ name: 'ETag', description: 'Of the text, for `If-None-Match`.' }],
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
  verifyModel: operation({
    id: 'verifyModel',
    method: 'POST',
    path: '/api/models/{model_id}/verify',
    tag: 'Models',
    summary: 'Read the files of a model, and compare them with the hashes of their source; a second for each GB',
    permission: 'operator',
    cost: 'intensive',
    success: { status: 200, schema: ModelCheckSchema },
    errors: ['NOT_FOUND'],
  }),
  deleteModel: operation({
    id: 'deleteModel',
    method: 'DELETE',
    path: '/api/models/{model_id}',
    tag: 'Models',
    summary: 'Delete the files of a model that a download made, if no instance uses it',
    permission: 'admin',
    cost: 'regular',
    success: { status: 200, schema: MessageSchema },
    errors: ['FORBIDDEN', 'NOT_FOUND', 'MODEL_IN_USE'],
  }),
  estimate: operation({
    id: 'estimate',
    method: 'POST',
    path: '/api/estimate',
    tag: 'Models',
    summary: 'The memory that a model needs with options, and whether it fits now; starts nothing',
    permission: 'viewer',
    cost: 'regular',
    body: { schema: EstimateRequestSchema, optional: false },
    success: { status: 200, schema: EstimateSchema },
    errors: ['INSTANCE_NOT_FOUND', 'MODEL_NOT_FOUND'],
  }),
};
