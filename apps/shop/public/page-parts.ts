/**
 * The element of index.html with this id.
 * @throws Error when the page has no such element or it is of another kind.
 */
export function part<T extends Element>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new Error(
    `The page has no ${kind.name} with the id "${id}"; index.html and the scripts do not fit together.`,
  );
}

/**
 * The first element inside `root` that matches.
 * @throws Error when there is none or it is of another kind.
 */
export function within<T extends Element>(root: ParentNode, selector: string, kind: new () => T): T {
  const element = root.querySelector(selector);
  if (element instanceof kind) return element;
  throw new Error(
    `Expected a ${kind.name} at "${selector}"; index.html and the scripts do not fit together.`,
  );
}

/** A new element with text. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  text = "",
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}
