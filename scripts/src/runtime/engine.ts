import { LabError } from "../lib/errors.ts";
import type { Step } from "../lib/progress.ts";
import { aptCandidates, aptInstall, aptUpdate } from "./engine/apt.ts";
import { decide, type EngineCase, type EngineFacts, PACKAGES } from "./engine/decide.ts";
import { gatherFacts } from "./engine/facts.ts";
import { installPlugins } from "./engine/plugins.ts";
import { startEngine } from "./engine/start.ts";

/** Install, start, plug-ins: each helps once; more rounds mean that one of them does not. */
const ROUNDS = 4;

/**
 * Makes sure that an engine with Compose 2 and buildx answers; starts or installs it where that is possible.
 * @throws LabError `engine.*` whose message names the case and whose hint says what to type.
 */
export async function ensureEngine(step: Step): Promise<EngineFacts> {
  let before: EngineCase["case"] | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const facts = await gatherFacts();
    const next = decide(facts);
    if (next.case === "ready") {
      step.title(`Docker engine answers, Compose ${facts.compose}, buildx ${facts.buildx}`);
      return facts;
    }
    if (next.case === "error") throw new LabError(next.message, { code: next.code, hint: next.hint });
    if (next.case === before)
      throw new LabError(
        `The step "${next.case}" ended without an error, yet did not help: ${facts.reason}`,
        {
          code: "engine.stuck",
          hint: "See what the engine says with: docker version",
        },
      );
    before = next.case;
    if (next.case === "start") await startEngine(next.how, step);
    if (next.case === "install") await installEngine(step);
    if (next.case === "plugins") await installPlugins(next.missing, facts, step);
  }
  throw new LabError("The Docker engine could not be made ready.", { code: "engine.stuck" });
}

/** What the machine would need, without changing anything; for doctor, status and down. */
export async function engineState(): Promise<{ facts: EngineFacts; next: EngineCase }> {
  const facts = await gatherFacts();
  return { facts, next: decide(facts) };
}

async function installEngine(step: Step): Promise<void> {
  step.say(
    "There is no Docker engine: installing it from this system's packages (LAB_INSTALL=no forbids that).",
  );
  await aptUpdate(step.progress);
  const candidates = await aptCandidates([...PACKAGES]);
  // Newer suites keep the docker command in a package of its own; older ones have it in docker.io.
  const names = PACKAGES.filter((name) => candidates.get(name));
  step.say(`Installing ${names.join(", ")}.`);
  await aptInstall(names, step.progress);
}
