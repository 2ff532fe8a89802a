/** Elements made in one call. Children are nodes or text, which never becomes markup: rows hold others' words. */

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. An attribute of null or false is left out; a function is an event's listener. */
export const html = (name, attributes = {}, ...children) => filled(document.createElement(name), attributes, children);

/** An SVG element, likewise. */
export const svg = (name, attributes = {}, ...children) => filled(document.createElementNS(SVG, name), attributes, children);

function filled(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}
