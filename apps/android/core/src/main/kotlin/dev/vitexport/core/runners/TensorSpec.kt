package dev.vitexport.core.runners

import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.FloatBuffer

/** What a graph takes or gives, as the manifest lists it: extents, outermost first. */
data class TensorSpec(val name: String, val shape: List<Int>)

/** How many numbers a tensor has; `Long.MAX_VALUE` where they are more. */
fun elements(shape: List<Int>): Long = shape.fold(1L) { product, extent ->
    if (extent > 0 && product > Long.MAX_VALUE / extent) Long.MAX_VALUE else product * extent
}

/** Zeros for each tensor, where a runtime reads and writes without copying. */
fun allocate(specs: List<TensorSpec>): Tensors = specs.associate { it.name to floats(elements(it.shape).toInt()) }

/** A direct buffer of so many zeros. */
fun floats(count: Int): FloatBuffer =
    ByteBuffer.allocateDirect(count * Float.SIZE_BYTES).order(ByteOrder.nativeOrder()).asFloatBuffer()
