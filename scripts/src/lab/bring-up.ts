import { LabError } from "../lib/errors.ts";
import type { StepTask } from "../lib/progress.ts";
import { buildApps } from "../runtime/app-images.ts";
import { type LabContainer, labContainers } from "../runtime/docker.ts";
import { diagnose } from "../runtime/doctor.ts";
import { waitForDoor } from "../runtime/door.ts";
import { reloadEdited } from "../runtime/edited-config.ts";
import { engineState, ensureEngine } from "../runtime/engine.ts";
import type { Finding } from "../runtime/finding.ts";
import { waitForHealth } from "../runtime/health.ts";
import { ensureImages, type ImageReport } from "../runtime/images.ts";
import { startContainers } from "../runtime/lab.ts";
import type { Settings } from "../runtime/settings.ts";
import { ensureStrategy } from "../runtime/strategy.ts";
import { strategyIds, unknownStrategy } from "../runtime/strategy-files.ts";
import { waitUntilAllAnswer } from "./answering.ts";

/** What `up` leaves behind for its report. */
export interface BroughtUp {
  images: ImageReport[];
  /** What ran before this `up` touched it. */
  before: LabContainer[];
  containers: LabContainer[];
  /** Findings of doctor that are not "ok". */
  findings: Finding[];
}

/**
 * The steps from whatever state this machine is in to a lab that answers. Each can be interrupted and repeated.
 * @throws LabError of the step that failed; `doctor.blocked` when doctor found an error.
 */
export function bringUp(settings: Settings, signal: AbortSignal, up: BroughtUp, doctor: boolean): StepTask[] {
  return [
    {
      title: "Docker engine",
      run: async (step) => {
        if (!strategyIds().includes(settings.strategy)) throw unknownStrategy(settings.strategy);
        const state = await engineState();
        if (doctor) up.findings.push(...examined(await diagnose(state)));
        if (state.next.case === "ready")
          return step.title("The Docker engine answers, nothing is in the way");
        await ensureEngine(step);
        // Only now can doctor look at the engine's containers, ports and disk.
        if (doctor) up.findings.splice(0, Infinity, ...examined(await diagnose()));
      },
    },
    { title: "Images", run: async (step) => void up.images.push(...(await ensureImages(step))) },
    {
      title: "The apps' images",
      run: (step) => {
        const node = up.images.find(({ variable }) => variable === "NODE_IMAGE");
        return buildApps(node?.ref ?? "", step);
      },
    },
    {
      title: "Containers",
      run: async (step) => {
        up.before.push(...(await labContainers()));
        await startContainers(settings, step);
      },
    },
    {
      title: "Health",
      run: async (step) => {
        up.containers.push(...(await waitForHealth(signal, step)));
        step.title(`All ${up.containers.length} containers are ready`);
      },
    },
    {
      title: "The door",
      run: async (step) => {
        await waitForDoor(settings, signal, step);
        await ensureStrategy(settings);
        const told = await reloadEdited();
        if (told.length > 0) step.say(`Edited configuration was read again by ${told.join(", ")}.`);
        const replicas = up.containers.filter(({ service }) => service === "app");
        await waitUntilAllAnswer(replicas, settings.strategy, settings, signal, step);
        step.title(`The door answers, strategy ${settings.strategy}`);
      },
    },
  ];
}

/** Lets warnings pass. @throws LabError `doctor.blocked` with each error and its fix. */
function examined(findings: Finding[]): Finding[] {
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length > 0)
    throw new LabError(errors.map(({ what }) => what).join("\n"), {
      code: "doctor.blocked",
      exitCode: 1,
      hint: `${errors.map(({ fix }) => fix).join("\n  ")}\n  To try all the same: npm run lab:up -- --no-doctor`,
    });
  return findings.filter(({ severity }) => severity === "warning");
}
