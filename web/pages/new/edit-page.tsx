import { UnbuiltPage } from '../../shell/unbuilt-page.tsx';

/** The settings of an instance as a form. */
export function EditPage() {
  return <UnbuiltPage place="instances" />;
}
