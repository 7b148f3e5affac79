import { describe, expect, it } from "vitest";
import { LabError } from "../../src/lib/errors.ts";
import { stopWaiting, waitUntil } from "../../src/lib/wait-until.ts";

describe("waitUntil", () => {
  it("asks until the probe gives something, and returns that", async () => {
    let asked = 0;
    const answer = await waitUntil("three", () => (++asked === 3 ? { asked } : undefined), {
      deadlineMs: 1000,
      intervalMs: 1,
    });
    expect(answer).toEqual({ asked: 3 });
  });

  it("takes 0 and an empty text for answers, but not false", async () => {
    expect(await waitUntil("zero", () => 0, { deadlineMs: 50 })).toBe(0);
    expect(await waitUntil("empty", () => "", { deadlineMs: 50 })).toBe("");
    await expect(waitUntil("true", () => false, { deadlineMs: 20, intervalMs: 5 })).rejects.toThrow(
      "in vain",
    );
  });

  it("says what was awaited, for how long, and the last error", async () => {
    const probe = () => {
      throw new Error("connection refused");
    };
    const error = await waitUntil("nginx to answer", probe, { deadlineMs: 1500, intervalMs: 400 }).catch(
      (e) => e,
    );
    expect(error).toBeInstanceOf(LabError);
    expect(error.code).toBe("wait.deadline");
    expect(error.message).toBe(
      "Waited 1.5 s for nginx to answer, in vain. The last error was: connection refused",
    );
  });

  it("ends at its deadline even while a probe hangs", async () => {
    const start = performance.now();
    await expect(waitUntil("a hung probe", () => new Promise(() => {}), { deadlineMs: 60 })).rejects.toThrow(
      "Waited 60 ms for a hung probe",
    );
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it("ends at once when the signal comes, with the signal's reason", async () => {
    const controller = new AbortController();
    const waiting = waitUntil("nothing", () => undefined, { deadlineMs: 5000, signal: controller.signal });
    controller.abort(new Error("Ctrl-C"));
    const error = await waiting.catch((e) => e);
    expect(`${error.message} ${error.cause?.message ?? ""}`).toContain("Ctrl-C");
  });

  it("ends at once when the probe says that waiting is of no use", async () => {
    let asked = 0;
    const probe = () => {
      asked++;
      throw stopWaiting(new LabError("It crashed.", { code: "crashed" }));
    };
    await expect(waitUntil("x", probe, { deadlineMs: 5000 })).rejects.toMatchObject({ code: "crashed" });
    expect(asked).toBe(1);
  });
});
