package dev.vitexport.app.camera

import dev.vitexport.core.frames.Rotation
import org.junit.Assert.assertEquals
import org.junit.Test

class UprightTest {
    @Test
    fun `a phone that is held upright turns the picture of its sensor, which lies on its side`() {
        assertEquals(Rotation.RIGHT, upright(sensor = 90, display = 0, facing = Facing.AWAY))
        assertEquals(Rotation.LEFT, upright(sensor = 270, display = 0, facing = Facing.TOWARDS))
    }

    @Test
    fun `turned anticlockwise it has the sensor of either camera upright`() {
        assertEquals(Rotation.NONE, upright(sensor = 90, display = 90, facing = Facing.AWAY))
        assertEquals(Rotation.NONE, upright(sensor = 270, display = 90, facing = Facing.TOWARDS))
    }

    @Test
    fun `turned clockwise it has both upside down`() {
        assertEquals(Rotation.HALF, upright(sensor = 90, display = 270, facing = Facing.AWAY))
        assertEquals(Rotation.HALF, upright(sensor = 270, display = 270, facing = Facing.TOWARDS))
    }
}
