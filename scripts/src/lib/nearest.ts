/** The known words, the most similar first. */
export function nearest(word: string, known: Iterable<string>): string[] {
  const scored = [...known].map((candidate) => ({ candidate, edits: edits(word, candidate) }));
  return scored
    .sort((a, b) => a.edits - b.edits || a.candidate.localeCompare(b.candidate))
    .map(({ candidate }) => candidate);
}

/** Levenshtein distance, not minding case; a prefix ("stat" of "status") counts as half an edit. */
export function edits(a: string, b: string): number {
  const [from, to] = [a.toLowerCase(), b.toLowerCase()];
  if (from !== to && from.length > 1 && to.startsWith(from)) return 0.5;
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const swap = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
