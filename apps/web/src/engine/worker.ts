/** The worker's end: answers requests in their order, one at a time; `stop` alone reaches the one that runs. */

import { BundleError } from '../bundle/bundle_error.ts'
import { SourceError } from '../bundle/source.ts'
import { PackError } from '../packs/manifest.ts'
import { RunnerError } from '../runners/graph_runner.ts'
import { PromptError } from '../tracker/prompt.ts'
import { EngineError } from './engine_error.ts'
import type { CallName, Calls, Reply, Request } from './messages.ts'
import type { Progress } from './progress.ts'
import { Session } from './session.ts'

type Answers = {
  readonly [Name in Exclude<CallName, 'stop'>]: (
    ask: Calls[Name]['ask'],
    progress: Progress,
  ) => Promise<Calls[Name]['answer']>
}

const session = new Session()

const answers: Answers = {
  open: ({ source }) => session.open(source),
  load: ({ configuration }) => session.load(configuration),
  async track(ask) {
    try {
      return await session.track(ask)
    } finally {
      ask.image.close() // its memory is not the collector's
    }
  },
  async forget({ object }) {
    session.forget(object)
    return {}
  },
  selfTest: (_, progress) => session.selfTest(progress),
  benchmark: ({ seconds }, progress) => session.benchmark(seconds, progress),
  pack: (ask, progress) => session.pack(ask, progress),
}

/** Whose messages are already a sentence for the user */
const SAID = [BundleError, SourceError, RunnerError, EngineError, PackError, PromptError]

function sentence(error: unknown): string {
  if (SAID.some((known) => error instanceof known)) return (error as Error).message
  return `Something went wrong (${error instanceof Error ? error.message : error}); reload the page.`
}

/** The last `stop`: it stops requests that came before, which have smaller numbers. */
let stoppedBefore = 0

/** Messages come in between tasks only, and however often a runtime's work is awaited, it all is one task. */
const { port1: here, port2: there } = new MessageChannel()

function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    here.onmessage = () => resolve()
    there.postMessage(null)
  })
}

function reply(message: Reply): void {
  postMessage(message)
}

async function answer({ id, call, ask }: Exclude<Request, { call: 'stop' }>): Promise<void> {
  const progress: Progress = async (share, what) => {
    reply({ id, progress: share, what })
    await nextTask()
    return id > stoppedBefore
  }
  try {
    // That `ask` is what this call takes holds for each pair of the two, which types of unions do not say.
    const answering = answers[call] as (ask: unknown, progress: Progress) => Promise<Calls[CallName]['answer']>
    reply({ id, answer: await answering(ask, progress) })
  } catch (error) {
    reply({ id, error: sentence(error) })
  }
}

let last: Promise<void> = Promise.resolve()

addEventListener('message', ({ data: request }: MessageEvent<Request>) => {
  if (request.call === 'stop') {
    stoppedBefore = request.id
    reply({ id: request.id, answer: {} })
    return
  }
  last = last.then(() => answer(request as never))
})
