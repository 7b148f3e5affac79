import { LabError } from "../lib/errors.ts";
import type { Step } from "../lib/progress.ts";
import { compose } from "./compose.ts";
import {
  attachedTo,
  labContainers,
  projectLeftovers,
  remove,
  removeNetwork,
  removeVolume,
} from "./docker.ts";
import { projectName } from "./settings.ts";

export interface Removed {
  containers: string[];
  networks: string[];
  volumes: string[];
}

/**
 * Removes everything of the project that carries its label. Compose does it first, because it stops containers
 * in order and with grace; whatever it leaves, or cannot read, is removed one by one.
 * @throws LabError `down.attached`, exit code 1, when containers of someone else keep a network; the rest is gone.
 */
export async function removeLab(options: { volumes: boolean }, step: Step): Promise<Removed> {
  const project = projectName();
  const before = await everything(project);
  const wanted = options.volumes ? before : { ...before, volumes: [] };
  if (Object.values(wanted).every((names) => names.length === 0)) return wanted;
  try {
    const volumes = options.volumes ? ["--volumes"] : [];
    await compose(["--profile", "*", "down", "--remove-orphans", "--timeout", "15", ...volumes], {
      onLine: (line) => step.progress(line.trim()),
    });
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    step.say("Compose could not do it; removing container by container instead.");
  }
  for (const container of await labContainers({ all: true, project })) await remove(container.id);
  const rest = await projectLeftovers(project);
  const kept = await removeNetworks(rest.networks);
  if (options.volumes) for (const name of rest.volumes) await removeVolume(name);
  if (kept.length > 0) throw stillAttached(kept);
  return wanted;
}

/** A network that could not be removed, and the containers that hang on it. */
interface KeptNetwork {
  network: string;
  containers: string[];
}

const ENGINE = { removeNetwork, attachedTo };

/** Removes networks. @returns those that containers of someone else keep. */
export async function removeNetworks(names: string[], engine = ENGINE): Promise<KeptNetwork[]> {
  const kept: KeptNetwork[] = [];
  for (const network of names) {
    try {
      await engine.removeNetwork(network);
    } catch (error) {
      const containers = await engine.attachedTo(network).catch(() => []);
      if (containers.length === 0) throw error;
      kept.push({ network, containers });
    }
  }
  return kept;
}

/** The error that names who keeps which network. */
export function stillAttached(kept: KeptNetwork[]): LabError {
  const sentences = kept.map(
    ({ network, containers }) =>
      `The network ${network} stays, because containers that are not the lab's hang on it: ${containers.join(", ")}.`,
  );
  const undo = kept.flatMap(({ network, containers }) =>
    containers.map((name) => `docker network disconnect --force ${network} ${name}`),
  );
  return new LabError(`${sentences.join(" ")} Everything else was removed.`, {
    code: "down.attached",
    exitCode: 1,
    hint: `Take them off it, then again npm run lab:down:\n  ${undo.join("\n  ")}`,
  });
}

async function everything(project: string): Promise<Removed> {
  const [containers, rest] = await Promise.all([
    labContainers({ all: true, project }),
    projectLeftovers(project),
  ]);
  return { containers: containers.map(({ name }) => name), ...rest };
}
