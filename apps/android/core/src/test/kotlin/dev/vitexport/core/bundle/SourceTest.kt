package dev.vitexport.core.bundle

import java.io.ByteArrayOutputStream
import java.io.File
import java.util.zip.ZipEntry
import java.util.zip.ZipOutputStream
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder

class SourceTest {
    @get:Rule
    val folder = TemporaryFolder()

    private fun zipOf(vararg files: Pair<String, String>): File = folder.newFile().also { file ->
        ZipOutputStream(file.outputStream()).use { zip ->
            for ((name, content) in files) {
                zip.putNextEntry(ZipEntry(name))
                zip.write(content.toByteArray())
            }
        }
    }

    @Test
    fun `files are read from a folder`() {
        File(folder.newFolder("onnx"), "a").writeText("graph")
        val source = FolderSource(folder.root)
        assertEquals("graph", source.read("onnx/a", 5).decodeToString())
        assertContains(
            assertFailsWith<BundleException> { source.read("onnx/a", 4) }.message!!, "onnx/a has more than the 4 bytes",
        )
        assertNull(source.open("onnx"), "a folder is no file")
    }

    @Test
    fun `files are read from a zip, with or without the name of the folder`() {
        for (name in listOf("", "nano/")) {
            ZipSource(zipOf("${name}manifest.json" to "{}", "${name}onnx/a" to "graph")).use {
                assertEquals("graph", it.read("onnx/a", 5).decodeToString())
            }
        }
    }

    @Test
    fun `what is no zip of a bundle is refused`() {
        val text = folder.newFile("nano.zip").apply { writeText("not a zip") }
        fun refusal(file: File) = assertFailsWith<BundleException> { ZipSource(file) }.message!!
        assertContains(refusal(text), "nano.zip is no zip, or is damaged")
        assertContains(refusal(zipOf("photo.jpg" to "")), "There is no manifest.json")
    }

    @Test
    fun `a copy has as many bytes as it may have, and none of what has more`() {
        fun copied(count: Int): Pair<Boolean, Int> {
            val to = ByteArrayOutputStream()
            return ByteArray(count).inputStream().copyAtMost(5, to) to to.size()
        }
        assertEquals(true to 5, copied(5))
        assertEquals(false to 0, copied(6))
    }
}
