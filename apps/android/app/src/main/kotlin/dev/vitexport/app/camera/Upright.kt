/** How a camera's picture lies, as against a person who looks at the screen. */
package dev.vitexport.app.camera

import dev.vitexport.core.frames.Rotation

/** Which way a camera looks: away from the person, or at them. */
enum class Facing { AWAY, TOWARDS }

/**
 * How far a picture is turned to be upright. [sensor] is how far the sensor is turned clockwise in the device, and
 * [display] how far the device is turned anticlockwise from the way it is held by nature, both in degrees; a camera
 * that looks at the person sees that the other way round.
 */
fun upright(sensor: Int, display: Int, facing: Facing): Rotation = Rotation.of(
    when (facing) {
        Facing.AWAY -> sensor - display
        Facing.TOWARDS -> sensor + display
    },
)
