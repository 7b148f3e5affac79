import { checkInstruments, type InstrumentsResult } from "../lab/instruments.ts";
import type { Figure } from "../lab/instruments-judge.ts";
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

/** What the two shares should be; the other figures are times. */
const SHARES: Partial<Record<Figure["name"], string>> = {
  "sent/scheduled": "≥ 0.999",
  "recorded/served": "1",
};

function render({ pass, figures, server, repeats }: InstrumentsResult): string {
  const rows = figures.map(({ ok, generator, situation, name, expected, between, measured }) => {
    const head = [ok ? colour.green("✔") : colour.red("✖"), situation, generator, name];
    const share = SHARES[name];
    if (share !== undefined) return [...head, share, measured.toFixed(4), ""];
    const off = `${(100 * (measured / expected - 1)).toFixed(1)} %`;
    const truth = (between ?? [expected]).map((value) => value.toFixed(1)).join("–");
    return [...head, `${truth} ms`, `${measured.toFixed(1)} ms`, off];
  });
  const late = Math.max(...Object.values(server).map(({ p99 }) => p99));
  return [
    table(["", "server takes", "generator", "figure", "true", "measured", "off by"], rows),
    `True is what the server's own record says of the same requests; it was at most ${late.toFixed(2)} ms late itself (p99).`,
    ...repeats,
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
