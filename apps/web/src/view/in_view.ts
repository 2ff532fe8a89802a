/** What is timed is timed in view: the screen stays on, and browsers slow down a page that nobody sees. */

const HIDDEN =
  'The app was out of view meanwhile, where browsers slow it down, so its times mean nothing: run it again, and leave ' +
  'the app in view.'

/** Do what takes long. Throws where the page is hidden meanwhile, for which it is stopped, and what `work` throws. */
export async function inView<Result>(work: () => Promise<Result>, stop: () => void): Promise<Result> {
  const lock = await navigator.wakeLock?.request('screen').catch(() => null) // a low battery may refuse
  let hidden = document.hidden
  const look = () => {
    hidden ||= document.hidden
    if (hidden) stop()
  }
  document.addEventListener('visibilitychange', look)
  try {
    const result = await work()
    if (hidden) throw new Error(HIDDEN)
    return result
  } finally {
    document.removeEventListener('visibilitychange', look)
    await lock?.release()
  }
}
