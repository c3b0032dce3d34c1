import { UnbuiltPage } from '../../shell/unbuilt-page.tsx';

/** Talking with a model, and comparing models. */
export function PlaygroundPage() {
  return <UnbuiltPage place="playground" />;
}
