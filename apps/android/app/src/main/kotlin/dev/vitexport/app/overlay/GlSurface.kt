/** A surface of the screen that OpenGL ES 3 draws on, with transparency. */
package dev.vitexport.app.overlay

import android.graphics.SurfaceTexture
import android.opengl.EGL14.*
import android.opengl.EGLConfig
import android.opengl.EGLContext
import android.opengl.EGLExt
import android.opengl.EGLSurface

/** A device that has no such surface. */
class GlError(call: String) : Exception("$call failed with 0x${Integer.toHexString(eglGetError())}")

/** Its context is current on the thread that made it, and that thread uses and releases it. */
class GlSurface(texture: SurfaceTexture) {
    private val display = eglGetDisplay(EGL_DEFAULT_DISPLAY)
    private var context: EGLContext = EGL_NO_CONTEXT
    private var surface: EGLSurface = EGL_NO_SURFACE

    init {
        try {
            make(texture)
        } catch (error: Exception) {
            release() // nobody else has what was made until then
            throw error
        }
    }

    private fun make(texture: SurfaceTexture) {
        val version = IntArray(2)
        checked("eglInitialize", eglInitialize(display, version, 0, version, 1))
        val config = config()
        context = eglCreateContext(
            display, config, EGL_NO_CONTEXT, intArrayOf(EGL_CONTEXT_CLIENT_VERSION, 3, EGL_NONE), 0,
        )
        checked("eglCreateContext", context != EGL_NO_CONTEXT)
        surface = eglCreateWindowSurface(display, config, texture, intArrayOf(EGL_NONE), 0)
        checked("eglCreateWindowSurface", surface != EGL_NO_SURFACE)
        checked("eglMakeCurrent", eglMakeCurrent(display, surface, surface, context))
    }

    fun show() {
        eglSwapBuffers(display, surface)
    }

    /** The display stays: the system's own drawing uses the same one. */
    fun release() {
        eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT)
        if (surface != EGL_NO_SURFACE) eglDestroySurface(display, surface)
        if (context != EGL_NO_CONTEXT) eglDestroyContext(display, context)
        eglReleaseThread()
    }

    private fun config(): EGLConfig {
        val wanted = intArrayOf(
            EGL_RENDERABLE_TYPE, EGLExt.EGL_OPENGL_ES3_BIT_KHR,
            EGL_RED_SIZE, 8, EGL_GREEN_SIZE, 8, EGL_BLUE_SIZE, 8, EGL_ALPHA_SIZE, 8,
            EGL_NONE,
        )
        val found = arrayOfNulls<EGLConfig>(1)
        val count = IntArray(1)
        eglChooseConfig(display, wanted, 0, found, 0, 1, count, 0)
        return found[0] ?: throw GlError("eglChooseConfig")
    }

    private fun checked(call: String, succeeded: Boolean) {
        if (!succeeded) throw GlError(call)
    }
}
