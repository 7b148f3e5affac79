import { headers } from "@evenkeel/contracts";
import { LabError } from "../lib/errors.ts";
import { nearest } from "../lib/nearest.ts";
import type { MixEntry } from "../runtime/load/open-loop.ts";

/** One kind of request as typed: `GET /products=8`. */
export interface MixShare {
  /** Method and path, "GET /products". */
  kind: string;
  method: string;
  path: string;
  weight: number;
}

export const DEFAULT_MIX = "GET /products=8,GET /stock=2";
const METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD"];
/**
 * Routes that the lab's own probes and scrapes ask for from inside, past the door. They are left out of what the
 * replicas count, so a load on them could not be judged.
 */
export const PROBED = ["/status", "/metrics"];
/** What the shop lets one write to, and what it wants to be told. */
const WRITES = ["POST /purchase", "PUT /cart"];

/** @throws LabError `usage` as a full sentence, with the nearest word where one was mistyped. */
export function parseMix(text: string): MixShare[] {
  const shares = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(parseShare);
  if (shares.length === 0) throw usage("--mix names no request.");
  const twice = shares.find(({ kind }, i) => shares.findIndex((one) => one.kind === kind) !== i);
  if (twice) throw usage(`--mix names "${twice.kind}" twice.`);
  return shares;
}

function parseShare(part: string): MixShare {
  // The last "=" is before the weight; one in a query ("?page=2") is not.
  const [, method = "", path = "", weightText] = /^(\S+)\s+(\S+?)(?:=([^=&]*))?$/.exec(part) ?? [];
  if (!path) throw usage(`"${part}" in --mix is not a method, a path and a weight.`);
  const verb = method.toUpperCase();
  if (!METHODS.includes(verb))
    throw usage(`"${method}" in --mix is no method; the nearest is "${nearest(method, METHODS)[0]}".`);
  if (!path.startsWith("/")) throw usage(`The path "${path}" in --mix must begin with "/".`);
  if (/[^\x21-\x7e]/.test(path))
    throw usage(`The path "${path}" in --mix must be ASCII; encode the rest as %20.`);
  // The shop minds neither case nor a slash behind.
  const route = path.replace(/\/*(\?.*)?$/, "").toLowerCase();
  if (PROBED.includes(route))
    throw usage(
      `The load cannot be sent to "${path}": the lab's own probes ask there, too, and nobody could tell them apart.`,
    );
  const weight = weightText === undefined ? 1 : Number(weightText || Number.NaN);
  if (!(weight > 0 && weight <= 1_000_000))
    throw usage(`The weight of "${verb} ${path}" in --mix must be a number above 0, not "${weightText}".`);
  const kind = `${verb} ${path}`;
  if (verb !== "GET" && verb !== "HEAD" && !WRITES.includes(kind))
    throw usage(`The load cannot send "${kind}"; the nearest it can is "${nearest(kind, WRITES)[0]}".`);
  return { kind, method: verb, path, weight };
}

const usage = (message: string) =>
  new LabError(message, {
    code: "usage",
    hint: `Write it like --mix "${DEFAULT_MIX},POST /purchase=1": a method, a path, "=", a weight.`,
  });

/**
 * The requests of a mix. A write goes to every product in turn of chance, each with the same weight, so that the
 * stock of one alone is not what limits the load.
 * @param products Ids that may be bought.
 */
export function mixEntries(shares: MixShare[], products: string[]): MixEntry[] {
  return shares.flatMap(({ kind, method, path, weight }): MixEntry[] => {
    if (!WRITES.includes(kind)) return [{ kind, method, path, weight }];
    return products.map((productId) => ({
      kind,
      method,
      path,
      weight: weight / products.length,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ productId, quantity: 1 }),
      ...(method === "POST" ? { uniqueHeader: headers.idempotencyKey } : {}),
    }));
  });
}
