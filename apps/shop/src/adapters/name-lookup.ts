import { lookup as systemLookup } from "node:dns";
import { Resolver } from "node:dns/promises";
import type { LookupFunction } from "node:net";

/** Milliseconds a name server has; then it is asked once more. */
const TIMEOUT_MS = 500;

/** Looks names up in a way that can be given up. */
export interface NameLookup {
  readonly lookup: LookupFunction;
  /** Fails all look-ups under way. */
  cancel(): void;
}

/**
 * The system's look-up of an absent name takes seconds in a thread of Node's small pool, and Node waits for it
 * when it exits. This one asks the name server directly: it knows DNS names (Docker's among them), addresses and
 * `localhost`, and no other names of the hosts file.
 */
export function nameLookup(): NameLookup {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 2 });
  return {
    lookup: (hostname, options, callback) => {
      if (hostname === "localhost") return systemLookup(hostname, options, callback);
      resolver.resolve4(hostname).then(
        (addresses) => {
          if (options.all) {
            callback(
              null,
              addresses.map((address) => ({ address, family: 4 })),
            );
          } else callback(null, addresses[0] ?? "", 4);
        },
        (error: NodeJS.ErrnoException) => callback(error, []),
      );
    },
    cancel: () => resolver.cancel(),
  };
}
