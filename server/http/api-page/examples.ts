/** Example bodies of the curl commands, by operation. */
export const EXAMPLES: Readonly<Record<string, unknown>> = {
  createInstance: { name: 'example', model_path: '/models/example.gguf', options: { ctx_size: 4096 } },
  updateInstance: { options: { threads: 8 }, aliases: ['gpt-4o-mini'] },
  startAllInstances: { names: ['example'] },
  stopAllInstances: { names: ['example'] },
  stopInstance: { force: false, timeout: 30 },
  restartInstance: { timeout: 30 },
  applyFleet: { version: 1, instances: [{ name: 'example', model_path: '/models/example.gguf' }] },
  updateConfig: { instances: { max_running: 2 } },
  login: { username: 'admin', password: 'password' },
  changePassword: { current_password: 'old password', new_password: 'new password' },
  createUser: { username: 'ann', password: 'a long password', role: 'operator' },
  updateUser: { role: 'viewer' },
  createKey: { name: 'editor', scopes: ['inference'], instances: ['example'] },
};

/** Example values for path parameters. */
export const PATH_EXAMPLES: Readonly<Record<string, string>> = {
  name: 'example',
  username: 'ann',
  id: 'ID',
  request_id: 'ID',
};
