import type { Request, Response } from "express";

/** Sends a body that was prepared at the start, or 304 when the client already has it. */
export function sendPrepared(
  req: Request,
  res: Response,
  { body, type, etag }: { readonly body: Buffer; readonly type: string; readonly etag: string },
  cacheControl: string,
): void {
  res.setHeader("ETag", etag);
  res.setHeader("Cache-Control", cacheControl);
  const known = req.headers["if-none-match"];
  if (known !== undefined && isKnown(known, etag)) {
    res.statusCode = 304;
    res.end();
    return;
  }
  res.setHeader("Content-Type", type);
  res.setHeader("Content-Length", body.length);
  res.end(body);
}

/** Weak comparison as RFC 9110 wants it for If-None-Match; a balancer that compresses weakens the tag. */
function isKnown(list: string, etag: string): boolean {
  if (list === etag || list === "*") return true;
  return list.split(",").some((item) => item.trim().replace(/^W\//, "") === etag);
}
