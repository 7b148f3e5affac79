import { randomUUID } from "node:crypto";
import { headers } from "@evenkeel/contracts";
import type { RequestHandler } from "express";

declare global {
  namespace Express {
    interface Locals {
      requestId: string;
    }
  }
}

const WELL_FORMED = /^[\w.:-]{1,128}$/;

export interface IdentityDeps {
  readonly instanceId: string;
  readonly backend: string;
  readonly lifecycle: { readonly draining: boolean };
}

/**
 * Signs every answer with the replica that gave it and the request it belongs to. A draining replica also
 * asks its clients (the balancer) to let the connection go.
 */
export function identity({ instanceId, backend, lifecycle }: IdentityDeps): RequestHandler {
  return (req, res, next) => {
    const given = req.headers[headers.requestId];
    const requestId = typeof given === "string" && WELL_FORMED.test(given) ? given : randomUUID();
    res.locals.requestId = requestId;
    res.setHeader("X-Instance-ID", instanceId);
    res.setHeader("X-Backend", backend);
    res.setHeader("X-Request-ID", requestId);
    if (lifecycle.draining) res.setHeader("Connection", "close");
    next();
  };
}
