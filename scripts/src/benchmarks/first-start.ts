import { defineBenchmark } from "../lab/benchmark.ts";
import { firstStart } from "../lab/first-start.ts";

export default defineBenchmark({
  summary: "Bare clone to first answer, as noted by this clone's first lab up",
  async run({ say }) {
    const first = firstStart();
    if (!first) {
      say("Not measured: the first command in this clone was not lab up.");
      return [];
    }
    return [
      {
        name: "bare clone to first answer",
        value: first.seconds,
        unit: "s",
        goal: { atMost: 300 },
        detail: `on ${first.at.slice(0, 10)}, with ${first.images.join(", ")}`,
      },
    ];
  },
});
