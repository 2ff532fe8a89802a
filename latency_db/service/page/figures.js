/** Numbers as they are printed: three significant digits, which is more than any of them is known to. */

const THREE = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 3, minimumSignificantDigits: 3 })
const LARGE = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 3 })

/** A number, or a dash where it is unknown. */
export function figure(value) {
  if (value === null || value === undefined) return '–'
  return Math.abs(value) >= 99.95 ? LARGE.format(value) : THREE.format(value)
}

/** "0.784 to 3.15" */
export const interval = ({ low, high }) => `${figure(low)} to ${figure(high)}`

/** A share of 0 to 1 in percent. */
export const percent = (share) => `${share < 0.1 ? (100 * share).toFixed(1) : Math.round(100 * share)} %`

/** An instant's day and minute, UTC. */
export const instant = (text) => (text ? text.slice(0, 16).replace('T', ' ') : '–')

/** "1 row", "2 rows" */
export const counted = (number, noun) => `${LARGE.format(number)} ${noun}${number === 1 ? '' : 's'}`
