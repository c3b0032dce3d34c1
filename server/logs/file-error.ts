import { codeOf, hasCode } from '@llamactl/contract/reason';

/** Whether a write failed because the disk is full or the quota is used up. */
export function isDiskFull(error: unknown): boolean {
  return hasCode(error, ['ENOSPC', 'EDQUOT']);
}

/** The result of an operation on a file; `null`: the file does not exist. */
export async function unlessMissing<Value>(operation: Promise<Value>): Promise<Value | null> {
  try {
    return await operation;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
