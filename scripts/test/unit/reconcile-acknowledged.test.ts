import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { acknowledgedIn } from "../../src/lab/reconcile-acknowledged.ts";

describe("acknowledged orders", () => {
  const ids = [randomUUID(), randomUUID()];
  it.each([
    ["evidence of a load test", JSON.stringify({ result: { acknowledged: ids } })],
    ["a load result", JSON.stringify({ sent: 2, acknowledged: ids })],
    ["a JSON list", JSON.stringify(ids)],
    ["a plain list", `${ids.join("\n")}\n`],
    ["one JSON document per line", ids.map((orderId) => JSON.stringify({ orderId })).join("\r\n")],
    ["one JSON text per line", ids.map((id) => JSON.stringify(id)).join("\n")],
  ])("are read from %s", (_, text) => expect(acknowledgedIn(text, "file")).toEqual(ids));

  it("may be none in evidence, and one in a list", () => {
    expect(acknowledgedIn('{"acknowledged":[]}', "file")).toEqual([]);
    expect(acknowledgedIn(JSON.stringify({ orderId: ids[0] }), "file")).toEqual([ids[0]]);
  });

  it.each([
    ["", "It is empty."],
    ['{"sent":3}', "without a list"],
    ["hello", '"hello" is no order id.'],
    [`${ids[0]}\nnull`, '"null" is no order id.'],
  ])("are never guessed: %j", (text, sentence) => {
    expect(() => acknowledgedIn(text, "evidence.json")).toThrow(sentence);
    expect(() => acknowledgedIn(text, "evidence.json")).toThrow("evidence.json");
  });
});
