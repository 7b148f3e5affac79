import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { acknowledgedIn } from "../../src/lab/reconcile-acknowledged.ts";
import { compareEvidence, loadResult, loadtestEvidence } from "../support/evidence.ts";

describe("acknowledged orders", () => {
  const ids = [randomUUID(), randomUUID()];
  const load = { ...loadResult({ seconds: 1, rate: 10 }), acknowledged: ids };
  it.each([
    ["evidence of a load test", JSON.stringify(loadtestEvidence(load))],
    ["what it prints with --json", JSON.stringify({ ...loadtestEvidence(load), files: {} }, null, 2)],
    ["a load result", JSON.stringify(load)],
    ["a JSON list", JSON.stringify(ids)],
    ["a plain list", `${ids.join("\n")}\n`],
    ["one JSON document per line", ids.map((orderId) => JSON.stringify({ orderId })).join("\r\n")],
    ["one JSON text per line", ids.map((id) => JSON.stringify(id)).join("\n")],
  ])("are read from %s", (_, text) => expect(acknowledgedIn(text, "file")).toEqual(ids));

  it("may be a single one", () => {
    expect(acknowledgedIn(JSON.stringify({ orderId: ids[0] }), "file")).toEqual([ids[0]]);
  });

  it.each([
    ["", "It is empty."],
    ['{"sent":3}', "without a list"],
    [JSON.stringify(compareEvidence()), 'without a list "load.acknowledged"'],
    [JSON.stringify(loadtestEvidence()), "It holds no purchase"],
    ["[]", "It holds no purchase"],
    ["hello", '"hello" is no order id.'],
    [`${ids[0]}\nnull`, '"null" is no order id.'],
  ])("are never guessed: %.40s", (text, sentence) => {
    expect(() => acknowledgedIn(text, "evidence.json")).toThrow(sentence);
    expect(() => acknowledgedIn(text, "evidence.json")).toThrow("evidence.json");
  });
});
