package dev.vitexport.app.ui

import org.junit.Assert.assertEquals
import org.junit.Test

class NoticesTest {
    private val notices = Notices()

    @Test
    fun `what was said while no screen was in view is there for the next`() {
        notices.say("The graph failed.")
        val seen = mutableListOf<List<String>>()
        notices.onChange { seen += notices.list }
        assertEquals(listOf("The graph failed."), notices.list)
        notices.say("The camera failed.")
        assertEquals(listOf(listOf("The graph failed.", "The camera failed.")), seen)
    }

    @Test
    fun `the same twice is said once, and anew`() {
        for (sentence in listOf("one", "other", "one")) notices.say(sentence)
        assertEquals(listOf("other", "one"), notices.list)
    }

    @Test
    fun `what is dismissed is gone, and the others stay`() {
        for (sentence in listOf("one", "other")) notices.say(sentence)
        notices.dismiss("other")
        assertEquals(listOf("one"), notices.list)
    }

    @Test
    fun `a screen that is gone hears nothing`() {
        var heard = 0
        val listener: () -> Unit = { heard++ }
        notices.onChange(listener)
        notices.noLonger(listener)
        notices.say("one")
        assertEquals(0, heard)
    }
}
