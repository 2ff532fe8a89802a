package dev.vitexport.core.bundle

import java.io.InputStream
import kotlin.test.assertContains
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder

private const val STEP = "tflite/track_step.tflite"

class BundleTest {
    @get:Rule
    val folder = TemporaryFolder()

    private fun refusal(read: () -> Unit): String = assertFailsWith<BundleException> { read() }.message!!

    @Test
    fun `a bundle gives its files`() {
        val bundle = opened()
        assertEquals("the graph track_step", bundle.read(STEP).decodeToString())
        assertEquals("the graph track_step", bundle.extract(STEP, folder.root).readText())
        assertTrue(Regex("[0-9a-f]{64}").matches(bundle.manifestSha256))
    }

    @Test
    fun `a file with an altered byte is not given away`() {
        for (path in listOf(STEP, "vectors/sequence.safetensors", "report.html")) {
            val altered = bundleFiles().mapValues { (file, bytes) ->
                if (file == path) bytes.copyOf().also { it[it.lastIndex] = (it.last() + 1).toByte() } else bytes
            }
            val bundle = opened(altered)
            val sentence = "$path was altered after export; export the model again."
            assertEquals(sentence, refusal { bundle.read(path) })
            assertEquals(sentence, refusal { bundle.extract(path, folder.root) })
            assertContentEquals(emptyArray(), folder.root.list(), "nothing of it is on the device")
            assertTrue(bundle.read("tflite/encode_image.tflite").isNotEmpty(), "others are given away")
        }
    }

    @Test
    fun `a file that is longer or shorter than listed is not given away`() {
        val longer = opened(bundleFiles() + (STEP to "the graph track_step!".toByteArray()))
        assertContains(refusal { longer.read(STEP) }, "$STEP has more than the 20 bytes")
        assertContains(refusal { longer.extract(STEP, folder.root) }, "$STEP has more than the 20 bytes")
        val shorter = opened(bundleFiles() + (STEP to "the graph".toByteArray()))
        assertContains(refusal { shorter.read(STEP) }, "was altered after export")
        assertContains(refusal { shorter.extract(STEP, folder.root) }, "was altered after export")
    }

    @Test
    fun `a file that is missing is named`() {
        val bundle = opened(bundleFiles() - STEP)
        assertContains(refusal { bundle.read(STEP) }, "lacks $STEP")
    }

    @Test
    fun `a file that the manifest does not list is not read, though it is there`() {
        val source = MemorySource(bundleFiles() + ("extra" to byteArrayOf(1)))
        val bundle = Bundle.open(source)
        assertContains(refusal { bundle.read("extra") }, "The bundle does not list extra")
        assertContains(refusal { bundle.extract("extra", folder.root) }, "The bundle does not list extra")
        assertEquals(listOf("manifest.json", "SHA256SUMS"), source.opened)
    }

    @Test
    fun `a manifest that was altered, and is still one, is refused by SHA256SUMS`() {
        val trained = manifestBytes("weights" to mapOf("kind" to "hub", "trained" to true, "card" to null))
        assertEquals(
            "manifest.json and SHA256SUMS do not agree, so one was altered; export the model again.",
            refusal { opened(bundleFiles() + ("manifest.json" to trained)) },
        )
        assertTrue(opened(bundleFiles(trained)).manifest.weights.trained)
    }

    @Test
    fun `a manifest of 10 GB is refused before it is read`() {
        var given = 0L
        val endless = object : InputStream() {
            override fun read(): Int = ' '.code
            override fun read(into: ByteArray, begin: Int, count: Int): Int {
                given += count
                return if (given < 10_000_000_000) count else -1
            }
        }
        val sentence = refusal { Bundle.open { endless } }
        assertTrue(sentence.startsWith("manifest.json has more than the 8388608 bytes that it may have"), sentence)
        assertTrue(given < 9_000_000, "$given bytes were read")
    }

    @Test
    fun `a file that no phone holds is refused by the size that is listed`() {
        val huge = manifestBytes(
            "files" to entries("files").map {
                if (it.text("path") == "report.html") it.with("bytes" to (1L shl 40)) else it
            },
        )
        val bundle = opened(bundleFiles(huge))
        assertContains(refusal { bundle.read("report.html") }, "1099511627776 bytes, which no phone holds")
    }

    @Test
    fun `what was altered on the device since is copied anew`() {
        val bundle = opened()
        bundle.extract(STEP, folder.root).writeText("something else")
        assertEquals("the graph track_step", bundle.extract(STEP, folder.root).readText())
    }
}
