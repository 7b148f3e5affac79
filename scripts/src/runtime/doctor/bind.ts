import { defineExamination, ok, warning } from "../finding.ts";

export default defineExamination({
  title: "Who can reach the door",
  run({ settings }) {
    if (!settings) return [];
    const { bind, port } = settings;
    if (/^127\.|^::1$/.test(bind)) return [ok("Only this machine can reach the lab.")];
    return [
      warning(
        `LAB_BIND=${bind} opens port ${port} beyond this machine, past its firewall; the lab has no log-in and no TLS.`,
        "Unless that is what you want, set LAB_BIND=127.0.0.1 in .env.",
      ),
    ];
  },
});
