import { expect, test } from "vitest";
import { z } from "zod";
import { Brokers, BrokersOrNone, milliseconds, Name, readEnvironment } from "../src/environment.ts";

const Schema = z.object({ NAME: Name.default("none"), WAIT_MS: milliseconds(5) });

test("an empty variable is one that is not set", () => {
  expect(readEnvironment(Schema, { NAME: "", WAIT_MS: "" })).toEqual({ NAME: "none", WAIT_MS: 5 });
});

test("every variable that is wrong is named in one sentence", () => {
  expect(() => readEnvironment(Schema, { NAME: "a b", WAIT_MS: "-1" })).toThrow(
    /^The environment is not usable\. .*NAME: must be 1 to 64 letters.*WAIT_MS: /,
  );
});

test("brokers are a list of host and port, and nothing only where an app can do without", () => {
  expect(Brokers.parse("a:1,b-2.c:9092")).toEqual(["a:1", "b-2.c:9092"]);
  expect(BrokersOrNone.parse("a:1,b-2.c:9092")).toEqual(["a:1", "b-2.c:9092"]);
  expect(BrokersOrNone.parse("none")).toEqual([]);
  for (const wrong of ["kafka", "a:1,", "none,a:1", "[::1]:9092", "a:1 b:2", "a:123456", "a:1\nb"]) {
    for (const kind of [Brokers, BrokersOrNone]) expect(kind.safeParse(wrong).success, wrong).toBe(false);
  }
  expect(Brokers.safeParse("none").success).toBe(false);
});
