package dev.vitexport.core.frames

import java.util.concurrent.Executor
import java.util.concurrent.RejectedExecutionException
import java.util.concurrent.TimeUnit
import java.util.concurrent.locks.ReentrantLock
import kotlin.concurrent.withLock

/**
 * Between a camera that does not wait and a model that takes its time: one frame is in flight, the newest waits, and
 * older ones are dropped. So what is shown is as fresh as the model allows, and memory does not grow.
 *
 * `work` has one frame at a time, each in a task of its own on `executor`, whose other tasks have their turns between
 * them. What it throws goes to `failed`, on the executor too, and the next frame has its turn. A frame, such as an
 * `Image` of a camera, holds memory until it is closed, which is done here once it was worked on or dropped. All
 * methods may be called from any thread.
 */
class LatestFrameGate<Frame : AutoCloseable>(
    private val executor: Executor,
    private val work: (Frame) -> Unit,
    private val failed: (Throwable) -> Unit,
) {
    private val lock = ReentrantLock()
    private val idle = lock.newCondition()
    private val task = Runnable(::runOne)
    private var waiting: Frame? = null
    private var running = false
    private var gaveWay = 0L

    /** How many frames gave way to newer ones */
    val dropped: Long get() = lock.withLock { gaveWay }

    /** Take a frame. One that comes after the executor was shut down is closed. */
    fun offer(frame: Frame) {
        val starts = lock.withLock {
            waiting?.let {
                it.close()
                gaveWay++
            }
            waiting = frame
            !running.also { running = true }
        }
        if (starts) schedule()
    }

    /** Give up the frame that waits; the one in flight ends. */
    fun clear() = lock.withLock {
        waiting?.close()
        waiting = null
    }

    /** Wait until no frame is in flight and none waits; false where that takes longer. Not on the executor's thread. */
    fun awaitDrained(timeoutMs: Long): Boolean = lock.withLock {
        var left = TimeUnit.MILLISECONDS.toNanos(timeoutMs)
        while (running && left > 0) left = idle.awaitNanos(left)
        !running
    }

    private fun schedule() {
        try {
            executor.execute(task)
        } catch (_: RejectedExecutionException) {
            lock.withLock {
                clear()
                rest()
            }
        }
    }

    private fun runOne() {
        val frame = lock.withLock { waiting.also { waiting = null } }
        try {
            frame?.use(work)
        } catch (error: Throwable) {
            failed(error)
        } finally {
            val goesOn = lock.withLock { (waiting != null).also { if (!it) rest() } }
            if (goesOn) schedule()
        }
    }

    private fun rest() {
        running = false
        idle.signalAll()
    }
}
