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
  /** Build recipes for machines that reach no image registry. */
  recipes: join(root, "scripts", "images"),
  nginxStrategies: join(root, "nginx", "strategies"),
} as const;
