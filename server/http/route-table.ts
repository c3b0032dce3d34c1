interface Route {
  steps: readonly string[];
  methods: Set<string>;
}

/** The known paths with their methods. Distinguishes an unknown path (404) from a wrong method (405). */
export class RouteTable {
  /** By pattern. */
  readonly #routes = new Map<string, Route>();

  /** @param pattern In the router's syntax: `/api/instances/:name`, `/v1/*`. */
  add(methods: string | readonly string[], pattern: string): void {
    const route = this.#routes.get(pattern) ?? { steps: pattern.split('/'), methods: new Set() };
    for (const method of [methods].flat()) route.methods.add(method);
    this.#routes.set(pattern, route);
  }

  /** The methods of a path, sorted, including `OPTIONS`; empty for an unknown path. */
  methodsOf(path: string): string[] {
    const steps = path.split('/').map(decoded);
    const fitting = [...this.#routes.values()].filter((route) => fits(route.steps, steps));
    // The pattern with the fewest variables fits best.
    const [best] = fitting.sort((a, b) => wildness(a.steps) - wildness(b.steps));
    return best === undefined
      ? []
      : [...best.methods]
          .filter((method) => method !== 'OPTIONS')
          .concat('OPTIONS')
          .sort();
  }

  /**
   * Whether a path that matched a variable pattern is a fixed path with other methods. Example: `GET
   * /api/instances/start-all` does not name an instance.
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

/** Decodes a step of a path. A step that cannot be decoded stays as it is, and so matches no route. */
function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch (error) {
    if (error instanceof URIError) return step;
    throw error;
  }
}
