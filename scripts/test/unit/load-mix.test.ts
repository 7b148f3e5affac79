import { describe, expect, it } from "vitest";
import { DEFAULT_MIX, mixEntries, parseMix } from "../../src/lab/load-mix.ts";

describe("a mix", () => {
  it("is methods, paths and weights", () => {
    expect(parseMix("get /products=8, GET /stock ,POST /purchase=0.5")).toEqual([
      { kind: "GET /products", method: "GET", path: "/products", weight: 8 },
      { kind: "GET /stock", method: "GET", path: "/stock", weight: 1 },
      { kind: "POST /purchase", method: "POST", path: "/purchase", weight: 0.5 },
    ]);
    expect(parseMix("GET /products?page=2=3")).toMatchObject([{ path: "/products?page=2", weight: 3 }]);
    expect(parseMix(DEFAULT_MIX)).toHaveLength(2);
    expect(parseMix("GET /statuses")).toHaveLength(1);
  });

  it.each([
    ["", "--mix names no request."],
    ["/products=8", '"/products=8" in --mix is not a method, a path and a weight.'],
    ["GTE /products=8", '"GTE" in --mix is no method; the nearest is "GET".'],
    ["GET products=8", 'The path "products" in --mix must begin with "/".'],
    ["GET /products=much", 'The weight of "GET /products" in --mix must be a number above 0, not "much".'],
    ["GET /products=0", "must be a number above 0"],
    ["GET /products=", "must be a number above 0"],
    ["GET /a=1,GET /a=2", '--mix names "GET /a" twice.'],
    ["POST /purchases=1", 'The load cannot send "POST /purchases"; the nearest it can is "POST /purchase".'],
    ["GET /käse=1", "must be ASCII"],
    ["GET /status=1", `The load cannot be sent to "/status": the lab's own probes ask there`],
    ["GET /products=8,HEAD /Metrics/?a=1", 'The load cannot be sent to "/Metrics/?a"'],
  ])("%j is refused with a sentence", (text, sentence) => {
    expect(() => parseMix(text)).toThrow(sentence);
  });

  it("spreads purchases over all products, each request with a key of its own", () => {
    const entries = mixEntries(parseMix("GET /products=9,POST /purchase=1"), ["a", "b"]);
    expect(entries.map(({ kind, weight, body }) => [kind, weight, body])).toEqual([
      ["GET /products", 9, undefined],
      ["POST /purchase", 0.5, '{"productId":"a","quantity":1}'],
      ["POST /purchase", 0.5, '{"productId":"b","quantity":1}'],
    ]);
    expect(entries[1]).toMatchObject({ uniqueHeader: "idempotency-key" });
  });
});
