import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";
import type { Environment, Evidence } from "../lab/evidence-schema.ts";
import { paths } from "../lib/paths.ts";
import { compareParts } from "./compare-page.ts";
import { count, utc } from "./figures.ts";
import { Html, html } from "./html.ts";
import { loadtestParts } from "./loadtest-page.ts";

const MARKS = {
  passed: { sign: "✔", style: "mark-pass" },
  failed: { sign: "✖", style: "mark-fail" },
  "not measured": { sign: "–", style: "mark-open" },
};

/**
 * One page for one record: everything is in it, nothing is fetched, so that it can be mailed and read offline.
 * @param file The record's name, shown so that the page leads back to it.
 */
export async function evidencePage(evidence: Evidence, file: string): Promise<string> {
  const parts = evidence.what === "loadtest" ? loadtestParts(evidence) : compareParts(evidence);
  const verdict = parts.pass ? "passed" : parts.measured ? "failed" : "not measured";
  const [style, scripts] = await Promise.all([styleSheet(parts.plots), parts.plots ? plotScripts() : []]);
  // Only these very scripts and styles may be used: whatever else got into the page would do nothing.
  const policy = [
    "default-src 'none'",
    `style-src '${digest(style)}'`,
    ...(scripts.length > 0 ? [`script-src ${scripts.map((script) => `'${digest(script)}'`).join(" ")}`] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${parts.title} of ${utc(evidence.takenAt)}: ${verdict}</title>
<style>${new Html(style)}</style>
</head>
<body>
<header class="wide masthead"><p class="brand">evenkeel</p><p>${parts.title} <time datetime="${evidence.takenAt}">${utc(evidence.takenAt)}</time></p></header>
<div class="neatline" aria-hidden="true"></div>
<main class="wide">
<section class="verdict" aria-label="Verdict">
  <p class="mark ${MARKS[verdict].style}">${MARKS[verdict].sign} ${verdict}</p>
  <h1>${parts.headline}</h1>
  <p class="lead">${parts.lead}</p>
  ${parts.hero}
  ${parts.recorded !== parts.pass && html`<p class="mismatch">The record says ${parts.recorded ? "passed" : "failed"}, its own samples say ${verdict}. This page goes by the samples.</p>`}
  <dl class="figures">${parts.figures.map(({ value, unit, wrong }) => html`<div><dt>${unit}</dt><dd${wrong && html` class="wrong"`}>${value}</dd></div>`)}</dl>
  <ul class="findings">${parts.findings.map(({ ok, text }) => html`<li class="${ok === null ? "open" : ok ? "good" : "bad"}">${text}</li>`)}</ul>
</section>
${parts.body}
<section class="method" aria-labelledby="method">
  <h2 id="method">How it was measured</h2>
  <dl>${[...parts.method, ...surroundings(evidence.environment)].map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
  <div><dt>Again</dt><dd><code>${evidence.command}</code></dd></div>
  <div><dt>Record</dt><dd><code>${file}</code>; this page is made of it alone.</dd></div></dl>
</section>
</main>
${scripts.map((script) => html`<script>${new Html(script)}</script>\n`)}
</body>
</html>
`.text;
}

function surroundings({ versions, host, settings }: Environment): [string, string | Html][] {
  const gibibytes = (host.memoryBytes / 1024 ** 3).toFixed(0);
  return [
    [
      "Lab",
      `${settings.strategy}, ${count(settings.replicas.length, "replica")} with ${limit(settings.replicaCpus)}; nginx with ${limit(settings.nginxCpus)}.`,
    ],
    [
      "Machine",
      `${host.processor}, ${count(host.cores, "core")}, ${gibibytes} GiB, ${host.platform}. Generator and lab share it.`,
    ],
    [
      "Versions",
      html`evenkeel ${versions.lab}${versions.commit && html` (<code>${versions.commit}</code>)`}, Node ${versions.node}, Docker engine ${versions.engine}; ${versions.images.map(({ service, image }) => `${service}: ${shortImage(image)}`).join(", ")}.`,
    ],
  ];
}

/** An image that has lost its name goes by its id, of which twelve digits are enough. */
const shortImage = (image: string): string => image.replace(/^(sha256:[0-9a-f]{12})[0-9a-f]+$/, "$1");

const limit = (cores: number | null): string =>
  cores === null ? "no processor limit" : `at most ${cores} ${cores === 1 ? "core" : "cores"} each`;

const digest = (text: string) => `sha256-${createHash("sha256").update(text).digest("base64")}`;
const uplot = dirname(createRequire(import.meta.url).resolve("uplot/package.json"));
const own = (name: string) => new URL(name, import.meta.url);

/** In the order of the page: what is special comes after what is general. */
const STYLES = ["page", "verdict", "charts", "tables"];

async function styleSheet(plots: boolean): Promise<string> {
  // The page looks like the shop: the same tokens, read where they are kept. First, so that plots find them there.
  const files = [
    paths.tokens,
    ...STYLES.map((name) => own(`css/${name}.css`)),
    ...(plots ? [join(uplot, "dist", "uPlot.min.css")] : []),
  ];
  return (await Promise.all(files.map((file) => readFile(file, "utf8")))).join("\n");
}

async function plotScripts(): Promise<string[]> {
  const [library, plots] = await Promise.all([
    readFile(join(uplot, "dist", "uPlot.iife.min.js"), "utf8"),
    readFile(own("browser/plots.ts"), "utf8"),
  ]);
  return [library, `"use strict";{${stripTypeScriptTypes(plots)}}`];
}
