import { describe, expect, it } from "vitest";
import { blockOf, chosenByUser, profilesByUser, recordedChoices } from "../../src/runtime/images/choices.ts";
import { allProfiles } from "../../src/runtime/images/compose-profiles.ts";
import { decideImage, type ImageFacts } from "../../src/runtime/images/decide.ts";
import { withBlock } from "../../src/runtime/images/env-block.ts";
import { imagePins } from "../../src/runtime/images/pins.ts";

const pin = {
  variable: "NGINX_IMAGE",
  name: "nginx",
  official: "nginx:1.30",
  own: "evenkeel/nginx:1.30",
  profiles: [],
};
const nothing: ImageFacts = {
  pin,
  chosen: undefined,
  officialHere: false,
  ownHere: false,
  ownStale: false,
  recipe: true,
};
const official = { action: "use", ref: pin.official, origin: "official" };
const own = { action: "use", ref: pin.own, origin: "own" };
const pull = { action: "pull", ref: pin.official };
const build = { action: "build", ref: pin.own };
const none = { action: "none", ref: pin.official };

describe("which image is used", () => {
  it.each([
    ["nothing here", {}, "auto", true, pull],
    ["nothing here, no registry", {}, "auto", false, build],
    ["official here", { officialHere: true }, "auto", true, official],
    ["both here", { officialHere: true, ownHere: true }, "auto", true, official],
    ["own here", { ownHere: true }, "auto", true, own],
    ["own here, recipe changed", { ownHere: true, ownStale: true }, "auto", true, build],
    [
      "user's choice beats all",
      { chosen: "mine:1", officialHere: true, ownHere: true },
      "offline",
      true,
      { action: "use", ref: "mine:1", origin: "user" },
    ],
    ["--offline ignores the official one", { officialHere: true }, "offline", true, build],
    ["--offline with a fresh own one", { officialHere: true, ownHere: true }, "offline", true, own],
    ["--offline with a stale own one", { ownHere: true, ownStale: true }, "offline", true, build],
    ["--pull asks even when both are here", { officialHere: true, ownHere: true }, "pull", true, pull],
    ["nothing here, no registry, no recipe", { recipe: false }, "auto", false, none],
    ["nothing here, no recipe, but a registry", { recipe: false }, "auto", true, pull],
    ["--offline without a recipe", { recipe: false }, "offline", true, none],
    [
      "--offline without a recipe, official here",
      { recipe: false, officialHere: true },
      "offline",
      true,
      official,
    ],
    ["--pull, no registry, official here", { officialHere: true }, "pull", false, official],
    ["--pull, no registry, own here", { ownHere: true }, "pull", false, own],
  ] as const)("%s", (_, facts, mode, registry, expected) => {
    expect(decideImage({ ...nothing, ...facts }, mode, registry)).toEqual(expected);
  });
});

describe("the pins", () => {
  it("are those of docker-compose.yml, each with an own name that is not the official one", () => {
    const pins = imagePins();
    const core = pins.filter(({ profiles }) => profiles.length === 0).map(({ variable }) => variable);
    expect(core).toEqual(["NGINX_IMAGE", "NODE_IMAGE", "REDIS_IMAGE"]);
    for (const { official, own } of pins) {
      expect(own).toMatch(/^evenkeel\/[a-z-]+:[\w.-]+$/);
      expect(official).toMatch(/^[a-z0-9./_-]+:[\w.-]+$/);
      expect(own).not.toBe(official);
    }
  });

  it("leave out the name of a service's own build, but not its base", () => {
    const yaml = [
      "services:",
      "  app:",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's own syntax.
      '    image: "${SHOP_IMAGE:-evenkeel/shop:latest}"',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose's own syntax.
      '    build: { context: ., args: { NODE_IMAGE: "${NODE_IMAGE:-node:24-slim}" } }',
    ].join("\n");
    expect(imagePins(yaml)).toEqual([
      {
        variable: "NODE_IMAGE",
        name: "node",
        official: "node:24-slim",
        own: "evenkeel/node:24-slim",
        profiles: [],
      },
    ]);
  });

  it("belong to the profiles of their services, or to the core when any core service has them", () => {
    const service = (image: string, profile?: string) =>
      `{ image: "\${${image}_IMAGE:-x/y:1}"${profile ? `, profiles: [${profile}]` : ""} }`;
    const yaml = [
      "services:",
      `  a: ${service("NODE_EXPORTER", "monitoring")}`,
      `  b: ${service("SHARED", "kafka")}`,
      `  c: ${service("SHARED")}`,
    ].join("\n");
    expect(imagePins(yaml)).toMatchObject([
      { variable: "NODE_EXPORTER_IMAGE", name: "node-exporter", profiles: ["monitoring"] },
      { variable: "SHARED_IMAGE", profiles: [] },
    ]);
  });
});

describe("the profiles", () => {
  it("that are wanted are those the user named; an empty list means none, silence means nothing was said", () => {
    expect(profilesByUser("", {})).toBeUndefined();
    expect(profilesByUser("COMPOSE_PROFILES=*\n", {})).toBeUndefined();
    expect(profilesByUser("COMPOSE_PROFILES=\n", {})).toEqual([]);
    expect(profilesByUser("COMPOSE_PROFILES=kafka, grafana\n", {})).toEqual(["kafka", "grafana"]);
    expect(profilesByUser("COMPOSE_PROFILES=kafka\n", { COMPOSE_PROFILES: "" })).toEqual([]);
  });

  it("that our block leaves out are not the user's word, and are remembered", () => {
    const block = {
      COMPOSE_PROFILES: "kafka",
      LAB_WITHOUT: "grafana,cadvisor",
      NGINX_IMAGE: "evenkeel/nginx:1",
    };
    const text = withBlock("COMPOSE_PROFILES=kafka,grafana,cadvisor\n", block);
    expect(profilesByUser(text, {})).toEqual(["kafka", "grafana", "cadvisor"]);
    expect(recordedChoices(text)).toEqual({
      images: { NGINX_IMAGE: "evenkeel/nginx:1" },
      offline: false,
      without: ["grafana", "cadvisor"],
    });
  });

  it("in our block are those of the file, whatever one run was told by the environment", () => {
    const choices = { images: {}, offline: false, without: ["grafana"] };
    expect(blockOf(choices, "", ["kafka", "grafana"])).toEqual({
      COMPOSE_PROFILES: "kafka",
      LAB_WITHOUT: "grafana",
    });
    expect(blockOf(choices, "COMPOSE_PROFILES=grafana\n", ["kafka", "grafana"])).toMatchObject({
      COMPOSE_PROFILES: "",
    });
    expect(blockOf({ ...choices, without: [] }, "", ["kafka"])).toEqual({});
  });

  it("are all of docker-compose.yml", () => {
    expect(allProfiles().sort()).toEqual(["cadvisor", "grafana", "kafka", "monitoring"]);
  });
});

describe("what the user chose", () => {
  it("is the environment, then .env outside our block", () => {
    const text = withBlock("REDIS_IMAGE=mine:2\n", { NGINX_IMAGE: "evenkeel/nginx:1" });
    expect(chosenByUser("REDIS_IMAGE", text, {})).toBe("mine:2");
    expect(chosenByUser("REDIS_IMAGE", text, { REDIS_IMAGE: "theirs:3" })).toBe("theirs:3");
    expect(chosenByUser("NGINX_IMAGE", text, {})).toBeUndefined();
    expect(chosenByUser("NGINX_IMAGE", "NGINX_IMAGE=\n", {})).toBeUndefined();
  });
});
