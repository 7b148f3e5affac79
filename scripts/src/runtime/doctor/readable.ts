import { lstat, readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { paths } from "../../lib/paths.ts";
import { defineExamination, error, type Finding, ok } from "../finding.ts";

/** Folders whose files are read inside containers by users who are not their owner. */
const FOLDERS = [
  "nginx",
  "kafka",
  "monitoring",
  "apps/shop/src",
  "apps/shop/public",
  "apps/contracts/src",
  "apps/kit/src",
  "apps/orders/src",
];
/** "Others" may read a file, and list and enter a folder. */
const [FILE, FOLDER] = [0o004, 0o005];
const NAMED = 3;

export default defineExamination({
  title: "Permissions of mounted files",
  async run({ facts }) {
    // Docker Desktop shows files to containers as their own.
    if (facts.platform !== "linux") return [];
    const closed = (
      await Promise.all(FOLDERS.map((folder) => closedToOthers(join(paths.root, folder))))
    ).flat();
    return [judgeClosed(closed.map((file) => relative(paths.root, file)))];
  },
});

/** Weighs what {@link closedToOthers} found, as paths from the checkout's root. */
export function judgeClosed(closed: string[]): Omit<Finding, "id"> {
  if (closed.length === 0) return ok("Containers can read their files.");
  const more = closed.length > NAMED ? ` and ${closed.length - NAMED} more` : "";
  const folders = [...new Set(closed.map((file) => file.split(/[\\/]/)[0]))];
  return error(
    `Only their owner may read ${closed.slice(0, NAMED).join(", ")}${more} (a clone made with umask 077?); in the containers nginx and the shop run as other users.`,
    `Type: chmod -R go+rX ${folders.join(" ")}`,
  );
}

/** Files and folders below a folder, itself included, that others may not read. */
export async function closedToOthers(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const places = entries.map((entry) => join(entry.parentPath, entry.name)).sort();
  const closed = await Promise.all(
    [folder, ...places].map(async (place) => {
      const stat = await lstat(place);
      const needed = stat.isDirectory() ? FOLDER : stat.isFile() ? FILE : 0;
      return (stat.mode & needed) !== needed;
    }),
  );
  return [folder, ...places].filter((_, i) => closed[i]);
}
