import type { Dependency } from "@evenkeel/contracts";

/** Asks one dependency for `GET /status`. Never rejects: a refusal is the answer. */
export async function ask(required: boolean, probe: () => Promise<void>): Promise<Dependency> {
  const start = performance.now();
  try {
    await probe();
    return { status: "up", required, latencyMs: Math.round((performance.now() - start) * 100) / 100 };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { status: "down", required, latencyMs: null, detail };
  }
}
