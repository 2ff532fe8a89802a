package dev.vitexport.core.frames

import java.util.concurrent.Executor
import java.util.concurrent.Executors
import java.util.concurrent.RejectedExecutionException
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import org.junit.Test

private class Frame(val number: Int, val at: Int = 0) : AutoCloseable {
    val closed = AtomicInteger()

    override fun close() {
        closed.incrementAndGet()
    }
}

/** Runs a task when it is told to. */
private class HeldExecutor : Executor {
    private val tasks = ArrayDeque<Runnable>()

    override fun execute(task: Runnable) = tasks.addLast(task)

    fun runNext() = tasks.removeFirst().run()

    val isEmpty get() = tasks.isEmpty()
}

class LatestFrameGateTest {
    private val executor = HeldExecutor()
    private val begun = mutableListOf<Int>()
    private val errors = mutableListOf<Throwable>()

    /** What happens while a frame is in flight */
    private var meanwhile: (Frame) -> Unit = {}
    private val gate = LatestFrameGate<Frame>(
        executor,
        { frame ->
            begun += frame.number
            meanwhile(frame)
        },
        { errors += it },
    )

    @Test
    fun `a frame that comes while another is in flight waits`() {
        meanwhile = { if (it.number == 0) gate.offer(Frame(1)) }
        gate.offer(Frame(0))
        executor.runNext()
        assertEquals(listOf(0), begun)
        executor.runNext()
        assertEquals(listOf(0, 1), begun)
        assertEquals(0, gate.dropped)
        assertTrue(executor.isEmpty)
    }

    @Test
    fun `the newest frame takes the place of the one that waits, which is closed and counted`() {
        val frames = List(4) { Frame(it) }
        meanwhile = { if (it.number == 0) frames.drop(1).forEach(gate::offer) }
        gate.offer(frames[0])
        executor.runNext()
        assertEquals(listOf(1, 1, 1, 0), frames.map { it.closed.get() })
        executor.runNext()
        assertEquals(listOf(0, 3), begun)
        assertEquals(2, gate.dropped)
        assertEquals(listOf(1, 1, 1, 1), frames.map { it.closed.get() })
    }

    @Test
    fun `a frame that fails is reported, and the next has its turn`() {
        val failing = Frame(0)
        meanwhile = {
            if (it.number == 0) {
                gate.offer(Frame(1))
                throw OutOfMemoryError("out of memory")
            }
        }
        gate.offer(failing)
        executor.runNext()
        assertEquals(listOf("out of memory"), errors.map { it.message })
        assertEquals(1, failing.closed.get())
        executor.runNext()
        assertEquals(listOf(0, 1), begun)
    }

    @Test
    fun `a frame that waits can be given up, and the gate is drained once the one in flight ends`() {
        val waiting = Frame(1)
        meanwhile = {
            gate.offer(waiting)
            gate.clear()
            assertFalse(gate.awaitDrained(1))
        }
        gate.offer(Frame(0))
        executor.runNext()
        assertTrue(gate.awaitDrained(0))
        assertEquals(listOf(0), begun)
        assertEquals(1, waiting.closed.get())
    }

    @Test
    fun `a frame that comes after the executor was shut down is closed`() {
        val late = Frame(0)
        val gate = LatestFrameGate<Frame>({ throw RejectedExecutionException() }, {}, {})
        gate.offer(late)
        assertEquals(1, late.closed.get())
        assertTrue(gate.awaitDrained(0))
    }

    @Test
    fun `with a model of 200 ms one frame is in flight, and masks are at most two of its periods old`() {
        val cameraMs = 33
        val modelMs = 200
        var now = 0
        var inFlight: Frame? = null
        val frames = mutableListOf<Frame>()
        val ages = mutableListOf<Int>()
        lateinit var gate: LatestFrameGate<Frame>
        gate = LatestFrameGate(
            executor,
            { frame ->
                check(inFlight == null) { "two frames are in flight" }
                inFlight = frame
                repeat(modelMs) {
                    now++
                    if (now % cameraMs == 0) gate.offer(Frame(frames.size, now).also { frames += it })
                }
                inFlight = null
                ages += now - frame.at
            },
            { throw it },
        )
        gate.offer(Frame(0).also { frames += it })
        while (now < 10_000) executor.runNext()

        assertTrue(ages.size >= 47, "${ages.size} masks in 10 s")
        assertTrue(ages.max() <= 2 * modelMs, "the oldest was ${ages.max()} ms old")
        val open = frames.count { it.closed.get() == 0 }
        assertTrue(open <= 2, "$open frames hold memory")
        assertEquals((frames.size - ages.size - open).toLong(), gate.dropped)
        assertTrue(frames.all { it.closed.get() <= 1 })
    }

    @Test
    fun `under load from several threads each frame is closed once, one is in flight, and none is stranded`() {
        val inFlight = AtomicInteger()
        val most = AtomicInteger()
        val worked = AtomicInteger()
        val frames = List(4) { List(20_000) { number -> Frame(number) } }
        val model = Executors.newFixedThreadPool(3)
        val gate = LatestFrameGate<Frame>(
            model,
            {
                most.accumulateAndGet(inFlight.incrementAndGet(), ::maxOf)
                worked.incrementAndGet()
                inFlight.decrementAndGet()
            },
            { throw it },
        )
        frames.map { of -> thread { of.forEach(gate::offer) } }.forEach(Thread::join)
        assertTrue(gate.awaitDrained(10_000))
        model.shutdown()
        assertTrue(model.awaitTermination(10, TimeUnit.SECONDS))
        assertEquals(1, most.get())
        assertTrue(frames.flatten().all { it.closed.get() == 1 })
        assertEquals(frames.flatten().size.toLong(), worked.get() + gate.dropped)
    }
}
