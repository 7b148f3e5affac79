import { describe, expect, it } from "vitest";
import { render } from "../../src/commands/top.ts";
import { type ContainerReading, readApp } from "../../src/lab/top-reading.ts";
import { sampleBetween } from "../../src/lab/top-sample.ts";
import { histogramQuantile } from "../../src/lib/histogram-quantile.ts";
import { seriesIn } from "../../src/runtime/exposition.ts";

/** What a replica says after so many GETs of 4 ms each, and as many questions of those who watch. */
function exposition({ requests = 0, startedAt = 1, more = "" }): string {
  const histogram = (route: string, count: number) => `
http_request_duration_seconds_bucket{le="0.0025",instance_id="1",method="GET",route="${route}",status="200"} 0
http_request_duration_seconds_bucket{le="0.005",instance_id="1",method="GET",route="${route}",status="200"} ${count}
http_request_duration_seconds_bucket{le="+Inf",instance_id="1",method="GET",route="${route}",status="200"} ${count}
http_request_duration_seconds_count{instance_id="1",method="GET",route="${route}",status="200"} ${count}`;
  const watchers = ["/health", "/status", "/metrics"].map((route) => histogram(route, 1000));
  return `# HELP open_streams Event streams open now.
process_start_time_seconds{instance_id="1"} ${startedAt}
open_streams{instance_id="1"} 3
${histogram("/products", requests)}${watchers.join("")}
${more}`;
}

interface Moment {
  seconds: number;
  requests?: number;
  startedAt?: number;
  cpuSeconds?: number;
  more?: string;
}

const app = (
  id: string,
  { seconds, requests, startedAt, cpuSeconds = 0, more }: Moment,
): ContainerReading => ({
  id,
  name: `lab-app-${id}`,
  service: "app",
  ordinal: Number(id.slice(0, 1)),
  state: "running",
  usage: { memory: 1024, memoryLimit: 2048, cpuNanoseconds: cpuSeconds * 1e9, readAt: seconds * 1000 },
  app: readApp(
    exposition({
      ...(requests === undefined ? {} : { requests }),
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(more === undefined ? {} : { more }),
    }),
    seconds * 1000,
  ),
});

describe("one interval of the lab", () => {
  it("gives each replica's rate, share, p99, CPU, memory and streams", () => {
    const before = [app("1", { seconds: 0 }), app("2", { seconds: 0, requests: 500, cpuSeconds: 7 })];
    const now = [
      app("1", { seconds: 2, requests: 60, cpuSeconds: 0.5 }),
      app("2", { seconds: 2, requests: 520, cpuSeconds: 10 }),
    ];
    const sample = sampleBetween(before, now);
    expect(sample.requestsPerSecond).toBe(40);
    expect(sample.replicas).toMatchObject([
      { ordinal: 1, requestsPerSecond: 30, share: 0.75, cpu: 0.25, memory: 1024, streams: 3 },
      { ordinal: 2, requestsPerSecond: 10, share: 0.25, cpu: 1.5 },
    ]);
    // 99 % of the way through the bucket from 2.5 to 5 ms.
    expect(sample.replicas[0]?.p99Ms).toBeCloseTo(4.975, 6);
  });

  it("has no rates for a replica that has just appeared, and goes on without one that is gone", () => {
    const sample = sampleBetween(
      [app("1", { seconds: 0 }), app("3", { seconds: 0 })],
      [app("1", { seconds: 1, requests: 10 }), app("2", { seconds: 1, requests: 99 })],
    );
    expect(sample.requestsPerSecond).toBe(10);
    expect(sample.replicas).toMatchObject([
      { ordinal: 1, requestsPerSecond: 10, share: 1 },
      { ordinal: 2, requestsPerSecond: null, share: null, p99Ms: null, cpu: null, memory: 1024 },
    ]);
  });

  it("takes a recreated container for a new one, although it has the same number", () => {
    const sample = sampleBetween(
      [app("1 old", { seconds: 0, requests: 500 })],
      [app("1 new", { seconds: 1, requests: 5 })],
    );
    expect(sample.replicas).toMatchObject([{ ordinal: 1, requestsPerSecond: null }]);
  });

  it.each([
    ["fewer requests than before", 20],
    ["more requests than before", 900],
  ])("counts from zero after a restart, with %s", (_, requests) => {
    const sample = sampleBetween(
      [app("1", { seconds: 0, requests: 500, cpuSeconds: 60 })],
      [app("1", { seconds: 1, requests, startedAt: 2, cpuSeconds: 1 })],
    );
    expect(sample.replicas).toMatchObject([{ requestsPerSecond: requests, cpu: null }]);
  });

  it("is never negative, even when a restart cannot be seen", () => {
    const sample = sampleBetween(
      [app("1", { seconds: 0, requests: 500 })],
      [app("1", { seconds: 1, requests: 20 })],
    );
    expect(sample.replicas[0]?.requestsPerSecond).toBe(20);
  });

  it("has blanks for a replica that hangs or has ended", () => {
    const hung = { ...app("1", { seconds: 1 }), app: null };
    const ended = { ...app("2", { seconds: 1 }), app: null, usage: null, state: "exited" };
    const before = [app("1", { seconds: 0 }), app("2", { seconds: 0 })];
    const sample = sampleBetween(before, [hung, ended]);
    expect(sample).toMatchObject({ requestsPerSecond: null, replicas: [{ cpu: 0 }, { memory: null }] });
    expect(render(sample)).toContain("replica 2 (exited)");
    expect(render(sample)).not.toMatch(/NaN|null|undefined/);
  });

  it("adds what the orders app and the outbox tell", () => {
    const more = (backlog: number, leads: number) =>
      `outbox_backlog_events{instance_id="1"} ${backlog}\noutbox_backlog_age_seconds{instance_id="1"} 1.5\nrelay_leader{instance_id="1"} ${leads}`;
    const instance = (seconds: number, booked: number): ContainerReading => ({
      ...app("9", { seconds }),
      service: "orders",
      app: readApp(
        `orders_booked_total{instance_id="1"} ${booked}\norders_consumer_lag{partition="0"} 2\norders_consumer_lag{partition="1"} 3\n`,
        seconds * 1000,
      ),
    });
    const sample = sampleBetween(
      [instance(0, 100)],
      [
        app("1", { seconds: 1, more: more(7, 0) }),
        app("2", { seconds: 1, more: more(8, 1) }),
        instance(1, 150),
      ],
    );
    expect(sample.orders).toEqual({
      backlog: 8,
      backlogAgeSeconds: 1.5,
      relay: 2,
      bookedPerSecond: 50,
      lag: 5,
      dead: null,
    });
    expect(render(sample)).toContain(
      "8 wait in the outbox, the oldest for 2 s; replica 2 relays; 50.0 booked/s; lag 5",
    );
  });

  it("says nothing of orders where nobody tells, or where a replica does not know", () => {
    const [none, unknown] = ["", 'outbox_backlog_events{instance_id="1"} Nan'].map((more) =>
      sampleBetween([], [app("1", { seconds: 1, more })]),
    );
    for (const sample of [none, unknown]) expect(render(sample!)).toContain("Orders: nobody tells.");
  });
});

describe("a histogram's quantile", () => {
  const buckets = (...counts: [number, number][]) => new Map(counts);
  const INF = Number.POSITIVE_INFINITY;

  it("is interpolated inside its bucket", () => {
    expect(histogramQuantile(0.5, buckets([1, 10], [2, 30], [INF, 40]))).toBe(1.5);
    expect(histogramQuantile(0.25, buckets([1, 40], [INF, 40]))).toBe(0.25);
  });
  it("is the highest finite bound when it lies beyond", () => {
    expect(histogramQuantile(0.99, buckets([1, 10], [2, 30], [INF, 40]))).toBe(2);
  });
  it("does not exist without observations", () => {
    expect(histogramQuantile(0.99, buckets())).toBeNull();
    expect(histogramQuantile(0.99, buckets([1, 0], [INF, 0]))).toBeNull();
  });
});

describe("Prometheus' text format", () => {
  it("is read with labels, escapes and infinities, and only the names that are asked for", () => {
    const text = 'a{x="1,\\"2\\"",y="{}"} 3 1700000000\na_total 4\nb +Inf\n# a 5\nc{} 6\n';
    expect(seriesIn(text, new Set(["a", "b"]))).toEqual([
      { name: "a", labels: { x: '1,"2"', y: "{}" }, value: 3 },
      { name: "b", labels: {}, value: Number.POSITIVE_INFINITY },
    ]);
  });
});
