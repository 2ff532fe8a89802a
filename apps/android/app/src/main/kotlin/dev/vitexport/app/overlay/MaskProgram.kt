/**
 * Draws masks with OpenGL ES 3: the logits of each object as a layer of a texture, enlarged bilinearly by the sampler,
 * then compared with zero for each pixel of the screen.
 */
package dev.vitexport.app.overlay

import android.opengl.GLES30.*

/** Every ES 3 device enlarges half precision, which all logits are within; single precision not every one does. */
private const val TEXELS = GL_R16F

private const val VERTICES = """#version 300 es
uniform bool mirrored;
out vec2 place;
void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    place = vec2(mirrored ? 1.0 - corner.x : corner.x, corner.y);
    gl_Position = vec4(2.0 * corner.x - 1.0, 1.0 - 2.0 * corner.y, 0.0, 1.0);
}
"""

/** The outline lies within the mask, where the logit is less than what it changes by over that many pixels. */
private const val FRAGMENTS = """#version 300 es
precision highp float;
uniform highp sampler2DArray logits;
uniform int layer;
uniform vec3 colour;
uniform float opacity;
uniform float outline;
in vec2 place;
out vec4 shown;
void main() {
    float logit = texture(logits, vec3(place, float(layer))).r;
    float change = fwidth(logit);
    if (!(logit > 0.0)) discard;
    float alpha = logit < outline * change ? 1.0 : opacity;
    shown = vec4(colour * alpha, alpha);
}
"""

/** A program that did not come to be: what the driver says of it. */
class ShaderError(message: String) : Exception(message)

/** On the thread that has the GL context, for as long as that lives. */
class MaskProgram(private val most: Int, private val side: Int) {
    private val program = link(compile(GL_VERTEX_SHADER, VERTICES), compile(GL_FRAGMENT_SHADER, FRAGMENTS))
    private val mirrored = uniform("mirrored")
    private val layer = uniform("layer")
    private val colour = uniform("colour")
    private val opacity = uniform("opacity")
    private val outline = uniform("outline")

    private val textures = IntArray(1)

    init {
        glGenTextures(1, textures, 0)
        glBindTexture(GL_TEXTURE_2D_ARRAY, textures[0])
        glTexStorage3D(GL_TEXTURE_2D_ARRAY, 1, TEXELS, side, side, most)
        glTexParameteri(GL_TEXTURE_2D_ARRAY, GL_TEXTURE_MIN_FILTER, GL_LINEAR)
        glTexParameteri(GL_TEXTURE_2D_ARRAY, GL_TEXTURE_MAG_FILTER, GL_LINEAR)
        glTexParameteri(GL_TEXTURE_2D_ARRAY, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE)
        glTexParameteri(GL_TEXTURE_2D_ARRAY, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE)
        glUseProgram(program)
        glEnable(GL_BLEND)
        glBlendFunc(GL_ONE, GL_ONE_MINUS_SRC_ALPHA)
        glClearColor(0f, 0f, 0f, 0f)
    }

    /** Uploads what is new and draws all of [frame], whatever was drawn before. */
    fun draw(frame: MaskFrame, look: MaskLook, width: Int, height: Int) {
        glViewport(0, 0, width, height)
        glClear(GL_COLOR_BUFFER_BIT)
        glUniform1i(mirrored, if (look.mirrored) 1 else 0)
        glUniform1f(opacity, look.opacity)
        glUniform1f(outline, look.outline)
        for (place in 0 until frame.count) {
            glTexSubImage3D(
                GL_TEXTURE_2D_ARRAY, 0, 0, 0, place, side, side, 1, GL_RED, GL_FLOAT, frame.logits(place),
            )
            val shown = ObjectColour.of(frame.id(place))
            glUniform1i(layer, place)
            glUniform3f(colour, shown.red, shown.green, shown.blue)
            glDrawArrays(GL_TRIANGLE_STRIP, 0, 4)
        }
    }

    fun release() {
        glDeleteTextures(1, textures, 0)
        glDeleteProgram(program)
    }

    private fun uniform(name: String): Int = glGetUniformLocation(program, name)

    private fun compile(kind: Int, source: String): Int {
        val shader = glCreateShader(kind)
        glShaderSource(shader, source)
        glCompileShader(shader)
        val compiled = IntArray(1)
        glGetShaderiv(shader, GL_COMPILE_STATUS, compiled, 0)
        if (compiled[0] == GL_FALSE) throw ShaderError(glGetShaderInfoLog(shader))
        return shader
    }

    private fun link(vertices: Int, fragments: Int): Int {
        val linked = glCreateProgram()
        glAttachShader(linked, vertices)
        glAttachShader(linked, fragments)
        glLinkProgram(linked)
        val status = IntArray(1)
        glGetProgramiv(linked, GL_LINK_STATUS, status, 0)
        if (status[0] == GL_FALSE) throw ShaderError(glGetProgramInfoLog(linked))
        for (shader in intArrayOf(vertices, fragments)) glDeleteShader(shader) // each goes with the program
        return linked
    }
}
