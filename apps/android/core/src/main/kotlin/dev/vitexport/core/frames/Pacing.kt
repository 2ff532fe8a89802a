package dev.vitexport.core.frames

/** How hot the device says it is: Android's words, in the order of `PowerManager.THERMAL_STATUS_…` (0 to 6). */
enum class ThermalStatus(
    val word: String,
    /** Of the frames that a cool device follows */
    internal val share: Double,
) {
    NONE("none", 1.0),
    LIGHT("light", 1.0),
    MODERATE("moderate", 0.5),
    SEVERE("severe", 0.25),
    CRITICAL("critical", 0.0),
    EMERGENCY("emergency", 0.0),
    SHUTDOWN("shutdown", 0.0),
    ;

    companion object {
        /** `status` is that of Android; one that it does not have yet is taken for the hottest. */
        fun of(status: Int): ThermalStatus = entries.getOrElse(status) { SHUTDOWN }
    }
}

/** Low power halves what the heat leaves. */
private const val LOW_POWER_SHARE = 0.5

/** ns; less than the time between two frames of the camera, 30 a second, which do not come evenly */
private const val CAMERA_FRAME = 30_000_000L

/**
 * Which of the camera's frames are passed on to the model: fewer when the device is hot or saves power. To pass on
 * every second one would spare a model nothing that takes longer than two frames of the camera, so the model rests after
 * a frame in proportion to what that took. A quick one does in proportion to the camera's time. Any thread may call.
 */
class Pacing {
    private var earliest = Long.MIN_VALUE

    private var share = 1.0

    /** What the device says now. */
    @Synchronized
    fun conditions(status: ThermalStatus, lowPower: Boolean) {
        share = status.share * if (lowPower) LOW_POWER_SHARE else 1.0
    }

    /** Whether the device is so hot that the model rests until it has cooled down */
    @get:Synchronized
    val rests: Boolean get() = share == 0.0

    /** Whether a frame that comes, or has its turn, at `now`, in ns of `System.nanoTime`, is passed on */
    @Synchronized
    fun passes(now: Long): Boolean = share > 0 && now >= earliest

    /** A frame was worked on from `begin` to `end`, in ns of `System.nanoTime`. */
    @Synchronized
    fun worked(begin: Long, end: Long) {
        val took = maxOf(end - begin, CAMERA_FRAME)
        earliest = if (share < 1) begin + (took / maxOf(share, LEAST_SHARE)).toLong() else end
    }
}

/** For a model that is resting already */
private const val LEAST_SHARE = 0.125
