import { expect, test } from "vitest";
import { z } from "zod";
import { milliseconds, Name, readEnvironment } from "../src/environment.ts";

const Schema = z.object({ NAME: Name.default("none"), WAIT_MS: milliseconds(5) });

test("an empty variable is one that is not set", () => {
  expect(readEnvironment(Schema, { NAME: "", WAIT_MS: "" })).toEqual({ NAME: "none", WAIT_MS: 5 });
});

test("every variable that is wrong is named in one sentence", () => {
  expect(() => readEnvironment(Schema, { NAME: "a b", WAIT_MS: "-1" })).toThrow(
    /^The environment is not usable\. .*NAME: must be 1 to 64 letters.*WAIT_MS: /,
  );
});
