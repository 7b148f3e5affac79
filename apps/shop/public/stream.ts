import type { OrdersBooked, StockEvent, StockList } from "@evenkeel/contracts";
import { type Continuity, newContinuity, noteEvent, noteSnapshot } from "./continuity.ts";

/** `late`: connected, but the replicas do not hear each other at once. */
export type StreamState = "connecting" | "live" | "late" | "draining" | "reconnecting";

export interface StreamListener {
  snapshot(list: StockList): void;
  stock(event: StockEvent): void;
  /** Carries no id, so it is no part of what is counted. */
  booked(orders: OrdersBooked): void;
  state(state: StreamState, instanceId: string): void;
  counted(continuity: Readonly<Continuity>): void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/** Keeps an event stream open for as long as the page lives. */
export function openStream(listener: StreamListener): void {
  const continuity = newContinuity();
  let instanceId = "";
  let pauseMs = FIRST_PAUSE_MS;

  const connect = () => {
    const from = continuity.lastId === undefined ? "" : `?lastEventId=${continuity.lastId}`;
    const source = new EventSource(`/events${from}`);
    const on = <T>(name: string, handle: (data: T) => void) =>
      source.addEventListener(name, (message: MessageEvent<string>) => {
        const data = parse<T>(message.data);
        if (data !== undefined) handle(data);
      });

    on<{ instanceId: string; bus: string }>("hello", (hello) => {
      instanceId = hello.instanceId;
      pauseMs = FIRST_PAUSE_MS;
      listener.state(hello.bus === "up" ? "live" : "late", instanceId);
    });
    on<{ bus: string }>("bus", ({ bus }) => listener.state(bus === "up" ? "live" : "late", instanceId));
    on<{ instanceId: string }>("draining", (leaving) => listener.state("draining", leaving.instanceId));
    on<StockList>("snapshot", (list) => {
      noteSnapshot(continuity, list.lastEventId);
      listener.snapshot(list);
      listener.counted(continuity);
    });
    on<StockEvent>("stock", (event) => {
      if (noteEvent(continuity, event.id)) listener.stock(event);
      listener.counted(continuity);
    });
    on<OrdersBooked>("booked", (orders) => listener.booked(orders));
    source.addEventListener("error", () => {
      listener.state("reconnecting", instanceId);
      // A browser reconnects by itself after a cut, but gives up after any status but 200, such as a 502.
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(connect, pauseMs * (0.75 + Math.random() / 2));
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    });
  };

  listener.state("connecting", "");
  connect();
}

function parse<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}
