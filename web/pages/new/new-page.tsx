import { UnbuiltPage } from '../../shell/unbuilt-page.tsx';

/** A new instance. */
export function NewPage() {
  return <UnbuiltPage place="instances" />;
}
