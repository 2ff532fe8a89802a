package dev.vitexport.core.benchmark

import dev.vitexport.core.bundle.BundleSource
import dev.vitexport.core.bundle.FolderSource
import dev.vitexport.core.bundle.Processors
import dev.vitexport.core.bundle.ZipSource
import dev.vitexport.core.bundle.configurationsOf
import dev.vitexport.core.conformance.readSequence
import dev.vitexport.core.conformance.selfTest
import dev.vitexport.core.frames.ThermalStatus
import dev.vitexport.core.packs.Pack
import dev.vitexport.core.packs.timePack
import dev.vitexport.core.runners.PipeLoader
import dev.vitexport.core.runners.loadGraphs
import dev.vitexport.core.runners.realBundle
import java.io.File
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import org.junit.Assume.assumeTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder

/** Runs a benchmark and a pack as the app does, and leaves the files in the folder `VITEXPORT_RESULTS`, if any. */
class RealResultsTest {
    @get:Rule
    val folder = TemporaryFolder()

    private val goOn = { _: Double, _: String -> true }
    private val about = Circumstances(
        device = DeviceFacts(model = "Test bench", os = "Android 15", soc = ""),
        appVersion = "0.1.0",
        runtime = "LiteRT through a pipe",
        thermal = listOf(ThermalSample(0.0, ThermalStatus.NONE), ThermalSample(1.0, ThermalStatus.LIGHT)),
        batteryBefore = Battery(0.8, charging = false, lowPower = false),
        batteryAfter = Battery(0.8, charging = false, lowPower = false),
        memoryPeakMb = 100.0,
    )

    private fun leave(name: String, report: Report) {
        System.getenv("VITEXPORT_RESULTS")?.let { File(it, name).writeText(report.text) }
    }

    @Test
    fun `a benchmark of real graphs times each graph of a frame, after a self-test that passes`() {
        val bundle = realBundle()
        val configuration = configurationsOf(bundle.manifest, Processors(gpu = false, cores = 1)).configurations.first()
        loadGraphs(bundle, configuration, PipeLoader(configuration.format), folder.root).use { loaded ->
            val tested = selfTest(loaded.graphs, bundle.manifest.state, readSequence(bundle), goOn)
            val result = benchmark(loaded, bundle.manifest, configuration, tested, seconds = 1.0, goOn)
            assertEquals(setOf("encode_image", "track_step"), result.graphs.keys)
            assertTrue(result.graphs.values.all { it.times.p50 > 0 && it.times.n == result.frame.n })
            assertTrue(result.selfTest!!.pass, tested.detail)
            assertEquals(5, result.warmup)
            leave("benchmark.json", benchmarkReport(result, bundle.manifestSha256, about))
        }
    }

    @Test
    fun `a pack of real kernels is timed, and none fails`() {
        realBundle() // its worker runs the kernels
        val path = System.getenv("VITEXPORT_PACK")
        assumeTrue("Set VITEXPORT_PACK to a zip that `vitexport bench --pack` made, or to its folder.", path != null)
        val given = File(path!!)
        val source: BundleSource = if (given.isDirectory) FolderSource(given) else ZipSource(given)
        val pack = Pack.open(source, folder.root)
        val result = timePack(pack, PipeLoader(pack.manifest.runtime), 1, goOn)
        assertEquals(emptyList(), result.failures)
        assertEquals(pack.manifest.kernels.map { it.key }, result.kernels.keys.toList())
        leave("pack.json", packReport(result, about))
    }
}
