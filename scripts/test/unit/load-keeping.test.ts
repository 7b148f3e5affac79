import { describe, expect, it } from "vitest";
import { refuseUnkept, wasLimit } from "../../src/runtime/load/keeping.ts";

describe("refusal", () => {
  const kept = {
    scheduled: 10_000,
    sent: 10_000,
    late: 10,
    sendLag: { p50: 0.1, p99: 0.9, max: 30 },
    processor: { busiestThread: 0.5, seconds: 5 },
  };
  const code = (change: object) => {
    try {
      refuseUnkept({ ...kept, ...change });
      return "kept";
    } catch (error) {
      expect(error).toMatchObject({ exitCode: 2, hint: expect.stringContaining("--rate") });
      return (error as { code: string }).code;
    }
  };

  it("comes at one request in a thousand that left late or never", () => {
    expect(code({})).toBe("kept");
    expect(code({ late: 11 })).toBe("load.schedule");
    expect(code({ sent: 9989, late: 0 })).toBe("load.schedule");
  });

  it("comes when a thread used more than 80 % of a core", () => {
    expect(code({ processor: { busiestThread: 0.8, seconds: 5 } })).toBe("kept");
    expect(code({ processor: { busiestThread: 0.81, seconds: 5 } })).toBe("load.saturated");
  });

  it("does not come for a closed loop, which has no schedule; that it was the limit is a remark", () => {
    const closed = { scheduled: null, sent: 5, processor: { busiestThread: 0.95, seconds: 1 } };
    expect(() => refuseUnkept(closed)).not.toThrow();
    expect(wasLimit(closed)).toBe(true);
  });
});
