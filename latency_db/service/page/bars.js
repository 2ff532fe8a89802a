/** Shares of a whole as horizontal bars, each with its name and its figure. */

import { chart, fitting, widthOf } from './chart.js'
import { svg } from './elements.js'

const NARROW = 620
/** Pixels; below it a name stands above its bar */

/** A chart of `rows` `{name, value, figure, title, rest}` in their order; a `rest` is what has no bar of its own. */
export function bars(summary, rows) {
  return chart(summary, (width) => {
    const narrow = width < NARROW
    const line = narrow ? 36 : 22
    const left = narrow ? 0 : Math.min(0.45 * width, 14 + Math.max(...rows.map(({ name }) => widthOf(name))))
    const figures = Math.max(...rows.map(({ figure }) => widthOf(figure))) + 8
    const most = Math.max(...rows.map(({ value }) => value))
    const parts = rows.map(({ name, value, figure, title, rest }, place) => {
      const top = place * line + (narrow ? 18 : 4)
      const long = Math.max(1, ((width - left - figures) * value) / most)
      return svg(
        'g', {}, svg('title', {}, title),
        narrow
          ? svg('text', { class: 'name', x: 0, y: top - 5 }, fitting(name, width))
          : svg('text', { class: 'name', x: left - 10, y: top + 11, 'text-anchor': 'end' }, fitting(name, left - 14)),
        svg('rect', { class: rest ? 'bar rest' : 'bar', x: left, y: top, width: long, height: 14, rx: 2 }),
        svg('text', { class: 'figure', x: left + long + 6, y: top + 11 }, figure),
      )
    })
    return { height: rows.length * line + 6, parts }
  })
}
