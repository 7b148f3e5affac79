import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { committedQuestions, type Question } from "../../src/dashboards/parts/questions.ts";
import { type Unanswered, unanswered } from "../../src/dashboards/parts/unanswered.ts";
import { writeAtomically } from "../../src/lib/atomic-file.ts";
import { note } from "../../src/lib/output.ts";
import { paths } from "../../src/lib/paths.ts";
import { waitUntil } from "../../src/lib/wait-until.ts";
import { recordLabEvent } from "../../src/runtime/lab-events.ts";
import { settings } from "../../src/runtime/settings.ts";
import { runTraffic, type TrafficTotals } from "../../src/runtime/traffic.ts";
import { prometheusUrl } from "../../src/runtime/urls.ts";
import { prometheusAnswers } from "../support/prometheus-answers.ts";
import { door, labOk } from "./harness.ts";

/** Seconds of the past that are looked at: long enough for a rate over five scrapes of an exporter. */
const RANGE = 120;
const SEED = 20_26;

const prometheus = prometheusAnswers(prometheusUrl(settings()), RANGE);
const questions = await committedQuestions(RANGE);

/** Asks until everything has an answer; what has none after the deadline is what the test is about. */
async function stillEmpty(asked: Question[], deadlineMs: number): Promise<Unanswered[]> {
  let left = asked;
  let found: Unanswered[] = [];
  await waitUntil(
    "an answer to every question",
    async () => {
      found = await unanswered(left, prometheus);
      left = left.filter(({ place, expr }) => found.some((one) => one.place === place && one.expr === expr));
      return found.length === 0;
    },
    { deadlineMs, intervalMs: 1000 },
  ).catch((error: unknown) => {
    if (found.length === 0) throw error;
  });
  return found;
}

describe("the dashboards, asked of the real Prometheus", () => {
  const traffic = new AbortController();
  let running: Promise<TrafficTotals> | undefined;
  /** The user's own marks, which must not keep a fault that was none. */
  let usersMarks: string | undefined;

  beforeAll(async () => {
    await labOk("up");
    await labOk("reset");
    usersMarks = await readFile(paths.labMetrics, "utf8");
    running = runTraffic({
      url: door,
      rate: 40,
      durationSeconds: 600,
      streams: 4,
      seed: SEED,
      signal: traffic.signal,
    });
    // Awaited at the end; without this a failure on the way would be called unhandled.
    running.catch(() => undefined);
  });

  afterAll(async () => {
    traffic.abort();
    // A traffic that failed has made a test red already; the lab must be put in order all the same.
    await running?.catch(() => undefined);
    await labOk("up");
    await labOk("reset");
    // node-exporter is another user in its container and must be able to read it.
    if (usersMarks !== undefined) await writeAtomically(paths.labMetrics, usersMarks, 0o644);
  });

  it("have data in every panel under traffic", async () => {
    const cadvisor = await prometheus.values({ expr: 'up{job="cadvisor"}', instant: true, stepSeconds: 5 });
    const panels = questions.filter(({ kind }) => kind === "panel");
    const possible = panels.filter(({ needs }) => needs !== "cadvisor" || cadvisor.length > 0);
    const left = panels.filter((one) => !possible.includes(one)).map(({ place }) => place);
    if (left.length > 0) note(`Not asked, because cAdvisor does not run here: ${left.join("; ")}.`);
    expect(await stillEmpty(possible, 120_000)).toEqual([]);
  });

  it("would be noticed with one misspelt metric", async () => {
    const [good] = questions.filter(({ expr }) => expr === "lab:http_requests:rate10s");
    if (!good) throw new Error("No panel asks for the rate any more; choose another one to misspell.");
    const [found] = await unanswered([{ ...good, expr: "lab:http_request:rate10s" }], prometheus);
    expect(found?.why).toBe("Prometheus has never heard of lab:http_request:rate10s.");
  });

  it("mark what was done through the command line, at the time when it was done", async () => {
    const before = Date.now();
    await labOk("scale", ["3"]);
    await labOk("strategy", ["least-conn"]);
    await labOk("reset");
    await labOk("up", ["--replicas", "3"]);
    await recordLabEvent("fault", 'killed "app 1"');
    const annotations = questions.filter(({ kind }) => kind === "annotation");
    expect(await stillEmpty(annotations, 60_000)).toEqual([]);

    const [scale] = annotations.filter(({ expr }) => expr.includes('kind="scale"'));
    if (!scale) throw new Error("No dashboard marks a change of the number of replicas.");
    const mark = await waitUntil(
      "the mark of this change",
      async () =>
        (await prometheus.series(scale))
          .map(({ metric, values = [] }) => ({ detail: metric.detail, at: Number(values.at(-1)?.[1]) }))
          .find(({ detail, at }) => detail === "2 → 3" && at >= before),
      { deadlineMs: 20_000 },
    );
    expect(mark.at).toBeLessThan(Date.now());
    const wanted = { expr: "lab_replicas_wanted", instant: true, stepSeconds: 5 };
    await waitUntil("the number of wanted replicas", async () => (await prometheus.values(wanted))[0] === 3, {
      deadlineMs: 20_000,
    });
  });
});
