import { z } from 'zod';
import { UsernameSchema } from './auth.ts';
import type { ErrorCode } from './errors.ts';
import { NameSchema } from './instance.ts';
import { RequestIdSchema } from './requests.ts';

/** The rule for one parameter of a path. */
export interface PathRule {
  schema: z.ZodType;
  /** The error code for a value that does not exist. */
  missing: ErrorCode;
  /** The error sentence, without its end. */
  missingSentence: string;
}

/**
 * Rules for the `{…}` parameters of paths. Nothing can have a value that breaks its rule, so the answer is "not found".
 */
export const PATH_PARAMETERS = {
  username: { schema: UsernameSchema, missing: 'NOT_FOUND', missingSentence: 'No account has this name' },
  id: {
    schema: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'is not a valid id'),
    missing: 'NOT_FOUND',
    missingSentence: 'No key has this id',
  },
  session_id: {
    schema: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'is not a valid id'),
    missing: 'NOT_FOUND',
    missingSentence: 'No log-in has this id',
  },
  request_id: {
    schema: RequestIdSchema,
    missing: 'NOT_FOUND',
    missingSentence: 'No request in flight has this id',
  },
  engine: {
    schema: z.string().min(1).max(200),
    missing: 'NOT_FOUND',
    missingSentence: 'No engine has this name',
  },
  model_id: {
    schema: z.string().regex(/^[0-9a-f]{16}$/, 'is not a valid id'),
    missing: 'NOT_FOUND',
    missingSentence: 'No model has this id',
  },
  download_id: {
    schema: z.string().regex(/^[0-9a-f]{16}$/, 'is not a valid id'),
    missing: 'NOT_FOUND',
    missingSentence: 'No download has this id',
  },
  name: { schema: NameSchema, missing: 'INSTANCE_NOT_FOUND', missingSentence: 'No instance has this name' },
} as const satisfies Record<string, PathRule>;
