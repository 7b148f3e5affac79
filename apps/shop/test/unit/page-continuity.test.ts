import { describe, expect, it } from "vitest";
import { newContinuity, noteEvent, noteSnapshot } from "../../public/continuity.ts";

describe("the page's own watch over its event stream", () => {
  it("counts nothing while ids rise by one", () => {
    const watch = newContinuity();
    noteSnapshot(watch, 7);
    expect([8, 9, 10].map((id) => noteEvent(watch, id))).toEqual([true, true, true]);
    expect(watch).toMatchObject({ received: 3, gaps: 0, duplicates: 0, lastId: 10 });
  });

  it("counts every id that was left out", () => {
    const watch = newContinuity();
    noteEvent(watch, 1);
    noteEvent(watch, 5);
    expect(watch.gaps).toBe(3);
  });

  it("counts a repeated id, and says that it must not be applied again", () => {
    const watch = newContinuity();
    noteEvent(watch, 1);
    noteEvent(watch, 2);
    expect(noteEvent(watch, 1)).toBe(false);
    expect(watch).toMatchObject({ duplicates: 1, gaps: 0, lastId: 2 });
  });

  it("does not call ids before a snapshot missing", () => {
    const watch = newContinuity();
    noteEvent(watch, 1);
    noteSnapshot(watch, 100);
    noteEvent(watch, 101);
    expect(watch.gaps).toBe(0);
  });
});
