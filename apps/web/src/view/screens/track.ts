/** The main screen: a camera, a video or a picture, objects that are pointed at, and their masks. */

import type { Engine } from '../../engine/client.ts'
import { Follower, type FollowedFrame } from '../../following/follower.ts'
import { Objects } from '../../following/objects.ts'
import { SavedMasks } from '../../following/saved_masks.ts'
import { Stats } from '../../following/stats.ts'
import { Camera, type Facing } from '../../frames/camera.ts'
import type { FrameSource } from '../../frames/frame_source.ts'
import { PictureFile } from '../../frames/picture_file.ts'
import { VideoFile } from '../../frames/video_file.ts'
import type { Workbench } from '../../workbench.ts'
import { ConfigurationChoice } from '../configuration_choice.ts'
import { element } from '../element.ts'
import { EmptyStage } from '../empty_stage.ts'
import { FileChoices } from '../file_choices.ts'
import { LiveFigures } from '../live_figures.ts'
import type { Notices } from '../notices.ts'
import { ObjectChips } from '../object_chips.ts'
import type { Opening } from '../opening.ts'
import type { Place } from '../placement.ts'
import { save } from '../save_file.ts'
import type { Screen } from '../shell.ts'
import { Stage } from '../stage.ts'
import { type PointMode, TrackControls } from '../track_controls.ts'
import { stem } from '../words.ts'

const HINT = 'Tap an object, or drag a box around it.'
const NOT_OPEN = 'No bundle is open: open one on the About screen.'

export class TrackScreen implements Screen {
  readonly name = 'Track'
  readonly icon = 'track'
  readonly element: HTMLElement
  readonly #workbench: Workbench
  readonly #notices: Notices
  readonly #objects = new Objects(() => this.#changed())
  readonly #stats = new Stats()
  readonly #masks = new SavedMasks()
  readonly #figures = new LiveFigures(this.#stats, () => this.#source?.period ?? null)
  readonly #chips = new ObjectChips(this.#objects, (id) => this.#delete(id))
  readonly #choices: FileChoices
  readonly #controls: TrackControls
  readonly #empty: EmptyStage
  readonly #stage: Stage
  #follower: Follower
  #source: FrameSource | null = null
  /** The camera that was left for another screen, and whether it was followed; null if none was */
  #left: { readonly facing: Facing; readonly running: boolean } | null = null
  /** Resolves when a camera that is left is off */
  #leaving: Promise<void> = Promise.resolve()
  #mode: PointMode = 'add'
  #severalCameras = false
  /** Of sources that a person chose: one that opens after another was chosen is not shown. */
  #choice = 0
  /** What is being opened or loaded, in words */
  #busy: string | null = null

  constructor(workbench: Workbench, opening: Opening, notices: Notices) {
    this.#workbench = workbench
    this.#notices = notices
    this.#follower = this.#following(workbench.engine)
    this.#choices = new FileChoices({
      goTo: (time) => this.#tell(() => this.#goTo(time)),
      save: () => this.#tell(() => this.#save()),
    })
    this.#empty = new EmptyStage(workbench, opening, {
      camera: () => this.#tell(() => this.#useCamera('environment')),
      file: () => this.#controls.chooseFile(),
    })
    this.#stage = new Stage(this.#objects, () => this.#follower.still, {
      point: (at) => this.#tell(() => this.#point(at)),
      box: (upperLeft, lowerRight) => this.#tell(() => this.#box(upperLeft, lowerRight)),
    }, this.#empty.element)
    this.#controls = new TrackControls({
      camera: () => this.#tell(() => this.#useCamera('environment')),
      flip: () => this.#tell(() => this.#flip()),
      file: (file) => this.#tell(() => this.#useFile(file)),
      playOrPause: () => this.#tell(() => this.#playOrPause()),
      toStart: () => this.#tell(() => this.#goTo(0)),
      mode: (mode) => {
        this.#mode = mode
        this.#changed()
      },
      clear: () => this.#tell(() => this.#clear()),
    })
    const choice = new ConfigurationChoice(workbench, (configuration) => this.#tell(async () => {
      await this.#follower.stop()
      await opening.configure(configuration)
      choice.update()
    }))
    this.element = element(
      'section', { class: 'track' },
      this.#stage.element,
      element(
        'div', { class: 'panel' },
        this.#chips.element, this.#controls.element, this.#choices.element, this.#figures.element,
        element('details', { class: 'settings' }, element('summary', {}, 'How it runs'), choice.element),
        this.#chips.news,
      ),
    )
    workbench.onChange(() => this.#reopened())
    opening.onProgress((what) => {
      this.#busy = what === null ? null : `${what} …`
      this.#changed()
    })
    this.#changed()
  }

  shown(): void {
    this.#tell(() => this.#comeBack())
  }

  hidden(): void {
    const running = this.#follower.goesOn
    this.#leaving = this.#tell(async () => {
      await this.#follower.stop()
      // A camera that nobody looks at is off.
      if (!(this.#source instanceof Camera)) return
      const { facing } = this.#source
      await this.#turnTo(null)
      this.#left = { facing, running }
    })
  }

  #following(engine: Engine): Follower {
    return new Follower(engine, this.#objects, {
      followed: (frame) => this.#followed(frame),
      moved: () => this.#changed(),
      failed: (error) => {
        // What an engine of before did not finish is nobody's loss.
        if (engine === this.#workbench.engine) this.#notices.fail(error)
      },
    })
  }

  /** Another engine knows nothing of the objects; the picture stays. */
  #reopened(): void {
    void this.#follower.stop()
    this.#follower = this.#following(this.#workbench.engine)
    this.#follower.source = this.#source
    this.#stage.size = this.#workbench.opened?.summary.imageSize ?? 1
    this.#masks.clear()
    this.#stats.clear()
    this.#figures.update()
    this.#objects.clear()
  }

  #followed({ tracked, times, index, time }: FollowedFrame): void {
    const source = this.#source
    if (source !== null && source.kind !== 'camera' && index !== null) {
      this.#masks.keep(index, time, tracked.objects, source.width, source.height)
    }
    this.#stats.add(times)
    this.#figures.update()
    this.#objects.see(tracked)
  }

  async #useCamera(facing: Facing): Promise<void> {
    const choice = ++this.#choice
    await this.#use(null)
    const camera = await this.#opened(facing, choice)
    if (camera === null) return
    await this.#use(camera)
    this.#severalCameras = await Camera.several()
    if (this.#source === camera) await this.#follower.play(camera)
  }

  /** Null where permission came when the person looked at another screen, or had chosen something else meanwhile */
  async #opened(facing: Facing, choice: number): Promise<Camera | null> {
    const camera = await Camera.open(facing)
    if (choice === this.#choice && !this.element.hidden) return camera
    camera.stop()
    return null
  }

  /** To the camera that was left: its objects are looked for in what it shows now. */
  async #comeBack(): Promise<void> {
    await this.#leaving
    const left = this.#left
    if (left === null || this.element.hidden) return
    this.#workbench.refuseWhileOccupied()
    const camera = await this.#opened(left.facing, ++this.#choice)
    if (camera === null) return
    await this.#turnTo(camera)
    this.#objects.elsewhere()
    if (left.running) await this.#follower.play(camera)
    else camera.pause()
  }

  async #flip(): Promise<void> {
    if (!(this.#source instanceof Camera)) return
    await this.#useCamera(this.#source.facing === 'user' ? 'environment' : 'user')
  }

  async #useFile(file: File): Promise<void> {
    const choice = ++this.#choice
    const source = await (file.type.startsWith('image/') ? PictureFile.open(file) : VideoFile.open(file))
    if (choice === this.#choice) await this.#use(source)
    else source.stop()
  }

  /** Show another source; what was followed in the last is forgotten. */
  async #use(source: FrameSource | null): Promise<void> {
    await this.#turnTo(source)
    await this.#clear()
    this.#stats.clear()
    this.#figures.update()
    this.#stage.focus()
  }

  /** Show another source, and keep the objects. */
  async #turnTo(source: FrameSource | null): Promise<void> {
    await this.#follower.stop()
    this.#source?.stop()
    this.#source = source
    this.#left = null
    this.#follower.source = source
    this.#choices.source = source
    this.#stage.show(source)
  }

  async #playOrPause(): Promise<void> {
    this.#workbench.refuseWhileOccupied()
    const source = this.#source
    if (this.#follower.running) {
      await this.#follower.stop()
      return
    }
    if (source instanceof VideoFile && source.ended) await this.#goTo(0)
    if (source instanceof VideoFile && this.#choices.everyFrame) this.#follower.everyFrame(source)
    else if (source instanceof Camera || source instanceof VideoFile) {
      this.#masks.clear()
      await this.#follower.play(source)
    }
  }

  /** Masks are numbered from the frame that one goes to. */
  async #goTo(time: number): Promise<void> {
    if (!(this.#source instanceof VideoFile)) return
    await this.#follower.stop()
    await this.#source.seek(time)
    this.#follower.began()
    this.#masks.clear()
    this.#objects.elsewhere()
  }

  async #point({ x, y }: Place): Promise<void> {
    const { size, still } = this.#promptable()
    this.#objects.point(x * size, y * size, this.#mode === 'add' ? 1 : 0, still)
    await this.#follower.prompted()
  }

  async #box(upperLeft: Place, lowerRight: Place): Promise<void> {
    const { size, still } = this.#promptable()
    this.#objects.box(upperLeft.x * size, upperLeft.y * size, lowerRight.x * size, lowerRight.y * size, still)
    await this.#follower.prompted()
  }

  #promptable(): { readonly size: number; readonly still: number | null } {
    this.#workbench.refuseWhileOccupied()
    if (this.#workbench.opened === null) throw new Error(NOT_OPEN)
    return { size: this.#workbench.opened.summary.imageSize, still: this.#follower.still }
  }

  async #save(): Promise<void> {
    const name = this.#source instanceof VideoFile ? stem(this.#source.name) : 'picture'
    save(await this.#masks.zip(), `${name}-masks.zip`)
  }

  #delete(id: number): void {
    this.#objects.delete(id)
    this.#tell(() => this.#workbench.engine.ask('forget', { object: id }))
  }

  async #clear(): Promise<void> {
    this.#objects.clear()
    this.#masks.clear()
    this.#follower.recount()
    this.#mode = 'add'
    this.#changed()
    await this.#workbench.engine.ask('forget', { object: 'all' })
  }

  /** Do something that a person asked for, and say it where it fails. */
  async #tell(act: () => unknown): Promise<void> {
    try {
      await act()
    } catch (error) {
      this.#notices.fail(error)
    }
  }

  #changed(): void {
    this.#chips.hint = this.#busy ?? (this.#workbench.opened === null ? NOT_OPEN : HINT)
    this.#chips.update()
    this.#choices.update(this.#follower.running, this.#masks.count)
    this.#controls.update({
      source: this.#source?.kind ?? null,
      running: this.#follower.running,
      mode: this.#mode,
      severalCameras: this.#severalCameras,
      objects: this.#objects.list.length,
    })
    this.#stage.draw()
  }
}
