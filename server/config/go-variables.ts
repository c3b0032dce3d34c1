/**
 * The variables of the Go llamactl, each with its counterpart: a variable of ours, or the way. Those that only lack the
 * name of a section, such as `LLAMACTL_PORT`, are found without this table.
 */
const COUNTERPARTS: ReadonlyMap<string, string> = new Map([
  ['LLAMACTL_CONFIG_PATH', 'LLAMACTL_CONFIG'],
  ['LLAMACTL_DATA_DIRECTORY', 'LLAMACTL_DATA_DIR'],
  ['LLAMACTL_INSTANCE_PORT_RANGE', 'LLAMACTL_INSTANCES_PORT_RANGE, as in 8000,9000'],
  ['LLAMACTL_MAX_RUNNING_INSTANCES', 'LLAMACTL_INSTANCES_MAX_RUNNING, where 0 means no limit'],
  ['LLAMACTL_DEFAULT_AUTO_RESTART', 'LLAMACTL_INSTANCES_AUTO_RESTART'],
  ['LLAMACTL_DEFAULT_MAX_RESTARTS', 'LLAMACTL_INSTANCES_MAX_RESTARTS'],
  ['LLAMACTL_ON_DEMAND_START_TIMEOUT', 'LLAMACTL_INSTANCES_START_TIMEOUT'],
  ['LLAMACTL_LLAMACPP_COMMAND', 'LLAMACTL_ENGINES_LLAMA_CPP_COMMAND'],
  ['LLAMACTL_LLAMACPP_ARGS', 'LLAMACTL_ENGINES_LLAMA_CPP_ARGS, with commas between the words'],
  ['LLAMACTL_LLAMACPP_ENV', 'engines.llama_cpp.environment in the configuration file'],
  ['LLAMACTL_REQUIRE_MANAGEMENT_AUTH', 'LLAMACTL_AUTH_ENABLED'],
  ['LLAMACTL_REQUIRE_INFERENCE_AUTH', 'LLAMACTL_AUTH_INFERENCE, required or open'],
  ['LLAMACTL_MANAGEMENT_KEYS', 'llamactl keys create NAME --scope admin'],
  ['LLAMACTL_INFERENCE_KEYS', 'llamactl keys create NAME'],
  ['LLAMACTL_ENABLE_LRU_EVICTION', 'pinned of the instances that must stay'],
  ['LLAMACTL_DEFAULT_ON_DEMAND_START', 'on_demand of each instance'],
]);

/** Variables of the Go llamactl without a counterpart. */
const ALONE =
  /^LLAMACTL_(?:ENABLE_SWAGGER|INSTANCES_DIR|LOGS_DIR|AUTO_CREATE_DATA_DIR|MAX_INSTANCES|DEFAULT_RESTART_DELAY|TIMEOUT_CHECK_INTERVAL|LOCAL_NODE|(?:DATABASE|LOG_ROTATION|VLLM|MLX)_\w+|LLAMACPP_(?:DOCKER_\w+|RESPONSE_HEADERS))$/;

const GUIDE = 'docs/how-to/from-go-llamactl.md';

/** Says what replaces a variable of the Go llamactl, as sentences. `null`: it is no such variable. */
export function goVariable(name: string): string | null {
  const counterpart = COUNTERPARTS.get(name);
  if (counterpart !== undefined)
    return `a variable of the Go llamactl; its counterpart is ${counterpart}. ${GUIDE} has all settings.`;
  return ALONE.test(name)
    ? `a variable of the Go llamactl without a counterpart. Unset it; ${GUIDE} has all settings.`
    : null;
}
