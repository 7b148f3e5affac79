import { LabError } from "../lib/errors.ts";
import { type ExecSession, type LabContainer, openExec } from "./docker.ts";

const ANSWER_MS = 3000;
/** Ends every answer; no metric begins like this. */
const END = "# evenkeel: end of answer";
/**
 * For each line that it reads one `GET /metrics`, asked inside the container as in replica-counters.ts. One bash
 * that stays, because starting a program in a container costs the engine many times what the answer costs.
 */
const LOOP = [
  "while read -r _; do",
  "exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET /metrics HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && cat <&3;",
  `exec 3>&-; printf '\\n${END}\\n';`,
  "done",
].join(" ");

/** A line kept open into a container of the shop or the orders app, to ask for its metrics again and again. */
export class MetricsLine implements Disposable {
  readonly #session: ExecSession;
  #said = "";
  #answered: ((answer: string | null) => void) | undefined;
  #ended = false;

  private constructor(session: ExecSession) {
    this.#session = session;
    session.stdout.setEncoding("utf8");
    session.stdout.on("data", (chunk: string) => this.#receive(chunk));
    session.stdout.on("end", () => {
      this.#ended = true;
      this.#answered?.(null);
    });
  }

  /** @throws the engine's error, for instance for a container that does not run. */
  static async open(container: LabContainer): Promise<MetricsLine> {
    return new MetricsLine(await openExec(container.id, ["bash", "-c", LOOP]));
  }

  /** The line is cut: the container ended. A new one must be opened. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * What the app says now, in Prometheus' text format. One question at a time.
   * @throws LabError `replica.silent`; the line is closed then, because a late answer would be taken for the next.
   */
  async ask(): Promise<string> {
    const answer = await new Promise<string | null>((resolve) => {
      if (this.#ended) return resolve(null);
      const late = AbortSignal.timeout(ANSWER_MS);
      const giveUp = () => resolve(null);
      late.addEventListener("abort", giveUp, { once: true });
      this.#answered = (text) => {
        late.removeEventListener("abort", giveUp);
        resolve(text);
      };
      this.#said = "";
      this.#session.write("\n");
    });
    this.#answered = undefined;
    const [head = "", body] = answer?.split("\r\n\r\n", 2) ?? [];
    if (body !== undefined && / 200 /.test(head.slice(0, 20))) return body;
    this[Symbol.dispose]();
    throw new LabError("A container did not answer GET /metrics.", { code: "replica.silent" });
  }

  #receive(chunk: string): void {
    this.#said += chunk;
    if (this.#said.endsWith(`${END}\n`)) this.#answered?.(this.#said);
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#session.close();
  }
}
