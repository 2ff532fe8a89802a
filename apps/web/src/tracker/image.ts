/** An image as graphs take it: its colours in planes, RGB 0–255 in float32. Normalisation is inside the graphs. */

/**
 * Spread `pixels`, interleaved RGB or RGBA [side, side, channels], into `planes` [1, 3, side, side], which is written
 * over, so that frames need no memory anew.
 */
export function toPlanes(pixels: Uint8Array | Uint8ClampedArray, channels: 3 | 4, planes: Float32Array): void {
  const area = planes.length / 3
  for (let red = 0, green = area, blue = 2 * area, from = 0; red < area; red++, green++, blue++, from += channels) {
    planes[red] = pixels[from]!
    planes[green] = pixels[from + 1]!
    planes[blue] = pixels[from + 2]!
  }
}
