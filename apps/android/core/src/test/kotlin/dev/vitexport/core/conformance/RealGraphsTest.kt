package dev.vitexport.core.conformance

import dev.vitexport.core.runners.PipeRunner
import dev.vitexport.core.runners.realBundle
import dev.vitexport.core.tracker.TrackerGraph
import dev.vitexport.core.tracker.TrackerGraphs
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import org.junit.Test

class RealGraphsTest {
    private val bundle = realBundle()
    private val state = bundle.manifest.state
    private val sequence = readSequence(bundle)

    private fun graphsIn(format: String): TrackerGraphs {
        fun graph(which: TrackerGraph) = bundle.manifest.graphs.find { it.name == which.word }?.let { graph ->
            PipeRunner(
                mapOf("format" to format, "graph" to graph.name),
                graph.inputs.map { it.spec },
                graph.outputs.map { it.spec },
            )
        }
        return TrackerGraphs(
            graph(TrackerGraph.ENCODE_IMAGE)!!,
            graph(TrackerGraph.PROMPT_POINTS)!!,
            graph(TrackerGraph.TRACK_STEP)!!,
            graph(TrackerGraph.TRACK_FIRST),
        )
    }

    private fun followed(graphs: TrackerGraphs, frames: Int = sequence.frames): SelfTestResult {
        var done = 0
        return selfTest(graphs, state, sequence) { _, _ -> done++ < frames }
    }

    private fun agrees(format: String) {
        val result = followed(graphsIn(format))
        assertTrue(result.pass, result.detail)
        assertEquals(sequence.frames to false, result.frames to result.stopped)
        assertTrue(result.iou >= 0.999 && result.maxAbs < 0.1, result.detail)
    }

    private fun fails(graphs: TrackerGraphs, frames: Int) {
        val result = followed(graphs, frames)
        assertTrue(!result.pass && result.iou < 0.99, result.detail)
        assertContains(result.detail, "and 0.999 is the least that passes")
    }

    @Test
    fun `every mask is that of PyTorch with onnx`() = agrees("onnx")

    @Test
    fun `every mask is that of PyTorch with tflite`() = agrees("tflite")

    @Test
    fun `every mask is that of PyTorch with executorch`() = agrees("executorch")

    @Test
    fun `a state that is not advanced fails`() = fails(stateNotAdvanced(graphsIn("onnx"), state), frames = 12)

    @Test
    fun `a state in the wrong slots fails`() = fails(wrongSlot(graphsIn("onnx"), state), frames = 12)

    @Test
    fun `an output array that a later run overwrites fails`() = fails(staleOutputBuffer(graphsIn("onnx")), frames = 6)

    @Test
    fun `a frame that is turned fails`() = fails(rotatedFrame(graphsIn("onnx")), frames = 3)
}
