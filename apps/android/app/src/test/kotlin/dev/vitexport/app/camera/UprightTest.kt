package dev.vitexport.app.camera

import org.junit.Assert.assertEquals
import org.junit.Test

class UprightTest {
    @Test
    fun `a phone that is held upright turns the picture of its sensor, which lies on its side`() {
        assertEquals(90, uprightDegrees(sensor = 90, display = 0, facing = Facing.AWAY))
        assertEquals(270, uprightDegrees(sensor = 270, display = 0, facing = Facing.TOWARDS))
    }

    @Test
    fun `turned anticlockwise it has the sensor of either camera upright`() {
        assertEquals(0, uprightDegrees(sensor = 90, display = 90, facing = Facing.AWAY))
        assertEquals(0, uprightDegrees(sensor = 270, display = 90, facing = Facing.TOWARDS))
    }

    @Test
    fun `turned clockwise it has both upside down`() {
        assertEquals(180, uprightDegrees(sensor = 90, display = 270, facing = Facing.AWAY))
        assertEquals(180, uprightDegrees(sensor = 270, display = 270, facing = Facing.TOWARDS))
    }
}
