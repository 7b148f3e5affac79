import type { OrderState, OrdersBooked, PurchaseResponse, StockEvent } from "@evenkeel/contracts";
import type { Reply } from "./ask.ts";

/** How far an order has come, as far as this page knows. */
export type Way =
  /** Sold and kept by the shop. */
  | { step: "placed" }
  /** The same for so long that Kafka must be away. */
  | { step: "waiting" }
  /** Kafka has it. `books` down: whether it is booked cannot be asked. */
  | { step: "published"; books: "up" | "down" }
  | { step: "booked"; bookedBy: string; ms: number }
  /** The lab was reset, and the shop forgot its orders. */
  | { step: "forgotten" }
  /** Asked long enough; the stream may still bring word. */
  | { step: "unanswered"; last: "waiting" | "published" };

/** The stream is first by far when all is well; asking is for when it missed something. */
export const FIRST_ASK_MS = 1_500;
const LONGEST_PAUSE_MS = 5_000;
export const DEADLINE_MS = 60_000;
/** Sales and bookings kept for orders this page does not know yet: their answer may come last. */
const KEPT = 2_000;

type Asked = (orderId: string) => Promise<Reply<OrderState>>;
type Booked = Pick<OrdersBooked, "bookedBy" | "at">;

/** Follows this page's own orders, by the stream and by asking. */
export class OrderWatch {
  readonly #ask: Asked;
  /** Unix time in milliseconds of each sale, by event id. */
  readonly #sales = new Map<number, number>();
  readonly #bookings = new Map<string, Booked>();
  readonly #followed = new Map<string, (booked: Booked) => void>();

  constructor(ask: Asked) {
    this.#ask = ask;
  }

  noteSale({ id, at }: Pick<StockEvent, "id" | "at">): void {
    keep(this.#sales, id, at);
  }

  noteBooked({ orderIds, ...booked }: OrdersBooked): void {
    for (const orderId of orderIds) {
      const tell = this.#followed.get(orderId);
      if (tell) tell(booked);
      else keep(this.#bookings, orderId, booked);
    }
  }

  /** Calls `show` with each step of this order, the first one at once. */
  follow(
    { orderId, eventId }: Pick<PurchaseResponse, "orderId" | "eventId">,
    show: (way: Way) => void,
  ): void {
    let done = false;
    const end = (way: Way) => {
      done = true;
      this.#followed.delete(orderId);
      show(way);
    };
    const known = this.#bookings.get(orderId);
    const onBooked = ({ bookedBy, at }: Booked) => {
      if (done) return;
      const sold = this.#sales.get(eventId);
      if (sold !== undefined) return end({ step: "booked", bookedBy, ms: Math.max(0, at - sold) });
      // The stream missed the sale; whoever has both times is asked.
      void step();
    };
    const step = async (): Promise<Way | undefined> => {
      const reply = await this.#ask(orderId);
      if (done) return undefined;
      if (!reply.ok) {
        if (reply.answer.status === 404) end({ step: "forgotten" });
        return undefined;
      }
      const way = wayOf(reply.body);
      if (way.step === "booked") end(way);
      else show(way);
      return way;
    };
    this.#followed.set(orderId, onBooked);
    show({ step: "placed" });
    if (known) onBooked(known);
    void this.#keepAsking(step, () => done, show);
  }

  async #keepAsking(
    step: () => Promise<Way | undefined>,
    isDone: () => boolean,
    show: (way: Way) => void,
  ): Promise<void> {
    let last: "waiting" | "published" = "waiting";
    let asked = 0;
    for (
      let pauseMs = FIRST_ASK_MS;
      asked < DEADLINE_MS;
      pauseMs = Math.min(pauseMs * 1.3, LONGEST_PAUSE_MS)
    ) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      asked += pauseMs;
      if (isDone()) return;
      const way = await step();
      if (way?.step === "published") last = "published";
    }
    if (!isDone()) show({ step: "unanswered", last });
  }
}

function wayOf(order: OrderState): Way {
  const { state, books, bookedAt, bookedBy, placedAt } = order;
  if (state === "booked" && bookedAt !== null && bookedBy !== null) {
    return { step: "booked", bookedBy, ms: Math.max(0, bookedAt - placedAt) };
  }
  return state === "placed" ? { step: "waiting" } : { step: "published", books };
}

/** A Map keeps the order of insertion: the first key is the oldest. */
function keep<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.set(key, value);
  const oldest = map.keys().next().value;
  if (map.size > KEPT && oldest !== undefined) map.delete(oldest);
}
