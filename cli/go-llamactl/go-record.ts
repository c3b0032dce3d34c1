/** An instance of the Go llamactl. */
export interface GoRecord {
  name: string;
  /** Its settings; `backend_type` and `backend_options` among them. */
  options: Readonly<Record<string, unknown>>;
}
