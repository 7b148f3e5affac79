import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadStrategies, parseStrategy } from "../../src/lab/strategies.ts";
import { paths } from "../../src/lib/paths.ts";

describe("strategy files", () => {
  it("include the seven that the shop topology names, each with its own variable and upstream", async () => {
    const strategies = await loadStrategies(paths.nginxStrategies);
    expect([...strategies.keys()]).toEqual(
      expect.arrayContaining([
        "hash-uri",
        "ip-hash",
        "least-conn",
        "random-two",
        "round-robin",
        "sticky-cookie",
        "weighted",
      ]),
    );
    for (const id of strategies.keys()) {
      const text = await readFile(join(paths.nginxStrategies, `${id}.conf`), "utf8");
      expect(text, `${id} must tell its own name in X-Strategy`).toContain(
        `map "" $lab_strategy { default ${id}; }`,
      );
      expect(text, `${id} needs shared memory`).toMatch(/^\s+zone replicas /m);
      expect(text, `${id} must find recreated replicas`).toMatch(/^\s+server \S+ resolve /m);
    }
  });

  it("read their promise from the lines that start with #:", () => {
    const text =
      "# prose\n#: summary: in turn\n#: expect:\n#:   model: even\n#:   toleranceRequests: 1\nupstream x {}";
    expect(parseStrategy("mine", text)).toEqual({
      id: "mine",
      summary: "in turn",
      expect: { model: "even", toleranceRequests: 1 },
    });
  });

  it.each([
    ["no promise at all", "upstream x {}"],
    ["a tolerance of unknown unit", "#: summary: x\n#: expect: { model: even, tolerance: 1 }"],
    ["an unknown model", "#: summary: x\n#: expect: { model: magic }"],
    ["broken YAML", "#: summary: [x"],
  ])("are refused with a full sentence when there is %s", (_, text) => {
    expect(() => parseStrategy("mine", text)).toThrow(/strategy "mine" are not/);
  });
});
