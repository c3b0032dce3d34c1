import type { AuditChange } from '@llamactl/contract/auth';
import type { ConfigPatch, ConfigView, ConfigWritten } from '@llamactl/contract/config';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { Bind } from '../operations.ts';

/** Shows and changes the configuration for the next start. */
export interface ConfigEditor {
  view(): Promise<ConfigView>;
  /**
   * Throws an ApiError when anything is wrong; then the file is unchanged.
   *
   * @param onWritten Gets the old and new values of the changed keys of the file, with secret keys masked.
   */
  update(patch: ConfigPatch, onWritten?: (changes: AuditChange[]) => void): Promise<ConfigWritten>;
}

/** The section "Configuration" of the API reference. */
export function configRoutes(bind: Bind, editor: ConfigEditor): void {
  bind(OPERATIONS.getConfig, async () => editor.view());
  bind(OPERATIONS.updateConfig, async ({ body, edited }) => editor.update(body, edited));
}
