/** What something ran by, in words. */

/** Of a row, such as "tflite fp32 GPU"; what nobody stated is left out. */
export const ran = ({ runtime, precision, unit }) => (
  [runtime, precision, unit?.toUpperCase()].filter(Boolean).join(' ') || 'not stated'
)

/** Of a unit: "any processor" where the runtime chooses one */
export const processor = (unit) => (unit === 'all' ? 'any processor' : unit?.toUpperCase())

/** The `unit` parameter of a question, for the unit of its answer: what the runtime chooses is not asked for. */
export const askedUnit = (unit) => (unit === 'all' ? '' : unit)
