/** Where a picture lies in the element that shows it whole, and which of its places a finger or a mouse is at. */

export interface Size {
  readonly width: number
  readonly height: number
}

export interface Place {
  readonly x: number
  readonly y: number
}

/** The largest place for a picture of one size in the middle of a box of another, mirrored or not */
export class Placement {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly mirrored: boolean

  constructor(box: Size, picture: Size, mirrored: boolean) {
    const scale = Math.min(box.width / picture.width, box.height / picture.height)
    this.width = picture.width * scale
    this.height = picture.height * scale
    this.left = (box.width - this.width) / 2
    this.top = (box.height - this.height) / 2
    this.mirrored = mirrored
  }

  /** A place in the box -> in the picture, 0 to 1 each way; on the nearest edge where it is beside the picture */
  toPicture({ x, y }: Place): Place {
    const across = Math.min(Math.max((x - this.left) / this.width, 0), 1)
    return { x: this.mirrored ? 1 - across : across, y: Math.min(Math.max((y - this.top) / this.height, 0), 1) }
  }

  /** The inverse of `toPicture` */
  toBox({ x, y }: Place): Place {
    return { x: this.left + (this.mirrored ? 1 - x : x) * this.width, y: this.top + y * this.height }
  }

  /** Whether a place in the box is on the picture */
  holds({ x, y }: Place): boolean {
    return x >= this.left && y >= this.top && x <= this.left + this.width && y <= this.top + this.height
  }
}
