package dev.vitexport.app.overlay

import java.nio.FloatBuffer
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotSame
import org.junit.Assert.assertSame
import org.junit.Test

class MaskExchangeTest {
    private val exchange = MaskExchange(most = 2, side = 1)

    private fun publish(id: Int, logit: Float) {
        exchange.back.clear()
        exchange.back.add(id, FloatBuffer.wrap(floatArrayOf(logit)))
        exchange.publish()
    }

    @Test
    fun `the newest masks are drawn, and those between are not`() {
        publish(1, 1f)
        publish(2, 2f)
        val drawn = exchange.take()
        assertEquals(2, drawn.id(0))
        assertEquals(2f, drawn.logits(0).get(0), 0f)
    }

    @Test
    fun `what is drawn is not written to`() {
        publish(1, 1f)
        val drawn = exchange.take()
        publish(2, 2f)
        assertNotSame(drawn, exchange.back)
        publish(3, 3f)
        assertNotSame(drawn, exchange.back)
        assertEquals(1f, drawn.logits(0).get(0), 0f)
    }

    @Test
    fun `the same masks are drawn again while there are no others`() {
        publish(1, 1f)
        assertSame(exchange.take(), exchange.take())
    }

    @Test
    fun `masks are a copy, which the tracker does not write over`() {
        val tracker = FloatBuffer.wrap(floatArrayOf(1f))
        exchange.back.add(1, tracker)
        tracker.put(0, -1f)
        exchange.publish()
        assertEquals(1f, exchange.take().logits(0).get(0), 0f)
    }

    @Test
    fun `more objects than there is memory for are left out`() {
        repeat(3) { exchange.back.add(it, FloatBuffer.wrap(floatArrayOf(0f))) }
        exchange.publish()
        assertEquals(2, exchange.take().count)
    }
}
