package dev.vitexport.core.tracker

import com.sun.management.ThreadMXBean
import dev.vitexport.core.frames.Plane
import dev.vitexport.core.frames.Rotation
import dev.vitexport.core.frames.YuvToImage
import dev.vitexport.core.runners.GraphRunner
import dev.vitexport.core.runners.TensorSpec
import dev.vitexport.core.runners.Tensors
import dev.vitexport.core.runners.floats
import java.lang.management.ManagementFactory
import java.nio.ByteBuffer
import kotlin.test.assertTrue
import org.junit.Test

/** Bytes that the work takes each time, on this thread, once it is warm. */
private fun bytesOf(work: () -> Unit): Long {
    val threads = ManagementFactory.getThreadMXBean() as ThreadMXBean
    val rounds = 200
    repeat(rounds) { work() }
    val before = threads.getThreadAllocatedBytes(Thread.currentThread().id)
    repeat(rounds) { work() }
    return (threads.getThreadAllocatedBytes(Thread.currentThread().id) - before) / rounds
}

class AllocationTest {
    private val counting = CountingGraphs()

    /** A graph that writes nothing, so that what is taken is taken by the tracker. */
    private fun idle(graph: GraphRunner) = object : GraphRunner {
        override val inputs: List<TensorSpec> = graph.inputs
        override val outputs: List<TensorSpec> = graph.outputs
        override fun run(inputs: Tensors, outputs: Tensors) = Unit
        override fun close() = Unit
    }

    @Test
    fun `a frame without prompts takes no memory`() {
        val graphs = counting.run { TrackerGraphs(idle(encodeImage), idle(promptPoints), idle(trackStep)) }
        val tracker = Tracker(graphs, STATE)
        val image = floats(3)
        tracker.follow(image, listOf(1, 2).map { PromptRequest(it, listOf(PromptPoint(0f, 0f, Label.ON))) })
        val bytes = bytesOf { tracker.follow(image) }
        assertTrue(bytes < 16, "a frame takes $bytes bytes")
    }

    @Test
    fun `a picture is resized without memory of its own`() {
        val resize = YuvToImage(64, 48, 32, Rotation.RIGHT)
        val luma = Plane(ByteBuffer.allocateDirect(64 * 48), 64, 1)
        val chroma = Plane(ByteBuffer.allocateDirect(32 * 24), 32, 1)
        val image = floats(3 * 32 * 32)
        val bytes = bytesOf { resize.write(luma, chroma, chroma, image) }
        assertTrue(bytes < 16, "a picture takes $bytes bytes")
    }
}
