/** How a camera's picture lies, as against a person who looks at the screen. */
package dev.vitexport.app.camera

/** Which way a camera looks: away from the person, or at them. */
enum class Facing { AWAY, TOWARDS }

/**
 * Degrees (0, 90, 180 or 270) by which a picture is turned clockwise to be upright.
 *
 * [sensor] is how far the sensor is turned clockwise in the device, [display] how far the screen is turned
 * anticlockwise from the way the device is held by nature; a camera that looks at the person sees that the other way round.
 */
fun uprightDegrees(sensor: Int, display: Int, facing: Facing): Int = when (facing) {
    Facing.AWAY -> (sensor - display + 360) % 360
    Facing.TOWARDS -> (sensor + display) % 360
}
