import { describe, expect, it } from "vitest";
import { seats } from "../../src/lab/compare-pool.ts";

describe("cores during a comparison", () => {
  it.each([
    { cores: 2, most: 4, cpus: 0.2, replicas: "1", nginx: "0" },
    { cores: 3, most: 4, cpus: 0.2, replicas: "1-2", nginx: "0" },
    { cores: 8, most: 4, cpus: 0.5, replicas: "4-7", nginx: "0-3" },
  ])("on $cores cores $most replicas of $cpus get $replicas", ({ cores, most, cpus, replicas, nginx }) => {
    expect(seats(cores, most, cpus)).toEqual({ replicas, nginx });
  });

  it("are shared where the caps would not fit into one half, or there is no half", () => {
    expect(seats(2, 4, 0.25)).toBeNull();
    expect(seats(2, 10, 0.1)).toBeNull();
    expect(seats(1, 2, 0.2)).toBeNull();
  });
});
