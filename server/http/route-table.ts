interface Route {
  steps: readonly string[];
  methods: Set<string>;
}

/** The paths that the server knows, each with its methods: tells a wrong path from a wrong method. */
export class RouteTable {
  /** By their patterns. */
  readonly #routes = new Map<string, Route>();

  /** @param pattern As the router writes it: `/api/instances/:name`, `/v1/*`. */
  add(methods: string | readonly string[], pattern: string): void {
    const route = this.#routes.get(pattern) ?? { steps: pattern.split('/'), methods: new Set() };
    for (const method of [methods].flat()) route.methods.add(method);
    this.#routes.set(pattern, route);
  }

  /** The methods of a path, sorted, `OPTIONS` among them; empty when nothing answers there. */
  methodsOf(path: string): string[] {
    const steps = path.split('/').map(decoded);
    const fitting = [...this.#routes.values()].filter((route) => fits(route.steps, steps));
    // The more of it is written out, the better it fits.
    const [best] = fitting.sort((a, b) => wildness(a.steps) - wildness(b.steps));
    return best === undefined
      ? []
      : [...best.methods]
          .filter((method) => method !== 'OPTIONS')
          .concat('OPTIONS')
          .sort();
  }

  /**
   * Whether a path that the router found by a variable is written out for other methods: `GET /api/instances/start-all`
   * asks for no instance.
   */
  isTaken(path: string, pattern: string): boolean {
    return pattern.includes(':') && this.#routes.has(path.split('/').map(decoded).join('/')) && !/[:*]/.test(path);
  }
}

function fits(pattern: readonly string[], steps: readonly string[]): boolean {
  const isOpen = pattern.at(-1) === '*';
  if (isOpen ? steps.length < pattern.length : steps.length !== pattern.length) return false;
  return pattern.every((step, index) => {
    const given = steps[index] ?? '';
    return step === '*' || (step.startsWith(':') ? given !== '' : step === given);
  });
}

function wildness(pattern: readonly string[]): number {
  return pattern.reduce((sum, step) => sum + (step === '*' ? 100 : step.startsWith(':') ? 1 : 0), 0);
}

/** What cannot be decoded stays as it is: it is no path of ours. */
function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch (error) {
    if (error instanceof URIError) return step;
    throw error;
  }
}
