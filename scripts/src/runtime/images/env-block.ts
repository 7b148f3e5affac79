const BEGIN = "# >>> written by the lab: images built here, because no image registry could be reached >>>";
const END = "# <<< written by the lab; `npm run lab:images -- --pull` removes it <<<";

interface Split {
  before: string;
  block: string[];
  after: string;
  eol: string;
}

/** A block without an end (an editor's accident) reaches over our own kind of lines only. */
function split(text: string): Split {
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = text.split(/(?<=\n)/);
  const bare = lines.map((line) => line.replace(/\r?\n$/, ""));
  const from = bare.indexOf(BEGIN);
  if (from < 0) return { before: text, block: [], after: "", eol };
  const end = bare.indexOf(END, from);
  let to = end >= 0 ? end + 1 : from + 1;
  if (end < 0)
    while (to < bare.length && /^([A-Z0-9_]+_IMAGES?|COMPOSE_PROFILES|LAB_WITHOUT)=/.test(bare[to] ?? ""))
      to++;
  return {
    before: lines.slice(0, from).join(""),
    block: bare.slice(from + 1, end >= 0 ? end : to),
    after: lines.slice(to).join(""),
    eol,
  };
}

/** What our block says, `NGINX_IMAGE` → `evenkeel/nginx:1.30`. */
export function readBlock(text: string): Record<string, string> {
  const pairs = split(text).block.map((line) => line.split("=", 2) as [string, string | undefined]);
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/** The file without our block: what the user wrote, byte for byte. */
export function withoutBlock(text: string): string {
  const { before, after } = split(text);
  return before + after;
}

/**
 * The file with our block as its end, so that it is the last word; no entries remove it. Lines outside it keep
 * every byte, line endings included.
 */
export function withBlock(text: string, entries: Record<string, string>): string {
  const { eol } = split(text);
  const users = withoutBlock(text);
  const pairs = Object.entries(entries).sort(([a], [b]) => a.localeCompare(b));
  if (pairs.length === 0) return users;
  const gap = users === "" || users.endsWith("\n") ? "" : eol;
  return `${users}${gap}${[BEGIN, ...pairs.map(([name, value]) => `${name}=${value}`), END].join(eol)}${eol}`;
}
