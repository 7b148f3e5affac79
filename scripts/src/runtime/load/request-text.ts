import { randomUUID } from "node:crypto";
import { headers as names } from "@evenkeel/contracts";
import { LabError } from "../../lib/errors.ts";
import type { MixEntry } from "./options.ts";

/** What goes over the wire for one kind of request; one character per byte. */
export type RequestText = (id: string) => string;

/** Words that would let a path or a header become something else on the wire. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are refused.
const UNSAFE = /[\u0000-\u001f\u007f]/;

/**
 * Prepares a kind of request, so that only its ids are put in when it is sent.
 * @param host `127.0.0.1:8000`
 * @throws LabError `usage` for what cannot be sent.
 */
export function requestText(entry: MixEntry, host: string, connection: "keep-alive" | "new"): RequestText {
  const lines = [
    `${entry.method} ${entry.path} HTTP/1.1`,
    `Host: ${host}`,
    ...Object.entries(entry.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
    ...(connection === "new" ? ["Connection: close"] : []),
    ...(entry.body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(entry.body)}`]),
    ...(entry.uniqueHeader ? [`${entry.uniqueHeader}: `] : []),
  ];
  if (lines.some((line) => UNSAFE.test(line)) || !/^[A-Z]+ \/\S* HTTP/.test(lines[0] ?? ""))
    throw new LabError(
      `The request "${entry.kind}" cannot be sent: a path begins with "/" and has no blank, and nothing holds a line break.`,
      { code: "usage" },
    );
  const body = Buffer.from(entry.body ?? "").toString("latin1");
  const head = lines.join("\r\n");
  const tail = `\r\n\r\n${body}`;
  return entry.uniqueHeader
    ? (id) => `${head}${randomUUID()}\r\n${names.requestId}: ${id}${tail}`
    : (id) => `${head}\r\n${names.requestId}: ${id}${tail}`;
}
