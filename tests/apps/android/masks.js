// What MaskProgram does, by the same shaders in WebGL 2: draws one layer of logits over a black ground of WIDTH × HEIGHT
// pixels, and answers with the red of each of them, the upper row first.
async ({ vertices, fragments, logits, side, width, height, mirrored, opacity, outline }) => {
  const canvas = new OffscreenCanvas(width, height)
  const gl = canvas.getContext('webgl2', { antialias: false })
  const compiled = (kind, source) => {
    const shader = gl.createShader(kind)
    gl.shaderSource(shader, source)
    gl.compileShader(shader)
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader))
    return shader
  }
  const program = gl.createProgram()
  gl.attachShader(program, compiled(gl.VERTEX_SHADER, vertices))
  gl.attachShader(program, compiled(gl.FRAGMENT_SHADER, fragments))
  gl.linkProgram(program)
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program))
  gl.useProgram(program)
  gl.bindTexture(gl.TEXTURE_2D_ARRAY, gl.createTexture())
  gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, gl.R16F, side, side, 2)
  for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, filter, gl.LINEAR)
  }
  for (const edge of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D_ARRAY, edge, gl.CLAMP_TO_EDGE)
  gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, 0, 0, 1, side, side, 1, gl.RED, gl.FLOAT, new Float32Array(logits))
  gl.enable(gl.BLEND)
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
  const place = (name) => gl.getUniformLocation(program, name)
  gl.uniform1i(place('mirrored'), mirrored ? 1 : 0)
  gl.uniform1i(place('layer'), 1)
  gl.uniform3f(place('colour'), 1, 0, 0)
  gl.uniform1f(place('opacity'), opacity)
  gl.uniform1f(place('outline'), outline)
  gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4)
  const error = gl.getError()
  if (error !== gl.NO_ERROR) throw new Error(`WebGL error ${error}`)
  const pixels = new Uint8Array(4 * width * height)
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels)
  const rows = Array.from({ length: height }, (_, row) => height - 1 - row) // WebGL's first row is the lowest
  return rows.flatMap((row) => Array.from({ length: width }, (_, column) => pixels[4 * (row * width + column)]))
}
