/** What there is to know of a camera before it is opened. */
package dev.vitexport.app.camera

import android.graphics.ImageFormat
import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraManager
import android.hardware.camera2.params.StreamConfigurationMap
import android.util.Size

class CameraSide private constructor(
    val id: String,
    val facing: Facing,
    /** Degrees by which the sensor is turned clockwise in the device */
    val orientation: Int,
    val sizes: PictureSizes,
    /** Whether the device has cameras on both sides */
    val several: Boolean,
) {
    companion object {
        /**
         * The camera of one side, or whichever there is; null where the device has none that gives pictures. Each
         * question goes to another process, so this is no work for the main thread.
         */
        @Throws(CameraAccessException::class)
        fun find(manager: CameraManager, wanted: Facing, side: Int): CameraSide? {
            val known = manager.cameraIdList.associateWith(manager::getCameraCharacteristics)
            val several = known.values.map(::facingOf).distinct().size > 1
            val all = known.mapNotNull { (id, of) -> of(id, of, side, several) }
            return all.firstOrNull { it.facing == wanted } ?: all.firstOrNull()
        }

        private fun of(id: String, of: CameraCharacteristics, side: Int, several: Boolean): CameraSide? {
            val streams = of.get(CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP) ?: return null
            val sizes = pictureSizes(
                streams.sizes { getOutputSizes(ImageFormat.YUV_420_888) },
                streams.sizes { getOutputSizes(SurfaceTexture::class.java) },
                side,
            ) ?: return null
            val orientation = of.get(CameraCharacteristics.SENSOR_ORIENTATION) ?: 0
            return CameraSide(id, facingOf(of), orientation, sizes, several)
        }

        /** One that is plugged in looks wherever a person puts it: it is shown as it is. */
        private fun facingOf(of: CameraCharacteristics): Facing =
            if (of.get(CameraCharacteristics.LENS_FACING) == CameraCharacteristics.LENS_FACING_FRONT) Facing.TOWARDS
            else Facing.AWAY

        private fun StreamConfigurationMap.sizes(of: StreamConfigurationMap.() -> Array<Size>?): List<PixelSize> =
            of().orEmpty().map { PixelSize(it.width, it.height) }
    }
}
