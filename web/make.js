// Elements of a page and of a drawing.

/** Make an element: its attributes, or its listeners where they are functions, and what is in it.
 * @param {string} tag
 * @param {Record<string, any>} [given]
 * @param {...(Node|string|null|false)} children */
export function make(tag, given = {}, ...children) {
  return filled(document.createElement(tag), given, children);
}

/** The same within a drawing.
 * @param {string} tag
 * @param {Record<string, any>} [given]
 * @param {...(Node|string|null|false)} children */
export function shape(tag, given = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), given, children);
}

/** @template {Element} T
 * @param {T} made
 * @param {Record<string, any>} given
 * @param {(Node|string|null|false)[]} children
 * @returns {T} */
function filled(made, given, children) {
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== false));
  return made;
}
