import type { Way } from "./order-watch.ts";
import { make, part } from "./page-parts.ts";
import { badge, paint } from "./replica-colour.ts";

/** Orders in sight at once; a fourth one pushes the oldest out. */
const MOST = 3;
const SHOWN_MS = 7_000;

const list = part("ways", HTMLOListElement);

/** Shows a sale and, as it is told, how far the order has come: a course from the shop to the books. */
export function showWay(sentence: string, instanceId: string): (way: Way) => void {
  const entry = make("li", "way");
  entry.dataset.testid = "way";
  paint(entry, instanceId);
  const course = make("span", "course");
  course.append(make("span", "leg"));
  const state = make("span", "way-state");
  const first = make("p", "way-sale");
  first.append(badge(instanceId), ` ${sentence}`);
  const second = make("p", "way-course");
  second.append(course, state);
  entry.append(first, second);
  list.append(entry);
  while (list.childElementCount > MOST) list.firstElementChild?.remove();

  return (way) => {
    entry.dataset.step = way.step;
    state.textContent = wordsFor(way);
    // Not when asking has ended ("unanswered"): the stream may still bring word, and is to find its entry.
    if (way.step === "booked" || way.step === "forgotten") setTimeout(() => entry.remove(), SHOWN_MS);
  };
}

function wordsFor(way: Way): string {
  switch (way.step) {
    case "placed":
      return "placed";
    case "waiting":
      return "placed; waiting for Kafka";
    case "published":
      return way.books === "up" ? "in Kafka; waiting to be booked" : "in Kafka; the books do not answer";
    case "booked":
      return `booked by orders ${way.bookedBy} after ${duration(way.ms)}`;
    case "forgotten":
      return "forgotten: the lab was reset";
    case "unanswered":
      return way.last === "waiting" ? "placed and kept; Kafka is still away" : "in Kafka; not booked yet";
  }
}

/** With a space that does not break. */
function duration(ms: number): string {
  return ms < 1000 ? `${ms}\u00a0ms` : `${(ms / 1000).toFixed(1)}\u00a0s`;
}
