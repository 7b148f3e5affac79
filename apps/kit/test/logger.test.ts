import { expect, test } from "vitest";
import { createLogger, type LogLevel } from "../src/logger.ts";

function logTo(format: "pretty" | "json", level: LogLevel = "info") {
  const lines: string[] = [];
  const out = { write: (text: string) => void lines.push(text) };
  return { lines, log: createLogger({ format, level, instanceId: "2" }, out) };
}

const entry = { requestId: "r-1", method: "POST", path: "/purchase", status: 201, ms: 12.345 };

test("pretty reads like a sentence", () => {
  const { lines, log } = logTo("pretty");
  log.access(entry, false);
  expect(lines).toEqual(["[Instance 2] POST /purchase 201 12ms req=r-1\n"]);
});

test("JSON carries the same fields, one object per line", () => {
  const { lines, log } = logTo("json");
  log.access(entry, false);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({ ...entry, ms: 12.35, instance: "2", level: "info" });
  expect(JSON.parse(lines[0]!).time).toMatch(/^\d{4}-\d\d-\d\dT/);
});

test.each(["pretty", "json"] as const)("%s: probes show at debug only", (format) => {
  const normal = logTo(format);
  normal.log.access(entry, true);
  expect(normal.lines).toEqual([]);
  const debug = logTo(format, "debug");
  debug.log.access(entry, true);
  expect(debug.lines).toHaveLength(1);
});

test.each(["pretty", "json"] as const)("%s: an error is logged with its stack and its cause", (format) => {
  const { lines, log } = logTo(format);
  log.error("it broke", new Error("outer", { cause: new Error("inner") }), { requestId: "r-9" });
  for (const part of ["it broke", "outer", "inner", "r-9", "logger.test.ts"]) {
    expect(lines.join("")).toContain(part);
  }
});

test.each(["pretty", "json"] as const)("%s: silent is silent", (format) => {
  const { lines, log } = logTo(format, "silent");
  log.access(entry, false);
  log.error("x", new Error("x"));
  expect(lines).toEqual([]);
});

test("what strangers say stays on the line of its record, visibly", () => {
  const { lines, log } = logTo("pretty");
  const forged = "oops\n[Instance 1] GET /admin 200";
  log.warn("a message died", { reason: forged, key: "a\u001b[2K\rb", fine: "two words" });
  log.warn("another", { upper: "\u009b2J", line: "a\u2028b", list: ["\u0085"], none: undefined });
  expect(lines).toEqual([
    '[Instance 2] warning: a message died reason="oops\\n[Instance 1] GET /admin 200" key="a\\u001b[2K\\rb" fine=two words\n',
    '[Instance 2] warning: another upper="\\u009b2J" line="a\\u2028b" list=["\\u0085"] none=\n',
  ]);
});

test("an error's own words are indented and cannot move the cursor", () => {
  const { lines, log } = logTo("pretty");
  const error = new Error("first\nsecond\r[Instance 1] third\u001b[1A");
  error.stack = error.message;
  log.error("it broke", error, { key: "a\nb" });
  expect(lines).toEqual([
    '[Instance 2] error: it broke key="a\\nb"\nfirst\n    second\\u000d[Instance 1] third\\u001b[1A\n',
  ]);
});
