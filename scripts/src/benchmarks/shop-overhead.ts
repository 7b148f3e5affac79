import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { type BenchmarkFigure, defineBenchmark, list, sideBySide } from "../lab/benchmark.ts";
import { paths } from "../lib/paths.ts";
import { median } from "../lib/statistics.ts";
import { waitUntil } from "../lib/wait-until.ts";
import { flawlessRate } from "../runtime/closed-loop.ts";
import { freePort } from "../runtime/free-port.ts";
import { scratchRedis } from "../runtime/scratch-redis.ts";

const PAIRS = 7;
const REQUESTS = 20_000;

export default defineBenchmark({
  summary: "GET /products: the complete shop against a bare Express 5 route with the same body",
  async run({ say }) {
    await using redis = await scratchRedis();
    const folder = await mkdtemp(join(tmpdir(), "evenkeel-bench-"));
    const shop = await server("apps/shop/src/main.ts", {
      INSTANCE_ID: "1",
      DATABASE_FILE: join(folder, "shop.db"),
      REDIS_URL: redis.url,
      // The relay's cost is the relay benchmark's subject; here it would look for a Kafka that is not there.
      KAFKA_BROKERS: "none",
    });
    let bare: Server | undefined;
    try {
      await answers(shop);
      const bodyFile = join(folder, "products.json");
      await writeFile(bodyFile, await (await fetch(`${shop.url}/products`)).text());
      bare = await server("scripts/src/benchmarks/servers/bare-express.ts", { BODY_FILE: bodyFile });
      await answers(bare);
      const yardstick = bare;
      const pairs = (count: number, measure: (one: Server) => Promise<number>) =>
        sideBySide(
          count,
          () => measure(shop),
          () => measure(yardstick),
        );
      await pairs(1, rate); // warm-up, for the compiler
      const cpu = { shop: [] as number[], bare: [] as number[] };
      const rates = await pairs(PAIRS, async (one) => {
        const before = await cpuSeconds(one.pid);
        const measured = await rate(one);
        const used = ((await cpuSeconds(one.pid)) - before) / REQUESTS;
        (one === shop ? cpu.shop : cpu.bare).push(used * 1e6);
        return measured;
      });
      say(`shop ${list(rates.a)}; bare ${list(rates.b)} requests/s`);
      return figures(rates, cpu);
    } finally {
      shop.stop();
      bare?.stop();
      await rm(folder, { recursive: true });
    }
  },
});

function figures(
  rates: { ratios: number[]; a: number[]; b: number[] },
  cpu: { shop: number[]; bare: number[] },
): BenchmarkFigure[] {
  const perSecond: BenchmarkFigure = {
    name: "shop / bare Express, requests per second",
    value: median(rates.ratios),
    unit: "ratio",
    goal: { atLeast: 0.9 },
    detail: `median of ${PAIRS} pairs; medians ${list([median(rates.a), median(rates.b)])} requests/s`,
  };
  if (median(cpu.bare) === 0) return [perSecond];
  // The load generator takes a core, too, and may be what limits both; then the rates say nothing and this does.
  return [
    perSecond,
    {
      name: "bare Express / shop, processor time per request",
      value: median(cpu.bare) / median(cpu.shop),
      unit: "ratio",
      goal: { atLeast: 0.9 },
      detail: `medians ${list([median(cpu.bare), median(cpu.shop)], 1)} microseconds per request`,
    },
  ];
}

interface Server {
  url: string;
  pid: number;
  stop: () => void;
}

/** The same process settings for all, down to the standard output that nobody reads. */
async function server(script: string, env: Record<string, string>): Promise<Server> {
  const port = await freePort();
  const child = execa(process.execPath, ["--max-old-space-size=128", join(paths.root, script)], {
    env: { NODE_ENV: "production", PORT: String(port), ...env },
    stdio: ["ignore", "ignore", "inherit"],
    reject: false,
  });
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop: () => child.kill("SIGKILL") };
}

const answers = ({ url }: Server) =>
  waitUntil(`an answer at ${url}`, async () => (await fetch(`${url}/products`)).ok, {
    deadlineMs: 15_000,
    intervalMs: 50,
  });

const rate = ({ url }: Server) =>
  flawlessRate({
    url,
    amount: REQUESTS,
    connections: 20,
    runId: "bench",
    plan: () => ({ path: "/products", key: "" }),
  });

/** Processor time a process has used, in steps of 10 ms (proc(5), fields 14 and 15); 0 where there is no /proc. */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
}
