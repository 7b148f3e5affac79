import Table from "cli-table3";
import pc from "picocolors";

export { pc as colour };

let json = false;

/** Set once by the command line, before a verb runs. */
export function setJson(on: boolean): void {
  json = on;
}

/** True when standard output carries one JSON document and nothing else. */
export function isJson(): boolean {
  return json;
}

/** A line for people; nothing with `--json`. */
export function say(text = ""): void {
  if (!json) process.stdout.write(`${text}\n`);
}

/** A remark beside the result; on standard error, so that it disturbs no pipe. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** The result of a verb: the value itself with `--json`, else what `human` makes of it. */
export function result<T>(value: T, human: (value: T) => string): void {
  if (json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  else process.stdout.write(`${human(value).replace(/\n*$/, "")}\n`);
}

export type Cell = string | number;

/** Rows under a head; with lines in a terminal, aligned by blanks alone in a pipe or a log. */
export function table(head: string[], rows: Cell[][], terminal = Boolean(process.stdout.isTTY)): string {
  if (terminal) {
    const drawn = new Table({ head: head.map((cell) => pc.bold(cell)), style: { head: [], border: [] } });
    drawn.push(...rows);
    return drawn.toString();
  }
  const none = "";
  const blanks = new Table({
    head,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    chars: {
      top: none,
      "top-mid": none,
      "top-left": none,
      "top-right": none,
      bottom: none,
      "bottom-mid": none,
      "bottom-left": none,
      "bottom-right": none,
      left: none,
      "left-mid": none,
      mid: none,
      "mid-mid": none,
      right: none,
      "right-mid": none,
      middle: none,
    },
  });
  blanks.push(...rows);
  return blanks
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

/** `126 MiB` */
export function bytes(count: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const step = count > 0 ? Math.min(Math.floor(Math.log2(count) / 10), units.length - 1) : 0;
  const value = count / 1024 ** step;
  return `${value >= 10 || step === 0 ? Math.round(value) : value.toFixed(1)} ${units[step]}`;
}

/** `2 h 5 min`, `41 s` */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
