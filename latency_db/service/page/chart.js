/** What all charts share: they are drawn at the width that there is, and their axes look alike. */

import { html, svg } from './elements.js'

/**
 * A figure that `draw(width)` fills: it returns `{height, parts}` in pixels, and is called anew for another width.
 * `summary` says for those who do not see it what a table beside it has in figures.
 */
export function chart(summary, draw) {
  const figure = html('figure', { class: 'chart' })
  let drawn = 0
  new ResizeObserver(([{ contentRect }]) => {
    const width = Math.floor(contentRect.width)
    if (!width || width === drawn) return
    drawn = width
    const { height, parts } = draw(width)
    const size = { width, height, viewBox: `0 0 ${width} ${height}` }
    figure.replaceChildren(svg('svg', { ...size, role: 'img', 'aria-label': summary }, parts))
  }).observe(figure)
  return figure
}

/** Grid, ticks and titles of a plot between `left`, `right`, `top` and `bottom`. `y` may be null. */
export function axes({ left, right, top, bottom }, x, xTitle, y = null, yTitle = '') {
  return [
    x.ticks.map((tick) => [
      svg('line', { class: 'grid', x1: x.at(tick), x2: x.at(tick), y1: top, y2: bottom }),
      svg('text', { class: 'tick', x: x.at(tick), y: bottom + 16, 'text-anchor': 'middle' }, short(tick)),
    ]),
    svg('text', { class: 'title', x: right, y: bottom + 34, 'text-anchor': 'end' }, xTitle),
    y && y.ticks.map((tick) => [
      svg('line', { class: 'grid', x1: left, x2: right, y1: y.at(tick), y2: y.at(tick) }),
      svg('text', { class: 'tick', x: left - 8, y: y.at(tick) + 4, 'text-anchor': 'end' }, short(tick)),
    ]),
    yTitle && svg('text', { class: 'title', x: left, y: top - 10 }, yTitle),
  ]
}

const short = (tick) => tick.toLocaleString('en-GB', { maximumSignificantDigits: 3 })

const ruler = document.createElement('canvas').getContext('2d')

/** The width of a text in pixels, as charts set it; that of the chosen one in bold. */
export function widthOf(text, weight = 400) {
  ruler.font = `${weight} 12px ${getComputedStyle(document.body).fontFamily}`
  return ruler.measureText(text).width
}

/** The text, cut where it would be wider than `width` pixels. */
export function fitting(text, width) {
  if (widthOf(text) <= width) return text
  let length = text.length
  while (length > 1 && widthOf(`${text.slice(0, length)}…`) > width) length -= 1
  return `${text.slice(0, length)}…`
}
