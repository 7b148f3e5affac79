import { join } from "node:path";
import { loadCatalogue } from "../../lib/catalogue.ts";
import { paths } from "../../lib/paths.ts";
import { checkDashboard, type DashboardDefinition, dashboardJson } from "./dashboard.ts";

const FOLDER = new URL("../", import.meta.url);

/** Where Grafana finds them; part of the repository, so that `docker compose up` alone shows them. */
export const DASHBOARD_FILES = join(paths.root, "monitoring", "grafana", "dashboards");

/** Every dashboard by id. A new file in scripts/src/dashboards is a new dashboard; there is no list to edit. */
export function loadDashboards(): Promise<Map<string, DashboardDefinition>> {
  return loadCatalogue(FOLDER, checkDashboard, "dashboard");
}

/** File name and content of everything that belongs into {@link DASHBOARD_FILES}. */
export async function renderAll(): Promise<Map<string, string>> {
  const dashboards = await loadDashboards();
  return new Map([...dashboards].map(([id, one]) => [`${id}.json`, dashboardJson(id, one)]));
}
