import { UnbuiltPage } from '../../shell/unbuilt-page.tsx';

/** Requests in flight and finished ones. */
export function RequestsPage() {
  return <UnbuiltPage place="requests" />;
}
