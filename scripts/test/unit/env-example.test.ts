import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { paths } from "../../src/lib/paths.ts";

const read = async (path: string) => (await readFile(path, "utf8")).replaceAll("\r\n", "\n");

describe(".env.example", () => {
  it("documents every knob of docker-compose.yml with the default it really has", async () => {
    const example = await read(paths.envExample);
    const knobs = [...(await read(paths.composeFile)).matchAll(/\$\{([A-Z_]+):-([^}]*)\}/g)];
    expect(knobs.length).toBeGreaterThan(10);
    for (const [, name, fallback] of knobs) {
      if (name === "LAB_CA_FILE") continue; // its default is an empty file, which is no use to anybody
      expect(example, name).toMatch(new RegExp(`^#?${name}=${fallback}$`, "m"));
    }
  });
});
