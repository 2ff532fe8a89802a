package dev.vitexport.core.following

import dev.vitexport.core.tracker.Label
import dev.vitexport.core.tracker.ObjectStatus
import dev.vitexport.core.tracker.PromptException
import dev.vitexport.core.tracker.PromptPoint
import dev.vitexport.core.tracker.PromptRequest
import kotlin.test.assertContains
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNull
import org.junit.Test

class ObjectsTest {
    private var changes = 0
    private val objects = Objects { changes++ }

    private fun on(x: Float, y: Float) = PromptPoint(x, y, Label.ON)

    @Test
    fun `a point without a selected object begins a new one, which is selected`() {
        objects.point(10f, 20f, on = true, still = 0)
        assertEquals(listOf(PromptRequest(1, listOf(on(10f, 20f)))), objects.take())
        assertEquals(1, objects.selected)
        assertEquals(1, changes)
    }

    @Test
    fun `a further point in the same still frame is passed with all before`() {
        objects.point(10f, 20f, on = true, still = 5)
        objects.take()
        objects.point(30f, 40f, on = false, still = 5)
        val points = listOf(on(10f, 20f), PromptPoint(30f, 40f, Label.BESIDE))
        assertEquals(listOf(PromptRequest(1, points)), objects.take())
    }

    @Test
    fun `a point in a later frame starts the object anew`() {
        objects.point(10f, 20f, on = true, still = 5)
        objects.point(30f, 40f, on = true, still = 6)
        assertEquals(listOf(PromptRequest(1, listOf(on(30f, 40f)))), objects.take())
    }

    @Test
    fun `while the picture moves, every point starts anew, and nothing can be taken away`() {
        objects.point(10f, 20f, on = true, still = null)
        objects.point(30f, 40f, on = true, still = null)
        assertEquals(listOf(on(30f, 40f)), objects.take().single().points)
        val refusal = assertFailsWith<PromptException> { objects.point(1f, 1f, on = false, still = null) }
        assertContains(refusal.message!!, "Pause first")
    }

    @Test
    fun `what does not belong to an object is refused before there is one`() {
        val refusal = assertFailsWith<PromptException> { objects.point(1f, 1f, on = false, still = 0) }
        assertContains(refusal.message!!, "Point at the object first")
    }

    @Test
    fun `a fifth point is refused, and the four stay`() {
        for (x in 1..4) objects.point(x.toFloat(), 0f, on = true, still = 0)
        val refusal = assertFailsWith<PromptException> { objects.point(5f, 0f, on = true, still = 0) }
        assertContains(refusal.message!!, "4 points")
        assertEquals(4, objects.list.single().points.size)
    }

    @Test
    fun `a box starts its object anew, and points in the same frame refine it`() {
        objects.point(9f, 9f, on = true, still = 0)
        objects.box(1f, 2f, 3f, 4f, still = 0)
        objects.point(2f, 3f, on = true, still = 0)
        val corners = listOf(PromptPoint(1f, 2f, Label.UPPER_LEFT), PromptPoint(3f, 4f, Label.LOWER_RIGHT))
        assertEquals(corners + on(2f, 3f), objects.take().single().points)
    }

    @Test
    fun `a deleted number is free again, and what was still on its way does not bring the object back`() {
        objects.point(1f, 1f, on = true, still = 0)
        objects.select(null)
        objects.point(2f, 2f, on = true, still = 0)
        objects.delete(1)
        objects.see(mapOf(1 to ObjectStatus.TRACKING, 2 to ObjectStatus.TRACKING))
        assertEquals(listOf(2), objects.list.map { it.id })
        objects.select(null)
        objects.point(3f, 3f, on = true, still = 0)
        assertEquals(listOf(1, 2), objects.list.map { it.id })
    }

    @Test
    fun `more objects than can be told apart are refused`() {
        repeat(MOST_OBJECTS) {
            objects.select(null)
            objects.point(1f, 1f, on = true, still = 0)
        }
        objects.select(null)
        val refusal = assertFailsWith<PromptException> { objects.point(1f, 1f, on = true, still = 0) }
        assertContains(refusal.message!!, "delete one first")
    }

    @Test
    fun `an object is waiting until it was seen, and lost when the tracker says so`() {
        objects.point(1f, 1f, on = true, still = 0)
        assertNull(objects.list.single().status)
        objects.see(mapOf(1 to ObjectStatus.PROMPTED))
        assertEquals(ObjectStatus.PROMPTED, objects.list.single().status)
        objects.see(mapOf(1 to ObjectStatus.LOST))
        assertEquals(ObjectStatus.LOST, objects.list.single().status)
        val before = changes
        objects.see(mapOf(1 to ObjectStatus.LOST))
        assertEquals(before, changes, "what did not change is not drawn anew")
    }

    @Test
    fun `prompts are taken once`() {
        objects.point(1f, 1f, on = true, still = 0)
        assertEquals(1, objects.take().size)
        assertFalse(objects.isAsked)
        assertEquals(emptyList(), objects.take())
    }

    @Test
    fun `a prompt that came to nothing is asked for again, as it is by then`() {
        objects.point(1f, 1f, on = true, still = 0)
        objects.select(null)
        objects.point(2f, 2f, on = true, still = 0)
        val prompts = objects.take()
        objects.delete(1)
        objects.point(3f, 3f, on = true, still = 0)
        objects.giveBack(prompts)
        assertEquals(listOf(2), objects.take().map { it.id })
    }

    @Test
    fun `elsewhere, objects wait to be seen`() {
        objects.point(1f, 1f, on = true, still = 0)
        objects.see(mapOf(1 to ObjectStatus.TRACKING))
        objects.elsewhere()
        assertNull(objects.list.single().status)
    }
}
