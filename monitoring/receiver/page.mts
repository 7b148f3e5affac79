import type { Alert } from "./alert.mts";

const CODES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const safe = (text: string) => text.replace(/[&<>"']/g, (sign) => CODES[sign] ?? sign);

/** The latest alerts for a person, newest first; renews itself. */
export function page(alerts: readonly Alert[]): string {
  const rows = alerts.map(
    ({ state, name, summary, description, runbook, receivedAt }) =>
      `<li class="${state}"><time>${safe(receivedAt)}</time> <b>${state}</b> ${safe(name)}<br>${safe(summary)} ` +
      `${safe(description)}<br><code>${safe(runbook)}</code></li>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="2">
<title>Alerts of the lab</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
li { list-style: none; margin: 0 0 1rem; padding: .5rem 1rem; border-left: .4rem solid #888 }
.firing { border-color: #c22 } .resolved { border-color: #2a2 }
</style>
<h1>Alerts of the lab</h1>
${rows.length > 0 ? `<ul>${rows.join("\n")}</ul>` : "<p>None has come since this program started.</p>"}
</html>
`;
}
