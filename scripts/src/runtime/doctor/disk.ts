import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { bytes } from "../../lib/output.ts";
import { engineInfo } from "../docker.ts";
import { defineExamination, error, type Finding, ok, warning } from "../finding.ts";

const NEEDED = 5 * 1024 ** 3;
/** Below this not even the images fit. */
const LEAST = 0.75 * 1024 ** 3;

export default defineExamination({
  title: "Disk space",
  async run({ engineAnswers, facts }) {
    if (facts.platform !== "linux") return [];
    const root = engineAnswers ? (await engineInfo()).root : "/var/lib";
    // A remote engine's disk cannot be seen from here.
    if (!existsSync(root)) return [];
    const { bavail, bsize } = await statfs(root);
    return [judgeDisk(bavail * bsize, root)];
  },
});

export function judgeDisk(free: number, where: string): Omit<Finding, "id"> {
  if (free >= NEEDED) return ok(`${bytes(free)} of disk are free where images live (${where}).`);
  const what = `Only ${bytes(free)} of disk are free in ${where}; the lab wants ${bytes(NEEDED)} for images and builds.`;
  const fix = "Make room, for instance with: docker system prune";
  return free < LEAST ? error(what, fix) : warning(what, fix);
}
