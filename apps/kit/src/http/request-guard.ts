import type { RequestHandler } from "express";
import { HttpError } from "./problem.ts";

/** Refuses what HTTP/1.1 itself forbids and Express would let through or answer in its own words. */
export const requestGuard: RequestHandler = (req, _res, next) => {
  if (req.headers.host === undefined && req.httpVersion === "1.1") {
    return next(new HttpError(400, "request.host", "An HTTP/1.1 request needs a Host header."));
  }
  if (req.url.includes("%") && !isDecodable(req.url)) {
    return next(
      new HttpError(400, "request.encoding", "The address has a % that begins no valid UTF-8 byte."),
    );
  }
  next();
};

function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}
