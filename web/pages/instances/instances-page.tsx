import { UnbuiltPage } from '../../shell/unbuilt-page.tsx';

/** All instances, and what the machine has left. */
export function InstancesPage() {
  return <UnbuiltPage place="instances" />;
}
