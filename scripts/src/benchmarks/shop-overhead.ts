import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { defineBenchmark, list, median, sideBySide } from "../lab/benchmark.ts";
import { paths } from "../lib/paths.ts";
import { waitUntil } from "../lib/wait-until.ts";
import { closedLoop } from "../runtime/closed-loop.ts";
import { freePort } from "../runtime/free-port.ts";
import { scratchRedis } from "../runtime/scratch-redis.ts";

const PAIRS = 7;
const REQUESTS = 20_000;

export default defineBenchmark({
  summary: "GET /products: the complete shop against a bare Express 5 route with the same body",
  async run({ say }) {
    const folder = await mkdtemp(join(tmpdir(), "evenkeel-bench-"));
    await using redis = await scratchRedis();
    const [shopPort, barePort] = [await freePort(), await freePort()];
    // The same process settings for both, down to the standard output that nobody reads.
    const start = (script: string, env: Record<string, string>) =>
      execa(process.execPath, ["--max-old-space-size=128", script], {
        env: { NODE_ENV: "production", ...env },
        stdio: ["ignore", "ignore", "inherit"],
        reject: false,
      });
    const shop = start(join(paths.root, "apps/shop/src/main.ts"), {
      PORT: String(shopPort),
      INSTANCE_ID: "1",
      DATABASE_FILE: join(folder, "shop.db"),
      REDIS_URL: redis.url,
    });
    const bodyFile = join(folder, "products.json");
    let bare: ReturnType<typeof start> | undefined;
    try {
      await answers(shopPort);
      await writeFile(bodyFile, await (await fetch(`http://127.0.0.1:${shopPort}/products`)).text());
      bare = start(join(import.meta.dirname, "servers/bare-express.ts"), {
        PORT: String(barePort),
        BODY_FILE: bodyFile,
      });
      await answers(barePort);
      const rate = async (port: number) =>
        (
          await closedLoop({
            url: `http://127.0.0.1:${port}`,
            amount: REQUESTS,
            connections: 20,
            runId: "bench",
            plan: () => ({ path: "/products", key: "" }),
          })
        ).throughput;
      await sideBySide(
        1,
        () => rate(shopPort),
        () => rate(barePort),
      ); // warm-up, for the compiler
      const measured = await sideBySide(
        PAIRS,
        () => rate(shopPort),
        () => rate(barePort),
      );
      say(`shop ${list(measured.a)}; bare ${list(measured.b)} requests/s`);
      return [
        {
          name: "shop / bare Express, requests per second",
          value: median(measured.ratios),
          unit: "ratio",
          goal: { atLeast: 0.9 },
          detail: `median of ${PAIRS} pairs; medians ${list([median(measured.a), median(measured.b)])} requests/s`,
        },
      ];
    } finally {
      shop.kill("SIGKILL");
      bare?.kill("SIGKILL");
      await rm(folder, { recursive: true });
    }
  },
});

const answers = (port: number) =>
  waitUntil(`an answer on port ${port}`, async () => (await fetch(`http://127.0.0.1:${port}/products`)).ok, {
    deadlineMs: 15_000,
    intervalMs: 50,
  });
