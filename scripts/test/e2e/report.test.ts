import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Evidence } from "../../src/lab/evidence-schema.ts";
import { paths } from "../../src/lib/paths.ts";
import { evidencePage } from "../../src/report/page.ts";
import { chromiumPath } from "../../src/runtime/chromium.ts";
import { compareEvidence, loadResult, loadtestEvidence } from "../support/evidence.ts";

const pictures = join(paths.root, "artefacts");
let browser: Browser;
let folder: string;

interface Opened {
  page: Page;
  /** Console errors, page errors, and requests for anything but the page itself. */
  complaints: string[];
}

async function open(evidence: Evidence, options: BrowserContextOptions = {}): Promise<Opened> {
  const file = join(folder, `${evidence.what}.html`);
  await writeFile(file, await evidencePage(evidence, "record.json"));
  const page = await (
    await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  ).newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("request", (request) => {
    if (request.url() !== pathToFileURL(file).href) complaints.push(request.url());
  });
  await page.goto(pathToFileURL(file).href);
  return { page, complaints };
}

const drawnPlots = (page: Page) => page.locator("[data-plot][data-drawn]").count();

/** How many different colours each canvas shows; an empty one shows a single one. */
const coloursPerCanvas = (page: Page) =>
  page.evaluate<number[]>(`[...document.querySelectorAll("canvas")].map((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  })`);

const HOSTILE = `"></svg></script><script>window.hurt = 1</script><img src=x onerror="window.hurt = 2">'`;

describe("the report of a load test", () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "evenkeel-report-"));
    await mkdir(pictures, { recursive: true });
    browser = await chromium.launch({
      executablePath: await chromiumPath(),
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true });
  });

  it("draws its three plots, asks for nothing and complains about nothing", async () => {
    const { page, complaints } = await open(loadtestEvidence(), { offline: true });
    await expect.poll(() => drawnPlots(page), { timeout: 10_000 }).toBe(3);
    await expect
      .poll(async () => (await coloursPerCanvas(page)).map((colours) => colours > 3), { timeout: 10_000 })
      .toEqual([true, true, true]);
    expect(await page.locator("h1").innerText()).toBe("Every replica took its share.");
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it("says what is under the pointer", async () => {
    const { page } = await open(loadtestEvidence());
    await page.locator('[data-plot="throughput"] .u-over').hover();
    await expect
      .poll(() => page.locator('[data-plot="throughput"] + figcaption').innerText(), { timeout: 10_000 })
      .toContain("Second 10: 500 answers/s (replica 1 250, replica 2 250)");
    await page.context().close();
  });

  it("is unharmed by what a replica or a server calls itself", async () => {
    const load = loadResult({ seconds: 2, rate: 100, replicas: { 1: 1, [HOSTILE]: 1 } });
    load.strategies = { [HOSTILE]: 200 };
    load.failed = { [HOSTILE]: 1 };
    load.perKind = {
      [HOSTILE]: load.perKind["GET /products"]!,
      "GET /stock": load.perKind["GET /products"]!,
    };
    const evidence = loadtestEvidence(load);
    evidence.command = HOSTILE;
    evidence.environment.settings.strategy = HOSTILE;
    evidence.environment.versions.images = [{ service: HOSTILE, image: HOSTILE }];
    const { page, complaints } = await open(evidence);
    await expect.poll(() => drawnPlots(page), { timeout: 10_000 }).toBe(3);
    expect(await page.evaluate("window.hurt ?? 0")).toBe(0);
    expect(await page.locator("img").count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it("lets no script run but its own, should one get into the page all the same", async () => {
    const { page, complaints } = await open(loadtestEvidence());
    await page.evaluate(`{
      const script = document.createElement("script");
      script.textContent = "window.hurt = 1";
      document.body.append(script);
    }`);
    expect(await page.evaluate("window.hurt ?? 0")).toBe(0);
    expect(complaints.join()).toContain("Content Security Policy");
    await page.context().close();
  });

  const reports: [string, Evidence][] = [
    ["loadtest", loadtestEvidence()],
    [
      "short",
      loadtestEvidence(loadResult({ seconds: 2, rate: 4000, open: false, replicas: { 1: 1, 2: 1, 3: 1 } })),
    ],
    ["compare", compareEvidence()],
  ];
  const devices = [
    ["phone", "light", 390],
    ["phone", "dark", 390],
    ["desktop", "light", 1280],
    ["desktop", "dark", 1280],
  ] as const;
  it.each(
    reports.flatMap(([name, evidence]) => devices.map((device) => [name, ...device, evidence] as const)),
  )("%s fits a %s, %s", async (name, device, colorScheme, width, evidence) => {
    const { page, complaints } = await open(evidence, { viewport: { width, height: 844 }, colorScheme });
    expect(
      await page.evaluate("document.documentElement.scrollWidth - window.innerWidth"),
    ).toBeLessThanOrEqual(0);
    await page.screenshot({
      path: join(pictures, `report-${name}-${device}-${colorScheme}.png`),
      fullPage: true,
    });
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it("prints by day, also at night", async () => {
    const { page } = await open(loadtestEvidence(), { colorScheme: "dark" });
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    // Magenta by day, as the 99 % line has it; by night it is another.
    const [width, byDay] = await page.evaluate<[number, boolean]>(`(() => {
      const canvas = document.querySelector('[data-plot="percentiles"] canvas');
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const pixels = new Uint32Array(data.buffer);
      return [canvas.parentElement.clientWidth, pixels.includes(0xff5c10a3)];
    })()`);
    expect(width).toBe(640);
    expect(byDay).toBe(true);
    await page.pdf({ path: join(pictures, "report-loadtest.pdf"), format: "A4" });
    await page.context().close();
  });
});
