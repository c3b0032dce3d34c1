import { z } from 'zod';
import { ModelSearchSchema, QuantListSchema, StarterListSchema } from './hub.ts';
import { operation } from './operation.ts';
import { CountSchema } from './query.ts';

/** Most repositories of one search. */
const MOST_FOUND = 100;

/** The models of other machines. */
export const HUB_OPERATIONS = {
  searchModels: operation({
    id: 'searchModels',
    method: 'GET',
    path: '/api/models/search',
    tag: 'Models',
    summary: 'Repositories with GGUF files on the hub',
    permission: 'operator',
    cost: 'regular',
    query: z.strictObject({
      q: z.string().trim().min(1).max(200).describe('Words.'),
      limit: CountSchema(MOST_FOUND, 1).optional().describe('Most repositories, 1–100; 20 without it.'),
    }),
    success: { status: 200, schema: ModelSearchSchema },
    errors: ['HUB_ERROR'],
  }),
  listQuants: operation({
    id: 'listQuants',
    method: 'GET',
    path: '/api/models/quants',
    tag: 'Models',
    summary: 'The quants of a repository, with their files and whether they fit',
    permission: 'operator',
    cost: 'regular',
    query: z.strictObject({
      repo: z
        .string()
        .min(1)
        .max(2_048)
        .describe('`org/repo`, `ms:org/repo`, `ollama:name:tag`, `docker:ai/name:tag`, or `https://…/file.gguf`.'),
      revision: z.string().min(1).max(255).optional().describe('Branch, tag or commit; `main` without it.'),
    }),
    success: { status: 200, schema: QuantListSchema },
    errors: ['NOT_FOUND', 'HUB_ERROR'],
  }),
  listStarters: operation({
    id: 'listStarters',
    method: 'GET',
    path: '/api/models/starters',
    tag: 'Models',
    summary: 'A short list of models to begin with, for each purpose and size of memory',
    permission: 'viewer',
    cost: 'regular',
    success: { status: 200, schema: StarterListSchema },
    errors: [],
  }),
};
