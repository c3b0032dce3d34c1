import { ApiError } from '@llamactl/contract/errors';
import type { z } from 'zod';
import type { RemoteAnswer } from './remote-requests.ts';

/** Reads the JSON of an answer. @throws {ApiError} `HUB_ERROR` when it is not as expected; the error repeats nothing of it */
export function jsonOf<Schema extends z.ZodType>(answer: RemoteAnswer, schema: Schema, host: string): z.output<Schema> {
  const parsed = schema.safeParse(parse(answer, host));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unexpected(host, issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`);
}

function parse({ body }: RemoteAnswer, host: string): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw unexpected(host, 'It is no JSON.');
    throw error;
  }
}

function unexpected(host: string, details: string): ApiError {
  return new ApiError('HUB_ERROR', `${host} sent an answer that llamactl does not understand.`, {
    details: details.slice(0, 200),
  });
}
