import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";
import { paths } from "../../src/lib/paths.ts";
import { baseUrl, friendlyUrl, parseSettings } from "../../src/runtime/settings.ts";

describe("settings", () => {
  it("have the defaults that .env.example documents", () => {
    const documented = parseEnv(readFileSync(paths.envExample, "utf8")) as Record<string, string>;
    expect(parseSettings(documented)).toEqual(parseSettings({}));
    expect(parseSettings({})).toMatchObject({
      project: "evenkeel",
      bind: "127.0.0.1",
      port: 8000,
      replicas: 2,
    });
  });

  it("take an empty value for not set, as Compose does", () => {
    expect(parseSettings({ LAB_PORT: "", LAB_REPLICAS: "" })).toEqual(parseSettings({}));
  });

  it.each([
    [{ LAB_PORT: "99999" }, 'LAB_PORT must be a whole number from 1 to 65535, not "99999".'],
    [{ LAB_PORT: "8000x" }, 'LAB_PORT must be a whole number from 1 to 65535, not "8000x".'],
    [{ LAB_REPLICAS: "11" }, 'LAB_REPLICAS must be a whole number from 1 to 10, not "11".'],
    [{ LAB_BIND: "localhost" }, 'LAB_BIND must be an address such as 127.0.0.1, not "localhost".'],
    [{ LAB_CART: "disk" }, 'LAB_CART must be redis or memory, not "disk".'],
    [
      { LAB_APP_CPUS: "lots" },
      'LAB_APP_CPUS must be a number of processor cores such as 1 or 0.5, not "lots".',
    ],
    [{ LAB_NGINX_CPUS: "0" }, "LAB_NGINX_CPUS must be a number of processor cores"],
    [
      { LAB_APP_MEMORY: "much" },
      'LAB_APP_MEMORY must be a number of bytes with a unit such as 192m or 1g, not "much".',
    ],
    [{ COMPOSE_PROJECT_NAME: "My Lab" }, "COMPOSE_PROJECT_NAME must be lower-case letters"],
  ])("refuse %j with a full sentence", (env, sentence) => {
    expect(() => parseSettings(env)).toThrow(sentence);
  });

  it("take parts of cores and any unit of memory", () => {
    for (const LAB_APP_MEMORY of ["192m", "1g", "1.5GB", "200000k"])
      expect(() => parseSettings({ LAB_APP_CPUS: "0.2", LAB_NGINX_CPUS: "2", LAB_APP_MEMORY })).not.toThrow();
  });

  it("name every wrong value at once", () => {
    expect(() => parseSettings({ LAB_PORT: "x", LAB_LOG: "loud" })).toThrow(
      /LAB_PORT.*LAB_LOG must be pretty or json/,
    );
  });

  it("give the door's address, also when it listens everywhere", () => {
    expect(baseUrl({ bind: "127.0.0.1", port: 8000 }).href).toBe("http://127.0.0.1:8000/");
    expect(baseUrl({ bind: "0.0.0.0", port: 80 }).href).toBe("http://127.0.0.1/");
    expect(baseUrl({ bind: "::1", port: 81 }).href).toBe("http://[::1]:81/");
    expect(friendlyUrl({ bind: "127.0.0.1", port: 8000 }).href).toBe("http://localhost:8000/");
  });
});
