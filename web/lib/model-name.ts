import { fileName } from './file-name.ts';
import type { Row } from './live/row-store.ts';

/** The name of the model for people; `null`: the instance has none. */
export function modelName({
  model_info: info,
  model,
  model_path: path,
}: Pick<Row, 'model_info' | 'model' | 'model_path'>): string | null {
  return info?.name ?? model ?? (path === undefined ? null : fileName(path));
}
