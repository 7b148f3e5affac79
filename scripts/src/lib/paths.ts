import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");

/** Absolute paths of the checkout. */
export const paths = {
  root,
  composeFile: join(root, "docker-compose.yml"),
  env: join(root, ".env"),
  envExample: join(root, ".env.example"),
  /** What the lab writes for itself; ignored by git, may be deleted at any time. */
  lab: join(root, ".lab"),
  logs: join(root, ".lab", "logs"),
  /** Records and reports of what was measured; ignored by git. */
  evidence: join(root, "evidence"),
  /** Build recipes for machines that reach no image registry. */
  recipes: join(root, "scripts", "images"),
  /** Colours, fonts and sizes of everything with a face. */
  tokens: join(root, "apps", "shop", "public", "tokens.css"),
  nginxStrategies: join(root, "nginx", "strategies"),
  /** What the command line tells Prometheus; node-exporter reads it (textfile collector). */
  labMetrics: join(root, "monitoring", "textfile", "lab.prom"),
} as const;
