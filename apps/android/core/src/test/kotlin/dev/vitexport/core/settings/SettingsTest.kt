package dev.vitexport.core.settings

import dev.vitexport.core.bundle.Configuration
import dev.vitexport.core.runners.ComputeUnit
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import org.junit.Test

class KeptInMemory : KeyValues {
    private val values = mutableMapOf<String, String>()

    override fun get(key: String): String? = values[key]

    override fun set(key: String, value: String?) {
        if (value == null) values -= key else values[key] = value
    }
}

class SettingsTest {
    private val kept = KeptInMemory()

    @Test
    fun `settings are there at the next start`() {
        val chosen = Settings(
            configurations = mapOf("a".repeat(64) to Configuration("tflite", "fp16", null, ComputeUnit.GPU, 1)),
            threads = 2,
            gpu = true,
            overlayOpacity = 0.75f,
        )
        SettingsStore(kept).settings = chosen
        assertEquals(chosen, SettingsStore(kept).settings)
    }

    @Test
    fun `settings that cannot be read are the first ones again`() {
        for (text in listOf("no JSON", """{"threads": "many"}""", """{"threads": 99}""")) {
            kept["settings"] = text
            assertEquals(Settings(), SettingsStore(kept).settings)
        }
    }

    @Test
    fun `a setting of a later version is left out, and the others stay`() {
        kept["settings"] = """{"threads": 3, "sound": true}"""
        assertEquals(3, SettingsStore(kept).settings.threads)
    }

    @Test
    fun `settings that cannot be are refused`() {
        assertFailsWith<IllegalArgumentException> { Settings(threads = 5) }
        assertFailsWith<IllegalArgumentException> { Settings(overlayOpacity = 1.5f) }
    }
}
