package dev.vitexport.core.packs

import dev.vitexport.core.bundle.sha256
import kotlin.test.assertContains
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder

class PackTest {
    @get:Rule
    val folder = TemporaryFolder()

    private fun refused(says: String, vararg changes: Pair<String, Any?>) {
        val message = assertFailsWith<PackException> { parsePack(manifestOf(listOf("a"), *changes)) }.message!!
        assertContains(message, says)
    }

    @Test
    fun `a pack is opened with its name and its artefacts`() {
        val pack = packOf(listOf("a", "b"), folder.root)
        assertEquals(sha256(manifestOf(listOf("a", "b"))), pack.sha256)
        assertEquals(listOf("a of the pack", "b of the pack"), pack.manifest.kernels.map { it.key })
        assertContentEquals(artefact("b"), pack.file(pack.manifest.kernels[1]).readBytes())
    }

    @Test
    fun `an artefact that was altered is refused before any other is given away`() {
        val altered = mapOf("kernels/b.tflite" to "something else".toByteArray())
        val refusal = assertFailsWith<PackException> { packOf(listOf("a", "b"), folder.root, altered) }
        assertEquals("kernels/b.tflite is not what the manifest says: make the pack anew.", refusal.message)
    }

    @Test
    fun `a manifest that is none of a pack for phones is refused with the place`() {
        refused("schema should be a whole number from 1 to 1", "schema" to 2)
        refused("runtime should be tflite or executorch", "runtime" to "coreml")
        refused("unit should be cpu and is \"gpu\"", "runtime" to "executorch", "unit" to "gpu")
        refused("unit should be cpu and is \"gpu\"", "runtime" to "tflite", "unit" to "gpu")
        refused("kernels is empty", "kernels" to emptyList<Any>())
        fun kernels(vararg changes: Pair<String, Any?>) = "kernels" to listOf(kernelOf("a") + changes)
        fun input(shape: List<Int>, dtype: String) = listOf(mapOf("name" to "x", "shape" to shape, "dtype" to dtype))
        refused("kernels[0].file is no artefact of a pack", kernels("file" to "../elsewhere.tflite"))
        val huge = input(listOf(1 shl 20, 1 shl 20), "float32")
        refused("kernels[0].inputs[0].shape has more than", kernels("inputs" to huge))
        refused("kernels[0].inputs[0].dtype should be float32", kernels("inputs" to input(listOf(2), "int64")))
    }

    @Test
    fun `what has no manifest is refused`() {
        assertFailsWith<PackException> { parsePack("no JSON".toByteArray()) }
    }
}
