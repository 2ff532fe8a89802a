/** Icons, drawn in a square of 24 units with lines of two. */

import { set } from './element.ts'

const SVG = 'http://www.w3.org/2000/svg'

const LINES = {
  camera: ['M4 8h3l2-3h6l2 3h3v11H4z', 'M12 10a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7z'],
  flip: ['M5 9a7.5 7.5 0 0 1 13-1.5L20 10', 'M20 4.5V10h-5.5', 'M19 15a7.5 7.5 0 0 1-13 1.5L4 14', 'M4 19.5V14h5.5'],
  file: ['M4 5h16v14H4z', 'M10 9v6l5-3z'],
  play: ['M7 4.5v15L20 12z'],
  pause: ['M8 5v14', 'M16 5v14'],
  first: ['M6 5v14', 'M19 5.5v13L9.5 12z'],
  add: ['M12 5v14', 'M5 12h14'],
  remove: ['M5 12h14'],
  close: ['M6.5 6.5l11 11', 'M17.5 6.5l-11 11'],
  clear: ['M4 7h16', 'M9 7V4.5h6V7', 'M6 7l1 13h10l1-13', 'M10 11v5.5', 'M14 11v5.5'],
  save: ['M12 4v11', 'M7 10.5l5 5l5-5', 'M4.5 20h15'],
  folder: ['M3.5 6h6l2 2.5h9V19h-17z'],
  track: ['M12 3.5v4', 'M12 16.5v4', 'M3.5 12h4', 'M16.5 12h4', 'M12 10a2 2 0 1 0 0 4a2 2 0 1 0 0-4z'],
  check: ['M4.5 12.5l5 5l10-11'],
  clock: ['M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16z', 'M12 8v4.5l3 2'],
  box: ['M12 3.5l8 4.3v8.6L12 20.5l-8-4.1V7.8z', 'M4 7.8l8 4.2l8-4.2', 'M12 12v8.5'],
  info: ['M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16z', 'M12 11v5.5', 'M12 7.6v.2'],
  warning: ['M12 4L21 19.5H3z', 'M12 10v4.5', 'M12 17v.2'],
} as const

export type IconName = keyof typeof LINES

/** For the eye only: what stands beside it, or its button's label, says the same. */
export function icon(name: IconName): SVGSVGElement {
  const picture = document.createElementNS(SVG, 'svg')
  set(picture, { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false' })
  for (const line of LINES[name]) {
    const path = document.createElementNS(SVG, 'path')
    path.setAttribute('d', line)
    picture.append(path)
  }
  return picture
}
