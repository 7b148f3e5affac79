import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { z } from "zod";
import { LabError } from "../lib/errors.ts";
import { paths } from "../lib/paths.ts";
import { MOST_REPLICAS } from "../lib/replicas.ts";

type Env = Record<string, string | undefined>;

const whole = (name: string, from: number, to: number) =>
  z
    .string()
    .regex(/^\d+$/, `${name} must be a whole number from ${from} to ${to}`)
    .transform(Number)
    .refine((n) => n >= from && n <= to, `${name} must be a whole number from ${from} to ${to}`);

const oneOf = <const T extends [string, ...string[]]>(name: string, words: T) =>
  z.enum(words, `${name} must be ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`);

/** As Compose and the engine take them: a part of a core is fine, nothing at all is not. */
const cores = (name: string) => {
  const sentence = `${name} must be a number of processor cores such as 1 or 0.5`;
  return z
    .string()
    .regex(/^\d+(\.\d+)?$/, sentence)
    .refine((text) => Number(text) >= 0.01, sentence)
    .optional();
};

const MEMORY = /^\d+(\.\d+)?[bkmg]b?$/i;

const Knobs = z.object({
  COMPOSE_PROJECT_NAME: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]*$/, "COMPOSE_PROJECT_NAME must be lower-case letters, digits, - and _")
    .default("evenkeel"),
  LAB_BIND: z
    .union([z.ipv4(), z.ipv6()], "LAB_BIND must be an address such as 127.0.0.1")
    .default("127.0.0.1"),
  LAB_PORT: whole("LAB_PORT", 1, 65535).default(8000),
  LAB_PROMETHEUS_PORT: whole("LAB_PROMETHEUS_PORT", 1, 65535).default(9090),
  LAB_GRAFANA_PORT: whole("LAB_GRAFANA_PORT", 1, 65535).default(3000),
  LAB_REPLICAS: whole("LAB_REPLICAS", 1, MOST_REPLICAS).default(2),
  LAB_ORDERS: whole("LAB_ORDERS", 1, 6).default(2),
  LAB_STRATEGY: z
    .string()
    .regex(/^[a-z0-9-]+$/, "LAB_STRATEGY must be a file name in nginx/strategies, without .conf")
    .default("round-robin"),
  LAB_CART: oneOf("LAB_CART", ["redis", "memory"]).default("redis"),
  LAB_LOG: oneOf("LAB_LOG", ["pretty", "json"]).default("pretty"),
  LAB_APP_CPUS: cores("LAB_APP_CPUS"),
  LAB_APP_MEMORY: z
    .string()
    .regex(MEMORY, "LAB_APP_MEMORY must be a number of bytes with a unit such as 192m or 1g")
    .optional(),
  LAB_NGINX_CPUS: cores("LAB_NGINX_CPUS"),
  LAB_INSTALL: oneOf("LAB_INSTALL", ["yes", "no"]).default("yes"),
  LAB_CA_FILE: z.string().optional(),
});

/** What the user chose, from `.env` and the environment. */
export interface Settings {
  /** Compose project: prefix of containers, networks and volumes. */
  project: string;
  /** Address the door listens on. */
  bind: string;
  port: number;
  /** Of the pages beside the shop, on the same address. */
  ports: { prometheus: number; grafana: number };
  replicas: number;
  /** Instances of the orders app. */
  orders: number;
  strategy: string;
  cart: "redis" | "memory";
  log: "pretty" | "json";
  /** File with the authority of a firewall that re-signs TLS. */
  caFile: string | undefined;
}

/**
 * The settings of this checkout. The environment wins over `.env`, as it does in Compose.
 * @throws LabError `settings.invalid` with one sentence per wrong value.
 */
export function settings(): Settings {
  return parseSettings(mergedEnv());
}

/** Name of the Compose project; known even when another setting is wrong, so that `down` always works. */
export function projectName(): string {
  return mergedEnv().COMPOSE_PROJECT_NAME || "evenkeel";
}

/** May anything be installed on this machine? Whatever is not plainly a yes, a mistyped one included, is a no. */
export function mayInstall(env: Env = mergedEnv()): boolean {
  return (env.LAB_INSTALL || "yes") === "yes";
}

/** `.env` with the environment on top. A missing file is an empty one. */
export function mergedEnv(): Record<string, string> {
  const own = Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return { ...envFile(), ...Object.fromEntries(own) };
}

/** What `.env` says, without the environment. */
export function envFile(): Record<string, string> {
  if (!existsSync(paths.env)) return {};
  const entries = Object.entries(parseEnv(readFileSync(paths.env, "utf8")) as Env);
  return Object.fromEntries(entries.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/** As {@link settings}, from given values. Empty means not set, as `${NAME:-default}` in Compose. */
export function parseSettings(env: Env): Settings {
  const set = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = Knobs.safeParse(set);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(
      (issue) => `${issue.message}, not "${set[String(issue.path[0])]}".`,
    );
    throw new LabError(wrong.join(" "), {
      code: "settings.invalid",
      hint: "Change it in .env or in the environment; .env.example explains every knob.",
    });
  }
  const knobs = parsed.data;
  return {
    project: knobs.COMPOSE_PROJECT_NAME,
    bind: knobs.LAB_BIND,
    port: knobs.LAB_PORT,
    ports: {
      prometheus: knobs.LAB_PROMETHEUS_PORT,
      grafana: knobs.LAB_GRAFANA_PORT,
    },
    replicas: knobs.LAB_REPLICAS,
    orders: knobs.LAB_ORDERS,
    strategy: knobs.LAB_STRATEGY,
    cart: knobs.LAB_CART,
    log: knobs.LAB_LOG,
    caFile: knobs.LAB_CA_FILE,
  };
}

/** The door by its literal address: "localhost" can mean ::1, where nothing is published. */
export function baseUrl({ bind, port }: Pick<Settings, "bind" | "port">): URL {
  const address = bind === "0.0.0.0" ? "127.0.0.1" : bind === "::" ? "::1" : bind;
  return new URL(`http://${address.includes(":") ? `[${address}]` : address}:${port}`);
}

/** The door as people type it. */
export function friendlyUrl(settings: Pick<Settings, "bind" | "port">): URL {
  const url = baseUrl(settings);
  if (url.hostname === "127.0.0.1") url.hostname = "localhost";
  return url;
}
