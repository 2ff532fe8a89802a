/** Whether this device's masks are those of PyTorch: the bundle's sequence, followed from the file and compared. */

/** The least mask IoU of any frame that passes */
export const LEAST_IOU = 0.999

export interface SelfTestResult {
  readonly pass: boolean
  /** Of the worst frame of all objects */
  readonly iou: number
  /** Largest |a − b| of the mask logits */
  readonly maxAbs: number
  readonly frames: number
  /** Whether it was stopped before the last frame, and so proves less */
  readonly stopped: boolean
  /** One sentence: what agreed, or where it did not */
  readonly detail: string
}
