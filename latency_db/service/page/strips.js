/** Figures as dots on one logarithmic axis, a line for each group: how far apart they lie, none averaged. */

import { axes, chart, fitting } from './chart.js'
import { svg } from './elements.js'
import { figure } from './figures.js'
import { ran } from './ran.js'
import { logScale } from './scales.js'

const LINE = 24
const NARROW = 520
/** Pixels; below it a group's name stands above its dots */

/**
 * A chart of `groups` `{name, low, high, dots}`; low and high draw an interval where they are there, and a dot is
 * `{ms, title, hollow}`.
 */
export function strips(summary, groups) {
  return chart(summary, (width) => {
    const narrow = width < NARROW
    const line = narrow ? 2 * LINE - 8 : LINE
    const left = narrow ? 8 : 170
    const box = { left, right: width - 12, top: 6, bottom: 6 + line * groups.length }
    const values = groups.flatMap(({ low, high, dots }) => [low, high, ...dots.map(({ ms }) => ms)]).filter(Boolean)
    const x = logScale(values, box.left, box.right)
    const parts = [axes(box, x, 'ms, logarithmic')]
    groups.forEach(({ name, low, high, dots }, place) => {
      const top = box.top + place * line
      const middle = top + line - LINE / 2
      parts.push(
        svg('line', { class: 'rule', x1: box.left, x2: box.right, y1: middle, y2: middle }),
        narrow
          ? svg('text', { class: 'name', x: left, y: top + 13 }, fitting(name, width - 20))
          : svg('text', { class: 'name', x: left - 12, y: middle + 4, 'text-anchor': 'end' }, fitting(name, left - 16)),
        low ? svg('rect', {
          class: 'interval', x: x.at(low), y: middle - 4, width: x.at(high) - x.at(low), height: 8, rx: 2,
        }) : '',
        dots.map(({ ms, title, hollow }) => svg(
          'circle', { class: hollow ? 'dot hollow' : 'dot', cx: x.at(ms), cy: middle, r: 5 },
          svg('title', {}, title),
        )),
      )
    })
    return { height: box.bottom + 42, parts }
  })
}

/** Of a published row; a doubtful one is hollow. */
export const publishedDot = (row) => ({
  ms: row.ms,
  hollow: Boolean(row.flag),
  title: [`${figure(row.ms)} ms, ${ran(row)}`, row.reference, row.flag, row.flag_reason].filter(Boolean).join('; '),
})
