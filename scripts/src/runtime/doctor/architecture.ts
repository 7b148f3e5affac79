import { engineInfo } from "../docker.ts";
import { defineExamination, type Finding, ok, warning } from "../finding.ts";

const TRIED: Record<string, string> = { x86_64: "x64", amd64: "x64", aarch64: "arm64", arm64: "arm64" };

export default defineExamination({
  title: "Processor architecture",
  async run({ engineAnswers }) {
    return engineAnswers ? [judgeArchitecture((await engineInfo()).architecture, process.arch)] : [];
  },
});

export function judgeArchitecture(engine: string, own: string): Omit<Finding, "id"> {
  const family = TRIED[engine];
  if (!family)
    return warning(
      `The lab was never tried on ${engine}.`,
      "Official images may be missing; see npm run lab:images.",
    );
  if (family !== own)
    return warning(
      `The Docker engine is ${engine}, this Node is ${own}: one of them is emulated, so figures mean little.`,
      "Install the Node (or Docker Desktop) that is made for this machine.",
    );
  return ok(`The processor is ${engine}.`);
}
