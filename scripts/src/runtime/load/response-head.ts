import { headers } from "@evenkeel/contracts";

/** Status line and the few headers of an answer that a load looks at. */
export interface ResponseHead {
  status: number;
  /** The connection can carry another request. */
  keepAlive: boolean;
  chunked: boolean;
  /** Bytes of the body; undefined when no header says so. */
  length: number | undefined;
  /** `X-Instance-ID` */
  replica: string | undefined;
  /** `X-Strategy` */
  strategy: string | undefined;
}

/** The answer is not HTTP/1.1, or contradicts itself. */
export class MalformedAnswer extends Error {}

/** Char codes, lower case, of the first letters that the headers of interest begin with. */
const [C, T, X] = ["c", "t", "x"].map((letter) => letter.charCodeAt(0)) as [number, number, number];
const LOWER = 0x20;

/**
 * Reads everything before the empty line of an answer, without that line.
 * @throws MalformedAnswer
 */
export function parseHead(text: string): ResponseHead {
  const status = Number(text.slice(9, 12));
  const after = text.charCodeAt(12);
  const separated = text.length === 12 || after === 0x20 || after === 0x0d;
  if (!/^HTTP\/1\.[01] $/.test(text.slice(0, 9)) || !(status >= 100 && status <= 599) || !separated)
    throw new MalformedAnswer(`An answer began with "${text.slice(0, 20)}".`);
  const head: ResponseHead = {
    status,
    keepAlive: text.charCodeAt(7) === 0x31,
    chunked: false,
    length: undefined,
    replica: undefined,
    strategy: undefined,
  };
  let at = text.indexOf("\r\n");
  while (at >= 0) {
    const start = at + 2;
    at = text.indexOf("\r\n", start);
    // Most headers are none of ours; the first letter says so without a copy.
    const first = text.charCodeAt(start) | LOWER;
    if (first === C || first === T || first === X) take(head, text.slice(start, at < 0 ? undefined : at));
  }
  return head;
}

function take(head: ResponseHead, line: string): void {
  const colon = line.indexOf(":");
  if (colon < 0) throw new MalformedAnswer(`A header of an answer has no colon: "${line}".`);
  const value = () => line.slice(colon + 1).trim();
  switch (line.slice(0, colon).toLowerCase()) {
    case "content-length":
      head.length = contentLength(value(), head.length);
      return;
    case "transfer-encoding":
      head.chunked = /(^|,)\s*chunked$/i.test(value());
      return;
    case "connection":
      for (const token of value().toLowerCase().split(","))
        if (token.trim() === "close") head.keepAlive = false;
        else if (token.trim() === "keep-alive") head.keepAlive = true;
      return;
    case headers.instanceId:
      head.replica = value();
      return;
    case headers.strategy:
      head.strategy = value();
  }
}

/** Several equal lengths are allowed (RFC 9112, 6.3), different ones are an attack or a mistake. */
function contentLength(value: string, before: number | undefined): number {
  const lengths = new Set(value.split(",").map((one) => one.trim()));
  const [text = ""] = lengths;
  const length = Number(text);
  if (lengths.size !== 1 || !/^\d{1,15}$/.test(text) || (before !== undefined && before !== length))
    throw new MalformedAnswer(`An answer has the Content-Length "${value}".`);
  return length;
}
