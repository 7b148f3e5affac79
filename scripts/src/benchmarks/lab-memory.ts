import { defineBenchmark } from "../lab/benchmark.ts";
import { LabError } from "../lib/errors.ts";
import { labContainers, stats } from "../runtime/docker.ts";

export default defineBenchmark({
  summary: "Memory of the running lab",
  async run() {
    const containers = (await labContainers()).filter(({ state }) => state === "running");
    if (containers.length === 0)
      throw new LabError("The lab does not run, so its memory cannot be measured.", {
        code: "lab.down",
        hint: "Start it with: npm run lab:up",
      });
    const used = await Promise.all(
      containers.map(async ({ id, name }) => ({ name, mib: (await stats(id)).memory / 2 ** 20 })),
    );
    return [
      {
        name: "memory of all containers",
        value: used.reduce((sum, { mib }) => sum + mib, 0),
        unit: "MiB",
        goal: { atMost: 2048 },
        detail: used.map(({ name, mib }) => `${name} ${mib.toFixed(0)}`).join(", "),
      },
    ];
  },
});
