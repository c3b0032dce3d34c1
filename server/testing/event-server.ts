import type { DomainEvent } from '@llamactl/contract/events';
import type { Health } from '@llamactl/contract/health';
import type { Instance } from '@llamactl/contract/instance';
import type { Stats } from '@llamactl/contract/stats';
import { anonymousAdmin } from '../auth/caller.ts';
import { systemClock } from '../clock.ts';
import { createEventBus, type EventBus } from '../events/bus.ts';
import { createFeed, type Feed, type FeedClient, type Seat } from '../events/feed.ts';
import { testServer } from './http-harness.ts';
import type { HttpServer, HttpServerOptions } from '../http/server.ts';
import { webSocketRoutes } from '../http/routes/websocket.routes.ts';
import { DecisionTrace, type DecisionSource } from '../events/decision-trace.ts';
import type { KeptEvent } from '../instances/ports/event-sink.ts';
import type { Decision } from '../instances/ports/trace.ts';
import { FakeManager } from './fake-manager.ts';
import { openDoor } from './fake-services.ts';
import { MemoryStore } from './memory-store.ts';
import { NOT_LIMITED } from '../http/edge/rate-limit.ts';

/** A manager whose instances get any fields that a test sets. */
class ShapedManager extends FakeManager {
  #health: Readonly<Record<string, Health>> = {};
  readonly #shapes = new Map<string, Partial<Instance>>();

  shape(name: string, shape: Partial<Instance>): void {
    this.#shapes.set(name, { ...this.#shapes.get(name), ...shape });
  }

  /** Sets the health of instances by name; all others are healthy. */
  shapeHealth(health: Readonly<Record<string, Health>>): void {
    this.#health = health;
  }

  override async health(name: string): Promise<Health> {
    return this.#health[name] ?? super.health(name);
  }

  override list(status?: Instance['status']): Instance[] {
    const all = super.list().map((each) => ({ ...each, ...this.#shapes.get(each.name) }));
    return status === undefined ? all : all.filter((each) => each.status === status);
  }

  override get(name: string): Instance {
    const instance = super.get(name);
    return { ...instance, ...this.#shapes.get(instance.name) };
  }
}

/**
 * A real HTTP server with live events, for tests of its clients. A test sets the fields of its instances. The server can go
 * away and come back at the same address.
 */
export class EventServer {
  readonly manager = new ShapedManager();
  readonly #parts: Partial<HttpServerOptions>;
  #port = 0;
  #server: HttpServer | null = null;
  #bus: EventBus | null = null;
  #feed: Feed | null = null;
  #tracing: DecisionTrace | null = null;
  #stored: readonly KeptEvent[] = [];
  #joined = Promise.withResolvers<void>();
  #traced = Promise.withResolvers<void>();

  private constructor(parts: Partial<HttpServerOptions>) {
    this.#parts = parts;
  }

  static async open(parts: Partial<HttpServerOptions> = {}): Promise<EventServer> {
    const server = new EventServer(parts);
    await server.comeBack();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Resolves when a client has joined since the server came up. From then on the client gets all events. */
  get joined(): Promise<void> {
    return this.#joined.promise;
  }

  /** Resolves when a client has subscribed to decisions since the server came up. */
  get traced(): Promise<void> {
    return this.#traced.promise;
  }

  /** Creates an instance with these fields, without an event. */
  async add(name: string, shape: Partial<Instance> = {}): Promise<void> {
    await this.manager.create({ name, model_path: `/models/${name}.gguf` });
    this.manager.shape(name, shape);
  }

  /** Changes the status of an instance, and emits the event. */
  changeStatus(name: string, status: Instance['status'], rest: Partial<Instance> = {}): void {
    const { status: previous } = this.manager.get(name);
    this.manager.shape(name, { status, ...rest });
    const reason = rest.reason ?? null;
    this.tell({
      type: 'instance_status_changed',
      data: { name, status, previous_status: previous, ...(reason === null ? {} : { reason }) },
    });
  }

  tell(event: DomainEvent): void {
    this.#bus?.emit(event);
  }

  /** Traces a decision. Its instance is given by name. */
  decide(decision: Decision): void {
    this.#tracing?.note(decision);
  }

  measured(name: string, stats: Stats): void {
    this.#feed?.stats({ name, stats });
  }

  /** Stops the server. Emitted events stay stored, as on a disk. */
  async goAway(): Promise<void> {
    this.#feed?.close();
    await this.#server?.close();
    this.#server = null;
  }

  async comeBack(): Promise<void> {
    const clock = systemClock();
    const { authenticator } = openDoor();
    const tickets = { redeem: anonymousAdmin };
    const onError = (error: unknown): never => {
      throw error;
    };
    const bus = createEventBus({ clock, replay: new MemoryStore().replay, stored: this.#stored, onError });
    const idOf = (name: string): string | null => this.manager.idOf(name);
    const tracing = new DecisionTrace({ idOf, nameOf: () => null, onError });
    const traced = (this.#traced = Promise.withResolvers());
    const decisions: DecisionSource = {
      listen: (listener) => {
        traced.resolve();
        return tracing.listen(listener);
      },
    };
    const feed = createFeed({ clock, bus, idOf, decisions });
    const joined = (this.#joined = Promise.withResolvers());
    const events = {
      join: (client: FeedClient): Seat => {
        joined.resolve();
        return feed.join(client);
      },
    };
    bus.subscribe((_event, kept) => (this.#stored = [...this.#stored, kept]));
    const { server } = testServer({
      manager: this.manager,
      clock,
      plugins: [
        webSocketRoutes({
          events,
          limits: { count: () => NOT_LIMITED },
          addressOf: () => '127.0.0.1',
          logsFor: () => this.manager,
          authenticator,
          tickets,
          isAuthEnabled: false,
          clock,
          onFault: onError,
        }),
      ],
      ...this.#parts,
    });
    this.#bus = bus;
    this.#tracing = tracing;
    this.#feed = feed;
    this.#server = server;
    ({ port: this.#port } = await server.listen({ host: '127.0.0.1', port: this.#port }));
  }
}
