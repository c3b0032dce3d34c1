import { UnbuiltPage } from '../../shell/unbuilt-page.tsx';

/** Keys, users, the audit trail and the own account. */
export function AccessPage() {
  return <UnbuiltPage place="access" />;
}
