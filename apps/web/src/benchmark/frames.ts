/**
 * Frames for a benchmark: drawn, so that every device is given the same, and of a camera's size, so that resizing is
 * timed as well.
 */

/** As cameras give where they are asked for nothing */
const WIDTH = 640
const HEIGHT = 480

/** Frames of one turn of the disc */
const TURN = 24

/** A disc on its way around a striped ground; the worker's, which closes them. */
export function syntheticFrames(): readonly ImageBitmap[] {
  return Array.from({ length: TURN }, (_, place) => drawn(place))
}

/** Where the disc is in the first frame, in shares of width and height */
export const DISC = centre(0)

function centre(place: number): { readonly x: number; readonly y: number } {
  const angle = (2 * Math.PI * place) / TURN
  return { x: 0.5 + 0.2 * Math.cos(angle), y: 0.5 + 0.2 * Math.sin(angle) }
}

function drawn(place: number): ImageBitmap {
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT)
  const context = canvas.getContext('2d', { alpha: false })
  if (context === null) throw new Error('the browser gives no canvas to a worker')
  const ground = context.createLinearGradient(0, 0, WIDTH, HEIGHT)
  ground.addColorStop(0, '#24506b')
  ground.addColorStop(1, '#8fae7c')
  context.fillStyle = ground
  context.fillRect(0, 0, WIDTH, HEIGHT)
  context.fillStyle = '#5b6770'
  for (let left = 0; left < WIDTH; left += 80) context.fillRect(left, 0, 24, HEIGHT)
  const { x, y } = centre(place)
  context.fillStyle = '#e4572e'
  context.beginPath()
  context.arc(x * WIDTH, y * HEIGHT, HEIGHT / 6, 0, 2 * Math.PI)
  context.fill()
  return canvas.transferToImageBitmap()
}
