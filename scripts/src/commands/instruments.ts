import { checkInstruments, type Figure, type InstrumentsResult } from "../lab/instruments.ts";
import { colour, result, table } from "../lib/output.ts";
import { steps } from "../lib/progress.ts";
import { defineVerb } from "../lib/verb.ts";

export default defineVerb({
  meta: {
    name: "instruments",
    description:
      "Prove both load generators on a server of known latency and across a known stall (exit code 0 right, 1 wrong, 2 not measured); needs no lab",
    example: ["npm run lab:instruments", "npm run lab:instruments -- --json"],
  },
  async run({ signal }) {
    let checked: InstrumentsResult | undefined;
    await steps([
      {
        title: "Both generators against a server of known latency",
        run: async (step) => {
          checked = await checkInstruments({ signal, onStep: step.say });
        },
      },
    ]);
    if (!checked) return 2;
    result(checked, render);
    return checked.pass ? 0 : 1;
  },
});

function render({ pass, figures, server }: InstrumentsResult): string {
  const rows = figures.map(({ ok, generator, situation, name, expected, measured }) => [
    ok ? colour.green("✔") : colour.red("✖"),
    situation,
    generator,
    name,
    name === "sent/scheduled" ? "≥ 0.999" : `${expected.toFixed(1)} ms`,
    name === "sent/scheduled" ? measured.toFixed(4) : `${measured.toFixed(1)} ms`,
    name === "sent/scheduled" ? "" : `${(100 * (measured / expected - 1)).toFixed(1)} %`,
  ]);
  const late = Math.max(...Object.values(server).map(({ p99 }) => p99));
  return [
    table(["", "server takes", "generator", "figure", "analytic", "measured", "off by"], rows),
    `The server itself was at most ${late.toFixed(2)} ms late (p99).`,
    ...lesson(figures),
    pass
      ? colour.green("PASS: both generators measure what is there, within 5 %.")
      : colour.red("FAIL: a generator says something else than what is there."),
  ].join("\n");
}

/** Why the same stall gives two p99, both measured right. */
function lesson(figures: Figure[]): string[] {
  const p99 = (generator: string) =>
    figures.findLast((figure) => figure.generator === generator && figure.name === "p99")?.measured ?? 0;
  return [
    `The same stall, two answers: the closed loop says p99 = ${p99("closed loop").toFixed(0)} ms, because while nobody answers it does not ask;`,
    `one user in a hundred who come at their own time waits ${p99("open loop").toFixed(0)} ms or more (coordinated omission).`,
  ];
}
