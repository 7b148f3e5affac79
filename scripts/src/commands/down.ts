import { LabError } from "../lib/errors.ts";
import { colour, result } from "../lib/output.ts";
import { steps } from "../lib/progress.ts";
import { defineVerb } from "../lib/verb.ts";
import { engineState } from "../runtime/engine.ts";
import { type Removed, removeLab } from "../runtime/removal.ts";

export default defineVerb({
  meta: {
    name: "down",
    description: "Stop the lab and remove its containers and networks, also after a start that was cut off",
    example: ["npm run lab:down", "npm run lab:down -- --volumes"],
  },
  args: {
    volumes: {
      type: "boolean",
      description: "Also remove the volumes: orders and stock start anew next time",
    },
  },
  async run({ args }) {
    const { facts, next } = await engineState();
    if (facts.answer !== "ok") {
      // Not to be reached is not the same as not running.
      if (next.case === "error" && next.code !== "engine.stopped" && next.code !== "engine.missing")
        throw new LabError(next.message, { code: next.code, hint: next.hint });
      const engine = facts.daemon ? "does not run" : "is not installed";
      result({ engine, containers: [], networks: [], volumes: [] }, () =>
        [
          `The Docker engine ${engine}, so nothing of the lab runs.`,
          ...(facts.daemon
            ? ["What an earlier lab left is removed by the same command once the engine runs."]
            : []),
        ].join("\n"),
      );
      return;
    }
    let removed: Removed = { containers: [], networks: [], volumes: [] };
    await steps([
      {
        title: "Stop and remove",
        run: async (step) => {
          removed = await removeLab({ volumes: Boolean(args.volumes) }, step);
          step.title("Stopped and removed");
        },
      },
    ]);
    result({ engine: "answers", ...removed }, render);
  },
});

function render({ containers, networks, volumes }: Removed): string {
  const lines = Object.entries({ containers, networks, volumes })
    .filter(([, names]) => names.length > 0)
    .map(([kind, names]) => `  ${kind}: ${names.join(", ")}`);
  if (lines.length === 0) return "There was nothing to remove.";
  const kept = volumes.length === 0 ? "The data is kept; npm run lab:down -- --volumes removes it, too." : "";
  return [`${colour.green("✔")} Removed`, ...lines, kept].join("\n");
}
