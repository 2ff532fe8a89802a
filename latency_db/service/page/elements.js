/** Elements made in one call. Children are nodes or text, which never becomes markup: rows hold others' words. */

const SVG = 'http://www.w3.org/2000/svg'

const NOTHING = [null, undefined, false]

/** An HTML element. An attribute or child of null or false is left out; a function listens to an event. */
export const html = (name, attributes = {}, ...children) => filled(document.createElement(name), attributes, children)

/** An SVG element, likewise. */
export const svg = (name, attributes = {}, ...children) => (
  filled(document.createElementNS(SVG, name), attributes, children)
)

function filled(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(key, value)
    else if (!NOTHING.includes(value)) made.setAttribute(key, value === true ? '' : value)
  }
  made.append(...children.flat(Infinity).filter((child) => !NOTHING.includes(child)))
  return made
}
