package dev.vitexport.core.bundle

import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import org.junit.Test

class ManifestTest {
    /** Whether a manifest is refused in one sentence that says so. */
    private fun refuses(bytes: ByteArray, sentence: String) {
        val message = assertFailsWith<BundleException> { parseManifest(bytes) }.message!!
        assertTrue(Regex(sentence).containsMatchIn(message), message)
        assertTrue(Regex("""[^\n]+\.""").matches(message), message)
    }

    /** The manifest with other tensors of a graph, wherever they are listed. */
    private fun withTensors(graph: String, side: String, change: (JsonObject) -> JsonObject): ByteArray {
        fun changed(field: String, named: String) = entries(field).map { entry ->
            val tensors = (entry.getValue(side) as List<*>).map { change(it as JsonObject) }
            if (entry.text(named) == graph) entry.with(side to tensors) else entry
        }
        return manifestBytes("graphs" to changed("graphs", "name"), "artifacts" to changed("artifacts", "graph"))
    }

    private fun withShape(name: String, vararg shape: Int) = { tensor: JsonObject ->
        if (tensor.text("name") == name) tensor.with("shape" to shape.asList()) else tensor
    }

    @Test
    fun `a manifest is read`() {
        val manifest = MANIFEST_OF_TESTS
        assertEquals(Model("efficienttam_nano_32x32", "track", 32), manifest.model)
        assertEquals(Weights("seeded", trained = false, license = null), manifest.weights)
        val graphs = listOf("encode_image", "prompt_points", "prompt_mask", "track_step")
        assertEquals(graphs, manifest.graphs.map { it.name })
        assertEquals(listOf(1, 8, 2, 2), manifest.graphs[0].outputs[0].spec.shape)
        assertEquals("tflite/track_step.tflite", manifest.artifacts[3].file)
        assertEquals(mapOf("next_memory" to "memory", "next_memory_valid" to "memory_valid"), manifest.state)
        assertEquals(SequenceEntry("vectors/sequence.safetensors", 24, 2), manifest.sequence)
    }

    @Test
    fun `fields that the app does not read may be there, and are left out`() {
        assertEquals(MANIFEST_OF_TESTS, parseManifest(manifestBytes("provenance" to mapOf("cpu" to "\"[".repeat(200)))))
    }

    @Test
    fun `what is no JSON is refused`() {
        refuses(
            """{"schema_version": 13,""".toByteArray(),
            """^manifest\.json is damaged \(it is no JSON: .+\); export the model""",
        )
        refuses(byteArrayOf(0x22, 0xff.toByte(), 0x22), "no JSON")
        refuses("[]".toByteArray(), "all of it should be an object and is a list")
        val deep = "[".repeat(100_000) + "]".repeat(100_000)
        refuses(deep.toByteArray(), "its lists and objects are more than 100 deep")
    }

    @Test
    fun `another schema version is refused, with what to do`() {
        for (version in listOf(12, 14, "13", null)) {
            refuses(
                manifestBytes("schema_version" to version),
                """has schema version "?$version"?, and this app reads 13; export the model again""",
            )
        }
    }

    @Test
    fun `another schema version is refused before anything else of the manifest is looked at`() {
        refuses("""{"schema_version": 14}""".toByteArray(), "schema version 14")
    }

    @Test
    fun `a field that is missing is refused by its place`() {
        refuses(bytesOf(JsonObject(MANIFEST_JSON - "weights")), "weights is missing")
        refuses(manifestBytes("model" to mapOf("name" to "x", "task" to "track")), """model\.image_size is missing""")
    }

    @Test
    fun `a field of another type is refused by its place`() {
        refuses(
            manifestBytes("weights" to mapOf("kind" to "hub", "trained" to "true", "card" to null)),
            """weights\.trained should be true or false and is "true"""",
        )
        refuses(
            withTensors("encode_image", "inputs") { it.with("shape" to listOf(1, 3, 0.5, 32)) },
            """graphs\[0]\.inputs\[0]\.shape\[2] should be a whole number from 1 to \d+ and is 0\.5""",
        )
        refuses(
            manifestBytes("model" to mapOf("name" to "x", "task" to "track", "image_size" to "32")),
            """model\.image_size should be a whole number from 1 to 4096 and is "32"""",
        )
    }

    @Test
    fun `a path that leads out of the bundle is refused`() {
        for (path in listOf("../secret", "/etc/passwd", "a//b", "a/./b", "a\\b", "a\nb", "https://example.org/a", "")) {
            refuses(
                manifestBytes("sequence" to mapOf("file" to path, "frames" to 24, "objects" to 2)),
                """sequence\.file is no path in a bundle""",
            )
        }
    }

    @Test
    fun `a list that no bundle has is refused`() {
        refuses(
            manifestBytes("files" to List(10_001) { entries("files")[0] }),
            "files has 10001 entries, and at most 10000 are taken",
        )
    }

    @Test
    fun `a model that is no tracker is refused`() {
        refuses(
            manifestBytes("model" to mapOf("name" to "mobilevit_s", "task" to "classify", "image_size" to 256)),
            "holds mobilevit_s, which is no tracker; export one",
        )
    }

    @Test
    fun `a graph that is missing, unknown or there twice is refused`() {
        val graphs = entries("graphs")
        refuses(
            manifestBytes("graphs" to graphs.filter { it.text("name") != "track_step" }),
            "the graph track_step is missing",
        )
        refuses(manifestBytes("graphs" to graphs + graphs[0]), "is there twice")
        refuses(
            manifestBytes("graphs" to graphs + graphs[0].with("name" to "toString")),
            "there is a graph toString, which no tracker has",
        )
    }

    @Test
    fun `a graph that takes or gives something else is refused`() {
        refuses(
            withTensors("encode_image", "inputs") { it.with("name" to "picture") },
            "encode_image takes picture, and should take image",
        )
        refuses(
            withTensors("track_step", "outputs") { it.with("name" to it.text("name").replace("iou", "quality")) },
            "track_step gives mask_logits, quality, .+, and should give mask_logits, iou, ",
        )
    }

    @Test
    fun `shapes that the image does not give are refused`() {
        refuses(
            withTensors("encode_image", "inputs", withShape("image", 1, 3, 64, 64)),
            """image of encode_image has the shape \[1, 3, 64, 64], and should have \[1, 3, 32, 32]""",
        )
        refuses(withTensors("encode_image", "outputs", withShape("features", 1, 8, 4, 4)), "of 32 pixels do not give")
        refuses(withTensors("track_step", "inputs", withShape("features", 1, 9, 2, 2)), """should have \[1, 8, 2, 2]""")
        refuses(
            withTensors("track_step", "outputs", withShape("mask_logits", 1, 1, 16, 16)),
            """should have \[1, 1, 8, 8]""",
        )
        refuses(
            manifestBytes("model" to mapOf("name" to "x", "task" to "track", "image_size" to 40)),
            "images of 40 pixels are no multiple of 16",
        )
    }

    @Test
    fun `a tensor that fills the memory is refused`() {
        refuses(
            withTensors("track_step", "inputs") { it.with("shape" to listOf(1 shl 20, 1 shl 20)) },
            "features of track_step has 1099511627776 values, and at most 67108864 are taken",
        )
        refuses(
            withTensors("track_step", "inputs") { it.with("shape" to List(6) { 1 shl 26 }) },
            "features of track_step has 9223372036854775807 values",
        )
    }

    @Test
    fun `a state of another shape than the input that it becomes is refused`() {
        refuses(
            withTensors("prompt_points", "outputs", withShape("next_memory", 6, 4, 3)),
            """memory of prompt_mask has the shape \[7, 4, 3], and should have \[6, 4, 3]""",
        )
    }

    @Test
    fun `a state that is not one to one is refused`() {
        val twice = mapOf("next_memory" to "memory", "next_memory_valid" to "memory")
        refuses(manifestBytes("state" to twice), "two outputs of its state are one input")
        refuses(
            manifestBytes("state" to mapOf("next_memory" to "memory")),
            "gives .+ and should give .+ object_score, next_memory;",
        )
        refuses(manifestBytes("state" to emptyMap<String, String>()), "it has no state")
    }

    @Test
    fun `artefacts that are not those of the graphs are refused`() {
        val artifacts = entries("artifacts")
        refuses(manifestBytes("artifacts" to artifacts.drop(1)), "one of each graph")
        refuses(
            manifestBytes(
                "artifacts" to artifacts.map {
                    val outputs = it.getValue("outputs") as List<*>
                    if (it.text("graph") == "track_step") it.with("outputs" to outputs.drop(1)) else it
                },
            ),
            "the tflite artefact of track_step takes or gives something else than the graph",
        )
    }

    /** The manifest with a type of features in a graph, or in its artefact made in a format. */
    private fun withType(field: String, dtype: String, format: String = "tflite"): ByteArray {
        val made = listOf("variants", "artifacts").associateWith { name ->
            entries(name).map { it.with("format" to format) }
        } + ("graphs" to entries("graphs"))
        val typed = made.getValue(field).map { entry ->
            entry.with(
                "inputs" to (entry.getValue("inputs") as List<*>).map {
                    val tensor = it as JsonObject
                    if (tensor.text("name") == "features") tensor.with("dtype" to dtype) else tensor
                },
            )
        }
        return manifestBytes(*(made + (field to typed)).toList().toTypedArray())
    }

    @Test
    fun `an artefact may be of half precision where this app does not run its format`() {
        val artifacts = parseManifest(withType("artifacts", "float16", "coreml")).artifacts
        assertEquals("float16", artifacts[1].inputs[0].dtype)
        for (format in listOf("tflite", "executorch")) {
            refuses(
                withType("artifacts", "float16", format),
                "features of the $format artefact of prompt_points is float16, and this app runs that format in float32",
            )
        }
    }

    @Test
    fun `a graph is of single precision, and no artefact of any other`() {
        refuses(withType("graphs", "float16"), """graphs\[1]\.inputs\[0]\.dtype should be float32 and is "float16"""")
        refuses(
            withType("artifacts", "int8"),
            """artifacts\[1]\.inputs\[0]\.dtype should be float32 or float16 or image and is "int8"""",
        )
    }

    @Test
    fun `a file that is not listed, or of another size than its artefact, is refused`() {
        val files = entries("files")
        refuses(
            manifestBytes("files" to files.filter { "sequence" !in it.text("path") }),
            """vectors/sequence\.safetensors is not among its files""",
        )
        refuses(
            manifestBytes("artifacts" to entries("artifacts").map { it.with("bytes" to 7) }),
            """tflite/encode_image\.tflite has 22 bytes, and its artefact 7""",
        )
        refuses(manifestBytes("files" to files + files[0]), "listed twice")
        refuses(
            manifestBytes("files" to files.map { it.with("sha256" to JsonPrimitive("0".repeat(63))) }),
            """files\[0]\.sha256 is no SHA-256""",
        )
    }

    @Test
    fun `an artefact may be a folder, as Core ML packages are`() {
        val files = entries("files").map {
            it.with("path" to it.text("path").replace("track_step.tflite", "track_step.tflite/weights.bin"))
        }
        assertEquals(4, parseManifest(manifestBytes("files" to files)).artifacts.size)
    }
}
