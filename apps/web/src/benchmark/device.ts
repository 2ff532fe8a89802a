/**
 * What a browser tells of its device: a model where it has one to tell, the system, and the browser itself. Nothing of
 * it leaves the device unless the user saves or sends a result.
 */

/** Names and versions as the latency database has them; "" where the browser does not tell. */
export interface DeviceFacts {
  /** Such as "Pixel 8"; where no browser tells, what kind of device it is, for the user to put right */
  readonly model: string
  /** Such as "Android 14" */
  readonly os: string
  /** Such as "Chrome 140" */
  readonly browser: string
}

/** User-agent client hints, of which TypeScript has no types: Chromium's browsers have them on secure pages. */
export interface Hints {
  readonly brands: readonly { readonly brand: string; readonly version: string }[]
  readonly platform: string
  readonly platformVersion?: string
  readonly model?: string
}

interface WithHints {
  readonly userAgentData?: { getHighEntropyValues(names: readonly string[]): Promise<Hints> }
}

/** This device. */
export async function thisDevice(): Promise<DeviceFacts> {
  const { userAgentData } = navigator as WithHints
  const hints = await userAgentData?.getHighEntropyValues(['model', 'platformVersion']).catch(() => undefined)
  return deviceOf(navigator.userAgent, hints)
}

/** By its client hints where there are any, else by its user agent. */
export function deviceOf(userAgent: string, hints?: Hints): DeviceFacts {
  const browser = (hints && browserOfBrands(hints)) || browserOfAgent(userAgent)
  const os = (hints && systemOfHints(hints)) || systemOfAgent(userAgent)
  return { model: hints?.model || modelOfAgent(userAgent), os, browser }
}

/** Brand -> name, of browsers that are called otherwise than their brands; all of them are "Chromium", too */
const BRANDS: ReadonlyMap<string, string> = new Map([
  ['Microsoft Edge', 'Edge'],
  ['Google Chrome', 'Chrome'],
  ['HeadlessChrome', 'Chromium'],
])

/** A brand that is no browser's, in ever other signs: "Not=A?Brand" (https://wicg.github.io/ua-client-hints/#grease) */
const MADE_UP = /not.a.brand/i

/** What a user agent has before a browser's version -> its name, those first that call themselves by others' names, too */
const AGENTS: ReadonlyMap<string, string> = new Map([
  ['Edg', 'Edge'],
  ['EdgA', 'Edge'],
  ['EdgiOS', 'Edge'],
  ['OPR', 'Opera'],
  ['SamsungBrowser', 'Samsung Internet'],
  ['Firefox', 'Firefox'],
  ['FxiOS', 'Firefox'],
  ['HeadlessChrome', 'Chromium'],
  ['CriOS', 'Chrome'],
  ['Chrome', 'Chrome'],
  ['Version', 'Safari'],
])

function browserOfBrands({ brands }: Hints): string {
  const told = brands.filter(({ brand }) => !MADE_UP.test(brand))
  const found = told.find(({ brand }) => brand !== 'Chromium') ?? told[0]
  return found === undefined ? '' : `${BRANDS.get(found.brand) ?? found.brand} ${major(found.version)}`
}

function browserOfAgent(agent: string): string {
  for (const [word, name] of AGENTS) {
    const found = new RegExp(`\\b${word}/(\\d+)`).exec(agent)
    if (found !== null) return `${name} ${found[1]}`
  }
  return 'Browser'
}

/** Windows 11 calls itself 13 and above. */
function systemOfHints({ platform, platformVersion = '' }: Hints): string {
  if (!/^\d/.test(platformVersion)) return ''
  if (platform === 'Windows') return Number(major(platformVersion)) >= 13 ? 'Windows 11' : 'Windows 10'
  return `${platform} ${platformVersion.replace(/(\.0)+$/, '')}`
}

/** Of systems whose version browsers do not make up: Macs have been 10.15.7, and PCs Windows NT 10, for years. */
function systemOfAgent(agent: string): string {
  const android = /Android (\d+)/.exec(agent)
  if (android !== null) return `Android ${android[1]}`
  const ios = /(?:iPhone )?OS (\d+)_(\d+)/.exec(/iPhone|iPad/.test(agent) ? agent : '')
  return ios === null ? '' : `iOS ${ios[1]}.${ios[2]}`
}

/** What a user agent has -> what kind of device that is */
const KINDS: ReadonlyMap<string, string> = new Map([
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Android', 'Android phone'],
  ['Macintosh', 'Mac'],
  ['Windows', 'Windows computer'],
  ['Linux', 'Linux computer'],
])

function modelOfAgent(agent: string): string {
  for (const [word, kind] of KINDS) if (agent.includes(word)) return kind
  return 'Device'
}

function major(version: string): string {
  return version.split('.', 1)[0] ?? ''
}
