/** The battery, where a browser tells of it: a device that is low on it slows down. */

export interface Battery {
  /** 0 to 1 */
  readonly level: number
  readonly charging: boolean
}

interface WithBattery {
  getBattery?(): Promise<Battery>
}

/** The battery now; null where the browser does not tell. */
export async function battery(): Promise<Battery | null> {
  const found = await (navigator as WithBattery).getBattery?.().catch(() => null)
  return found ? { level: found.level, charging: found.charging } : null
}
