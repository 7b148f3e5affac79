import { describe, expect, it, vi } from "vitest";
import { waitForPool } from "../../src/runtime/door.ts";
import type { Settings } from "../../src/runtime/settings.ts";
import { type Listener, withServer } from "../support/http-server.ts";

/** What happens when the pool was not as wanted for three seconds; here it ends the wait. */
vi.mock("../../src/runtime/strategy.ts", () => ({
  reloadNginx: async () => {
    throw new Error("not the wanted pool");
  },
}));

const wait = (listener: Listener, ids: string[]) =>
  withServer(listener, (seen) => {
    const settings = { bind: "127.0.0.1", port: Number(new URL(seen.url).port) } as Settings;
    return waitForPool(settings, ids, new AbortController().signal);
  });
/** A balancer in front of these replicas, each in its turn. */
const inTurn =
  (...ids: string[]): Listener =>
  (_, response, n) =>
    response.setHeader("X-Instance-ID", ids[n % ids.length] ?? "").end();

describe("the pool behind the door", () => {
  it("is the wanted one when each of them answers and nobody else", async () => {
    await wait(inTurn("1", "4"), ["4", "1"]);
  });

  it.each([
    ["a stranger answers", inTurn("1", "2", "3"), ["1", "2"]],
    ["one of them is missing", inTurn("1"), ["1", "2"]],
    [
      "one answer waits for a replica that is away",
      ((request, response, n) =>
        setTimeout(() => inTurn("1", "2")(request, response, n), n % 7 === 3 ? 500 : 0)) as Listener,
      ["1", "2"],
    ],
  ])("is another one while %s", async (_, listener, ids) => {
    await expect(wait(listener, ids)).rejects.toThrow("not the wanted pool");
  });
});
