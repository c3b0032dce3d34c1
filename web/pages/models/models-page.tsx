import { UnbuiltPage } from '../../shell/unbuilt-page.tsx';

/** The library, and models to get. */
export function ModelsPage() {
  return <UnbuiltPage place="models" />;
}
