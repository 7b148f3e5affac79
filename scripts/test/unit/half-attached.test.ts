import { describe, expect, it } from "vitest";
import { lacksNetwork } from "../../src/runtime/half-attached.ts";

const config = {
  services: { app: { networks: { middle: null, data: null } }, redis: { networks: { data: null } } },
  networks: { middle: { name: "evenkeel_middle" }, data: { name: "evenkeel_data" } },
};

describe("a container that an interrupted up left behind", () => {
  it("is complete on all its networks", () => {
    expect(lacksNetwork({ service: "app", networks: ["evenkeel_data", "evenkeel_middle"] }, config)).toBe(
      false,
    );
  });
  it("is broken when one is missing", () => {
    expect(lacksNetwork({ service: "app", networks: ["evenkeel_middle"] }, config)).toBe(true);
    expect(lacksNetwork({ service: "redis", networks: [] }, config)).toBe(true);
  });
  it("is left alone when its service is no longer in the file", () => {
    expect(lacksNetwork({ service: "old", networks: [] }, config)).toBe(false);
  });
});
