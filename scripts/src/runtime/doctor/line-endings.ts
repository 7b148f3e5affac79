import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { paths } from "../../lib/paths.ts";
import { defineExamination, error, ok } from "../finding.ts";

/** Folders with files that Linux programs read inside containers. */
const FOLDERS = ["nginx", "apps/shop"];

export default defineExamination({
  title: "Line endings of mounted files",
  async run() {
    const wrong = (
      await Promise.all(FOLDERS.map((folder) => filesWithCrlf(join(paths.root, folder))))
    ).flat();
    if (wrong.length === 0) return [ok("Scripts and configuration have Unix line endings.")];
    const names = wrong.map((file) => relative(paths.root, file)).join(", ");
    return [
      error(
        `${names} ${wrong.length === 1 ? "has" : "have"} Windows line endings (CRLF), which programs in Linux containers do not understand.`,
        "Type: git config core.autocrlf input   then delete these files and restore them with: git checkout -- nginx apps/shop",
      ),
    ];
  },
});

/** Scripts and configuration below a folder that hold a CRLF. */
export async function filesWithCrlf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter(
      (entry) =>
        entry.isFile() && /\.(sh|conf)$/.test(entry.name) && !entry.parentPath.includes("node_modules"),
    )
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const wrong = await Promise.all(files.map(async (file) => (await readFile(file)).includes("\r\n")));
  return files.filter((_, i) => wrong[i]);
}
