import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { paths } from "../lib/paths.ts";
import { mergedEnv } from "./settings.ts";

/** Where systems keep the authorities they trust; a firewall's own is added there by whoever runs the machine. */
const SYSTEM = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/**
 * The file of certificate authorities that builds get as a secret, so that npm works behind a firewall which
 * re-signs TLS: LAB_CA_FILE, NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, else the system's. Undefined when there is none.
 */
export function caBundle(
  env: Record<string, string | undefined> = mergedEnv(),
  exists: (file: string) => boolean = existsSync,
): string | undefined {
  const named = [env.LAB_CA_FILE, env.NODE_EXTRA_CA_CERTS, env.SSL_CERT_FILE].filter((file) => file);
  const absolute = named.map((file) => (isAbsolute(file ?? "") ? file : join(paths.root, file ?? "")));
  return [...absolute, ...SYSTEM].find((file): file is string => file !== undefined && exists(file));
}
