import { z } from 'zod';
import { UsernameSchema } from './auth.ts';
import type { ErrorCode } from './errors.ts';
import { NameSchema } from './instance.ts';
import { RequestIdSchema } from './requests.ts';

/** What stands in one place of a path. */
export interface PathRule {
  schema: z.ZodType;
  /** The error for what nothing has. */
  missing: ErrorCode;
  /** The sentence for it, without its end. */
  nobody: string;
}

/** What stands in a path as `{…}`: a name that breaks its rule belongs to nothing and is not found. */
export const PATH_PARAMETERS = {
  username: { schema: UsernameSchema, missing: 'NOT_FOUND', nobody: 'No account has this name' },
  id: {
    schema: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'is not of the form of an id'),
    missing: 'NOT_FOUND',
    nobody: 'No key has this id',
  },
  session_id: {
    schema: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'is not of the form of an id'),
    missing: 'NOT_FOUND',
    nobody: 'None of your log-ins has this id',
  },
  request_id: {
    schema: RequestIdSchema,
    missing: 'NOT_FOUND',
    nobody: 'No request on its way has this id',
  },
  name: { schema: NameSchema, missing: 'INSTANCE_NOT_FOUND', nobody: 'No instance has this name' },
} as const satisfies Record<string, PathRule>;
