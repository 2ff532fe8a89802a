package dev.vitexport.core.runners

import kotlin.test.assertContains
import kotlin.test.assertFailsWith
import org.junit.Test

class SignatureTest {
    private val listed = listOf(TensorSpec("points", listOf(1, 4, 2)), TensorSpec("labels", listOf(1, 4)))
    private val found = listed.map { FoundTensor(it, "float32") }.reversed()

    private fun refuses(found: List<FoundTensor>, says: String) =
        assertContains(assertFailsWith<RunnerException> { checkSignature("input", found, listed) }.message!!, says)

    @Test
    fun `the tensors that are listed fit, in any order`() {
        checkSignature("input", found, listed)
    }

    @Test
    fun `a tensor that is missing, unknown, of another shape or type is refused by name`() {
        refuses(found.drop(1), "has no input labels, which its manifest lists: export the model again.")
        val mask = FoundTensor(TensorSpec("mask", listOf(1)), "float32")
        refuses(found + mask, "has an input mask, which its manifest does not list")
        refuses(found.map { it.copy(dtype = "int64") }, "in int64, and apps give and take float32")
        refuses(
            found.map { FoundTensor(it.spec.copy(shape = listOf(2)), it.dtype) },
            "has input points [2], and its manifest says [1, 4, 2]",
        )
    }
}
