import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { LabError, reason } from "../lib/errors.ts";

const Ids = z.array(z.string());
const Evidence = z.union([
  z.object({ acknowledged: Ids }).transform(({ acknowledged }) => acknowledged),
  z.object({ load: z.object({ acknowledged: Ids }) }).transform(({ load }) => load.acknowledged),
  Ids,
]);

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Order ids that clients were told, from files: evidence of `lab loadtest`, or a list with an id or a JSON
 * document with `orderId` on each line. Names are relative to where the command was typed.
 * @throws LabError `acknowledged.unreadable`, also for a file without a single order.
 */
export async function readAcknowledged(files: string[]): Promise<string[]> {
  const lists = await Promise.all(files.map(readOne));
  return [...new Set(lists.flat())];
}

async function readOne(file: string): Promise<string[]> {
  // npm and bootstrap.mjs change to the checkout; npm remembers where it was called.
  const text = await readFile(resolve(process.env.INIT_CWD ?? process.cwd(), file), "utf8").catch((cause) => {
    throw unreadable(file, `${reason(cause)}.`, cause);
  });
  return acknowledgedIn(text, file);
}

/** The ids in the text of one file. @throws LabError `acknowledged.unreadable` naming the file. */
export function acknowledgedIn(text: string, file: string): string[] {
  const document = json(text);
  if (typeof document === "object" && document !== null && !("orderId" in document)) {
    const { data } = Evidence.safeParse(document);
    if (!data) throw unreadable(file, 'It is JSON without a list "load.acknowledged" or "acknowledged".');
    // Of none it is true that all are there, and that would look like a proof.
    if (data.length === 0) throw unreadable(file, "It holds no purchase that was acknowledged.");
    return checked(data, file);
  }
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (lines.length === 0) throw unreadable(file, "It is empty.");
  return checked(lines.map(idOf), file);
}

function idOf(line: string): string {
  const value = json(line);
  if (typeof value === "string") return value;
  return (value as { orderId?: string } | null | undefined)?.orderId ?? line;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A plain list of ids is no JSON.
    return undefined;
  }
}

function checked(ids: string[], file: string): string[] {
  const wrong = ids.find((id) => !ID.test(id));
  if (wrong !== undefined) throw unreadable(file, `"${wrong.slice(0, 80)}" is no order id.`);
  return ids;
}

const unreadable = (file: string, why: string, cause?: unknown) =>
  new LabError(`The acknowledged orders in ${file} cannot be read. ${why}`, {
    code: "acknowledged.unreadable",
    hint: "Give the evidence of a load test with POST /purchase in its --mix, or a file with one order id per line.",
    cause,
  });
