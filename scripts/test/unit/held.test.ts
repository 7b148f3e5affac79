import { expect, it } from "vitest";
import { isHeld } from "../../src/runtime/held.ts";

it.each([
  ["as its service says", { limit: 1, set: "" }, 1, false],
  ["as its service says, on all cores by name", { limit: 1, set: "0-3" }, "1", false],
  ["no limit, and none wanted", { limit: null, set: "" }, undefined, false],
  ["a limit of all cores where none is wanted", { limit: 4, set: "" }, undefined, false],
  ["held to less", { limit: 0.2, set: "" }, 1, true],
  ["held to less where no limit is wanted", { limit: 0.2, set: "" }, undefined, true],
  ["kept on one core", { limit: 1, set: "3" }, 1, true],
] as const)("%s", (_, hold, cpus, expected) => {
  expect(isHeld(hold, cpus, 4)).toBe(expected);
});
