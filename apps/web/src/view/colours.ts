/** A colour for each object's number: Okabe and Ito's, told apart by colour-blind people (jfly.uni-koeln.de/color). */

interface ObjectColour {
  readonly name: string
  /** #rrggbb */
  readonly code: string
}

const COLOURS: readonly ObjectColour[] = [
  { name: 'orange', code: '#e69f00' },
  { name: 'sky blue', code: '#56b4e9' },
  { name: 'green', code: '#009e73' },
  { name: 'yellow', code: '#f0e442' },
  { name: 'purple', code: '#cc79a7' },
  { name: 'vermilion', code: '#d55e00' },
  { name: 'blue', code: '#0072b2' },
]

/** Of an object's number, from 1 */
export function colour(id: number): ObjectColour {
  return COLOURS[(id - 1) % COLOURS.length]!
}
