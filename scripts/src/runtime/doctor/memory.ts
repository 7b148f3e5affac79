import { readFile } from "node:fs/promises";
import { bytes } from "../../lib/output.ts";
import { engineInfo, labContainers } from "../docker.ts";
import { defineExamination, type Finding, ok, warning } from "../finding.ts";

/** The complete lab takes about 1 GiB, and a load test wants room beside it. */
const NEEDED = 2 * 1024 ** 3;

export default defineExamination({
  title: "Memory",
  async run({ engineAnswers, facts }) {
    if (engineAnswers && (await labContainers()).length > 0)
      return [ok("The lab runs, so it has the memory it needs.")];
    // Docker Desktop's engine lives in a virtual machine: what counts is the memory of that.
    const local = facts.platform === "linux" && facts.chosenBy !== "DOCKER_HOST";
    if (local) return [judgeMemory(availableIn(await readFile("/proc/meminfo", "utf8")), "is free")];
    return engineAnswers ? [judgeMemory((await engineInfo()).memory, "is what the Docker engine has")] : [];
  },
});

/** Bytes that programs can still get, in the text of /proc/meminfo. */
export function availableIn(meminfo: string): number {
  return Number(/^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1] ?? 0) * 1024;
}

export function judgeMemory(available: number, verb: string): Omit<Finding, "id"> {
  if (available >= NEEDED) return ok(`${bytes(available)} of memory ${verb}.`);
  return warning(
    `Only ${bytes(available)} of memory ${verb}; the lab wants ${bytes(NEEDED)}.`,
    "End other programs, give Docker Desktop more memory, or run less: LAB_REPLICAS=1, or the core alone with COMPOSE_PROFILES= in .env.",
  );
}
