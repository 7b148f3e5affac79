import { Resolver } from "node:dns/promises";
import { networkInterfaces } from "node:os";
import { setTimeout as wait } from "node:timers/promises";

const MAX_ORDINAL = 64;
/** Docker registers a container's name a moment after its start. */
const DEADLINE_MS = 10_000;
const ATTEMPT_MS = 1000;
const PAUSE_MS = 100;

/** Who this replica is, the same in header, log, metric and `docker compose ps`. */
export interface Identity {
  readonly instanceId: string;
  /** `<container name>:<port>` for the header X-Backend. */
  readonly backend: string;
}

export interface IdentitySource {
  readonly instanceId: string | undefined;
  readonly instancePrefix: string | undefined;
  readonly port: number;
}

/** What this machine knows of names and addresses; replaced in tests. */
export interface Network {
  /** Addresses of a name; rejects when there is no such name. */
  resolve(name: string): Promise<string[]>;
  ownAddresses(): string[];
  /** Gives up what is still being resolved. */
  cancel?(): void;
}

/**
 * The configured id, else the replica's ordinal found by name, else "0". Rejects after `deadlineMs` when
 * a prefix is configured and no name with it leads to this container.
 */
export async function findIdentity(
  { instanceId, instancePrefix, port }: IdentitySource,
  network: () => Network = dockerNetwork,
  deadlineMs = DEADLINE_MS,
): Promise<Identity> {
  if (instanceId !== undefined) {
    return { instanceId, backend: `${instancePrefix ?? ""}${instanceId}:${port}` };
  }
  if (instancePrefix === undefined) return { instanceId: "0", backend: `localhost:${port}` };
  const start = performance.now();
  while (performance.now() - start < deadlineMs) {
    const ordinal = await findOrdinal(instancePrefix, network());
    if (ordinal !== undefined) {
      return { instanceId: String(ordinal), backend: `${instancePrefix}${ordinal}:${port}` };
    }
    await wait(PAUSE_MS);
  }
  throw new Error(
    `None of the names ${instancePrefix}1 to ${instancePrefix}${MAX_ORDINAL} led to this container within ` +
      `${deadlineMs / 1000} seconds. Set INSTANCE_PREFIX to the container's name without its number, or set INSTANCE_ID.`,
  );
}

/** Docker's DNS has no useful reverse names: ask for all names forward and look for the own address. */
async function findOrdinal(prefix: string, network: Network): Promise<number | undefined> {
  const own = new Set(network.ownAddresses());
  const isOwn = async (ordinal: number) => {
    const addresses = await network.resolve(`${prefix}${ordinal}`);
    if (addresses.some((address) => own.has(address))) return ordinal;
    throw new Error(`${prefix}${ordinal} is another container.`);
  };
  const ordinals = Array.from({ length: MAX_ORDINAL }, (_, index) => index + 1);
  try {
    return await Promise.any(ordinals.map(isOwn));
  } catch {
    return undefined;
  } finally {
    network.cancel?.();
  }
}

function dockerNetwork(): Network {
  const resolver = new Resolver({ timeout: ATTEMPT_MS, tries: 1 });
  return {
    resolve: (name) => resolver.resolve4(name),
    ownAddresses: () =>
      Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)),
    cancel: () => resolver.cancel(),
  };
}
