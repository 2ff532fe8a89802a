package dev.vitexport.app.camera

import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Test

class PictureSizesTest {
    private val offered = listOf(PixelSize(320, 240), PixelSize(640, 480), PixelSize(1280, 720), PixelSize(1600, 1200))

    @Test
    fun `the model has the smallest picture that its image is not larger than`() {
        assertEquals(PixelSize(640, 480), pictureSizes(offered, offered, side = 256)?.model)
        assertEquals(PixelSize(1280, 720), pictureSizes(offered, offered, side = 512)?.model)
    }

    @Test
    fun `where all are smaller it has the largest`() {
        assertEquals(PixelSize(1600, 1200), pictureSizes(offered, offered, side = 2048)?.model)
    }

    @Test
    fun `the preview has the shape of the model's picture, so that masks fit`() {
        assertEquals(PixelSize(1600, 1200), pictureSizes(offered, offered, side = 256)?.preview)
        assertEquals(PixelSize(640, 480), pictureSizes(offered, listOf(PixelSize(1280, 720)), side = 256)?.preview)
    }

    @Test
    fun `a camera that offers nothing has no sizes`() {
        assertNull(pictureSizes(emptyList(), offered, side = 256))
    }
}
