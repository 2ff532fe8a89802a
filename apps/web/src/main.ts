/** Puts the app together, and opens what the server offers first. */

import './styles/base.css'
import './styles/frame.css'
import './styles/track.css'

import { catalogue } from './catalogue.ts'
import { CrashMemory, ownStorage } from './crash_memory.ts'
import { Offline } from './offline/offline.ts'
import { Notices } from './view/notices.ts'
import { Opening } from './view/opening.ts'
import { AboutScreen } from './view/screens/about.ts'
import { BenchmarkScreen } from './view/screens/benchmark.ts'
import { PackScreen } from './view/screens/pack.ts'
import { SelfTestScreen } from './view/screens/self_test.ts'
import { TrackScreen } from './view/screens/track.ts'
import { Shell } from './view/shell.ts'
import { Workbench } from './workbench.ts'

const PLAIN_HTTP =
  'This page came over plain HTTP, so the browser gives it no camera, only one thread, and no offline use: ' +
  'vitexport serve app --https changes that.'
const NOT_ISOLATED =
  'This server does not isolate its pages (COOP and COEP), so the browser gives this one a single thread: ' +
  'vitexport serve app changes that.'

const offline = new Offline()
const crashes = new CrashMemory(ownStorage())
window.addEventListener('pagehide', () => crashes.finished())
const workbench = new Workbench(crashes)
const notices = new Notices()
const opening = new Opening(workbench, notices)
const track = new TrackScreen(workbench, opening, notices)
const pack = new PackScreen(workbench, notices)
const screens = [
  track,
  new SelfTestScreen(workbench, notices),
  new BenchmarkScreen(workbench, notices),
  pack,
  new AboutScreen(workbench, opening, () => offline.sentence),
]
const shell = new Shell(document.body, screens, notices)
workbench.onChange(() => shell.opened(workbench.opened))
shell.show(track)
if (!window.isSecureContext) notices.say(PLAIN_HTTP)
else if (!window.crossOriginIsolated) notices.say(NOT_ISOLATED)

// What is fetched after that, runtimes among it, is kept for when there is no network.
const offered = offline.ready().then(() => catalogue(new URL('.', location.href).href))
void offered.then(({ packs }) => pack.offer(packs))
await opening.offer(offered.then(({ bundles }) => bundles))
