/** Why there are no pictures, and what to do: one sentence for each way in which a camera fails. */
package dev.vitexport.app.camera

import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraDevice
import dev.vitexport.app.R

/** What went wrong while a camera was opened or used; [sentence] is the resource that says it. */
class CameraFailure(val sentence: Int) {
    companion object {
        val NONE = CameraFailure(R.string.camera_none)
        val REFUSED = CameraFailure(R.string.camera_refused)
        val NO_SESSION = CameraFailure(R.string.camera_no_session)
        val GONE = CameraFailure(R.string.camera_error)

        /** Another app took it, or it was pulled out. */
        val TAKEN = CameraFailure(R.string.camera_disconnected)

        private val OF_ACCESS = mapOf(
            CameraAccessException.CAMERA_DISABLED to R.string.camera_disabled,
            CameraAccessException.CAMERA_DISCONNECTED to R.string.camera_disconnected,
            CameraAccessException.CAMERA_IN_USE to R.string.camera_in_use,
            CameraAccessException.MAX_CAMERAS_IN_USE to R.string.camera_in_use,
        )

        private val OF_DEVICE = mapOf(
            CameraDevice.StateCallback.ERROR_CAMERA_IN_USE to R.string.camera_in_use,
            CameraDevice.StateCallback.ERROR_MAX_CAMERAS_IN_USE to R.string.camera_in_use,
            CameraDevice.StateCallback.ERROR_CAMERA_DISABLED to R.string.camera_disabled,
        )

        fun of(error: CameraAccessException) = CameraFailure(OF_ACCESS[error.reason] ?: R.string.camera_error)

        fun ofDevice(error: Int) = CameraFailure(OF_DEVICE[error] ?: R.string.camera_error)

    }
}
