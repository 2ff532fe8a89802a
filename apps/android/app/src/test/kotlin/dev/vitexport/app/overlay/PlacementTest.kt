package dev.vitexport.app.overlay

import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

class PlacementTest {
    /** A picture of 3 : 4 in a box of 400 × 400 has 50 pixels of nothing on each side. */
    private fun placed(mirrored: Boolean) = Placement(400, 400, 300, 400, mirrored)

    @Test
    fun `a finger on the picture is at a place in it, whatever is beside it`() {
        assertEquals(Place(0.5f, 0.25f), placed(false).toPicture(Place(200f, 100f)))
        assertEquals(Place(0f, 0f), placed(false).toPicture(Place(50f, 0f)))
    }

    @Test
    fun `in a picture that is shown as in a mirror it is on the other side`() {
        assertEquals(Place(1f, 0f), placed(true).toPicture(Place(50f, 0f)))
    }

    @Test
    fun `beside the picture it is at the nearest edge`() {
        assertEquals(Place(1f, 1f), placed(false).toPicture(Place(399f, 450f)))
        assertFalse(placed(false).holds(Place(10f, 200f)))
        assertTrue(placed(false).holds(Place(60f, 200f)))
    }

    @Test
    fun `a place in the picture has its place in the box`() {
        for (mirrored in listOf(false, true)) {
            val placement = placed(mirrored)
            assertEquals(Place(0.25f, 0.75f), placement.toPicture(placement.toBox(Place(0.25f, 0.75f))))
        }
    }

    @Test
    fun `a place in the picture stays there when the box is another`() {
        val turned = Placement(800, 400, 300, 400, mirrored = false)
        assertEquals(Place(200f, 200f), placed(false).toBox(Place(0.5f, 0.5f)))
        assertEquals(Place(400f, 200f), turned.toBox(Place(0.5f, 0.5f)))
    }
}
