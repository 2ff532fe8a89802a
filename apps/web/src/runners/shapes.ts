/** Shapes of tensors: extents, outermost first. */

export function sameShape(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((extent, axis) => extent === other[axis])
}

/** How many numbers a tensor has. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}
