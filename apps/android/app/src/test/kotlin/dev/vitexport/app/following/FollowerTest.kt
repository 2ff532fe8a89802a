package dev.vitexport.app.following

import dev.vitexport.app.camera.Picture
import dev.vitexport.app.overlay.MaskExchange
import dev.vitexport.core.following.MOST_OBJECTS
import dev.vitexport.core.following.Stats
import dev.vitexport.core.frames.Pacing
import dev.vitexport.core.frames.Plane
import dev.vitexport.core.frames.Rotation
import dev.vitexport.core.frames.ThermalStatus
import dev.vitexport.core.tracker.ObjectStatus
import dev.vitexport.core.tracker.Tracker
import java.nio.ByteBuffer
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

class FollowerTest : FollowerEvents {
    private val graphs = StillGraphs()
    private val objects = SharedObjects {}
    private val stats = Stats()
    private val pacing = Pacing()
    private val masks = MaskExchange(MOST_OBJECTS, SIDE / 4)
    private val errors = mutableListOf<Throwable>()
    private val follower = Follower(
        Tracker(graphs.graphs, graphs.state), objects, stats, pacing, masks, SIDE, Runnable::run, this,
    )

    override fun followed() = Unit

    override fun failed(error: Throwable) {
        errors += error
    }

    private fun point(still: Long? = null) = objects.point(8f, 8f, on = true, still)

    @Test
    fun `a picture in which nobody asks for anything runs no graph, and is kept until the next comes`() {
        val (first, second) = List(2) { TestPicture() }
        follower.picture(first)
        follower.picture(second)
        assertEquals(emptyList<String>(), graphs.runs)
        assertTrue(first.closed)
        assertFalse(second.closed)
    }

    @Test
    fun `a prompt is answered in the next picture, which goes back to the camera`() {
        point()
        val picture = TestPicture()
        follower.picture(picture)
        assertEquals(listOf("encode_image", "prompt_points"), graphs.runs)
        assertEquals(ObjectStatus.PROMPTED, objects.list.single().status)
        assertEquals(1, masks.take().count)
        assertTrue(picture.closed)
    }

    @Test
    fun `what stands still is followed once, and later prompts are answered in it`() {
        follower.picture(TestPicture())
        point(still = 1)
        follower.prompted()
        point(still = 1)
        follower.prompted()
        assertEquals(listOf("encode_image", "prompt_points", "prompt_points"), graphs.runs)
    }

    @Test
    fun `where a graph fails, its prompt waits for the next picture`() {
        point()
        graphs.failing = true
        follower.picture(TestPicture())
        assertEquals(1, errors.size)
        graphs.failing = false
        follower.picture(TestPicture())
        assertEquals(listOf("encode_image", "prompt_points"), graphs.runs)
    }

    @Test
    fun `a device that is too hot follows nothing, and holds no picture`() {
        point()
        pacing.conditions(ThermalStatus.CRITICAL, lowPower = false)
        val picture = TestPicture()
        follower.picture(picture)
        assertEquals(emptyList<String>(), graphs.runs)
        assertTrue(picture.closed)
    }

    @Test
    fun `a picture that has its turn while a hot device rests is not followed, and is not held`() {
        val turns = ArrayDeque<Runnable>()
        val later = Follower(
            Tracker(graphs.graphs, graphs.state), objects, stats, pacing, masks, SIDE, turns::add, this,
        )
        point()
        later.picture(TestPicture())
        turns.removeFirst().run()
        val waiting = TestPicture()
        pacing.conditions(ThermalStatus.MODERATE, lowPower = false)
        later.picture(waiting)
        pacing.worked(System.nanoTime(), Long.MAX_VALUE / 4)
        val before = graphs.runs.toList()
        turns.removeFirst().run()
        assertEquals(before, graphs.runs)
        assertTrue(waiting.closed)
    }

    @Test
    fun `when no picture comes any more, none is kept`() {
        val picture = TestPicture()
        follower.picture(picture)
        follower.stop()
        assertTrue(picture.closed)
    }

    @Test
    fun `an object that is forgotten has no mask in the picture that is seen`() {
        point()
        follower.picture(TestPicture())
        objects.delete(1)
        follower.forgetDeleted()
        assertEquals(0, masks.take().count)
    }

    @Test
    fun `an object that has the number of one that was deleted is followed`() {
        point()
        follower.picture(TestPicture())
        objects.delete(1)
        point()
        follower.picture(TestPicture())
        follower.forgetDeleted()
        assertEquals(1, masks.take().count)
    }

    @Test
    fun `one that has ended keeps no picture, and runs no graph`() {
        follower.end()
        val kept = TestPicture()
        follower.picture(kept)
        point()
        val asked = TestPicture()
        follower.picture(asked)
        assertTrue(kept.closed && asked.closed)
        assertEquals(emptyList<String>(), graphs.runs)
    }

    @Test
    fun `where a graph fails, a prompt in what stands still waits as well`() {
        point(still = 1)
        follower.picture(TestPicture())
        point(still = 1)
        graphs.failing = true
        follower.prompted()
        assertEquals(1, errors.size)
        assertTrue(objects.isAsked)
    }

    @Test
    fun `frames are counted with their times`() {
        point()
        repeat(3) { follower.picture(TestPicture()) }
        assertEquals(3, stats.summary().followed)
        assertEquals(setOf("encode_image", "prompt_points", "track_step"), stats.summary().graphs.keys)
    }
}

private class TestPicture : Picture {
    override val width = SIDE
    override val height = SIDE
    override val rotation = Rotation.RIGHT
    override val y = grey(SIDE)
    override val u = grey(SIDE / 2)
    override val v = grey(SIDE / 2)
    override val arrived = System.nanoTime()
    var closed = false
        private set

    override fun close() {
        closed = true
    }

    private fun grey(side: Int) = Plane(ByteBuffer.allocateDirect(side * side), side, 1)
}
