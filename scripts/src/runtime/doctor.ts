import { loadCatalogue } from "../lib/catalogue.ts";
import { reason } from "../lib/errors.ts";
import { engineState } from "./engine.ts";
import type { DoctorContext, Examination, Finding } from "./finding.ts";
import { mergedEnv, parseSettings, type Settings } from "./settings.ts";

const FOLDER = new URL("doctor/", import.meta.url);

function check(exported: unknown): Examination {
  const examination = exported as Partial<Examination> | undefined;
  if (typeof examination?.run !== "function" || !examination.title)
    throw new Error("its default export is not a defineExamination(…).");
  return examination as Examination;
}

/** Looks at this machine and at what the lab left on it. */
export async function diagnose(state?: Pick<DoctorContext, "facts" | "next">): Promise<Finding[]> {
  const { facts, next } = state ?? (await engineState());
  const env = mergedEnv();
  const context: DoctorContext = {
    env,
    settings: valid(env),
    facts,
    next,
    engineAnswers: facts.answer === "ok",
  };
  const examinations = await loadCatalogue(FOLDER, check, "examination");
  const found = await Promise.all([...examinations].map(([id, one]) => examine(id, one, context)));
  const weight = { error: 0, warning: 1, ok: 2 };
  return found.flat().sort((a, b) => weight[a.severity] - weight[b.severity]);
}

function valid(env: Record<string, string>): Settings | undefined {
  try {
    return parseSettings(env);
  } catch {
    // env.ts tells what is wrong.
    return undefined;
  }
}

/** An examination that fails says so and spoils no other. */
async function examine(id: string, { title, run }: Examination, context: DoctorContext): Promise<Finding[]> {
  try {
    return (await run(context)).map((finding) => ({ id, ...finding }));
  } catch (cause) {
    const what = `${title} could not be looked at: ${reason(cause)}`;
    return [{ id, severity: "warning", what, fix: "The lab may run all the same; tell us if it does not." }];
  }
}
