package dev.vitexport.core.bundle

import java.nio.ByteBuffer
import java.nio.charset.CharacterCodingException
import java.nio.charset.StandardCharsets
import kotlinx.serialization.SerializationException
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive

/** What is no JSON, or not what it is taken for. The message says where and why, and ends without a full stop. */
internal class JsonException(message: String) : Exception(message)

/**
 * A value of JSON that somebody else wrote, and its place in it. Each is held against what it is taken for, and refused
 * by its place: a decoder that is derived from types takes `"10"` for a number and names no element of a list. All that
 * reads throws [JsonException].
 */
internal class JsonValue(private val element: JsonElement, val place: String = "") {
    /** Of an object that has the field */
    operator fun get(key: String): JsonValue {
        val value = objectOf()[key] ?: throw JsonException("${within(key)} is missing")
        return JsonValue(value, within(key))
    }

    fun text(): String = (element as? JsonPrimitive)?.takeIf { it.isString }?.content ?: throw unlike("text")

    fun truth(): Boolean = when (literal()) {
        "true" -> true
        "false" -> false
        else -> throw unlike("true or false")
    }

    fun number(): Double = literal()?.takeIf(NUMBER::matches)?.toDouble() ?: throw unlike("a number")

    fun whole(least: Long, most: Long): Long = literal()?.takeIf(NUMBER::matches)?.toLongOrNull()
        ?.takeIf { it in least..most } ?: throw unlike("a whole number from $least to $most")

    fun whole(least: Int, most: Int): Int = whole(least.toLong(), most.toLong()).toInt()

    fun oneOf(allowed: Collection<String>): String = (element as? JsonPrimitive)?.takeIf { it.isString }?.content
        ?.takeIf(allowed::contains) ?: throw unlike(allowed.joinToString(" or "))

    /** Text that a pattern matches; `called` is what that is. */
    fun like(pattern: Regex, called: String): String =
        text().takeIf(pattern::matches) ?: throw JsonException("$place is no $called")

    fun <T> orNull(read: JsonValue.() -> T): T? = if (element is JsonNull) null else read()

    fun <T> list(most: Int, read: JsonValue.() -> T): List<T> {
        val values = element as? JsonArray ?: throw unlike("a list")
        if (values.size > most) throw JsonException("$place has ${values.size} entries, and at most $most are taken")
        return values.mapIndexed { index, value -> JsonValue(value, "$place[$index]").read() }
    }

    /** An object whose values are all of one type */
    fun <T> record(read: JsonValue.() -> T): Map<String, T> =
        objectOf().mapValues { (key, value) -> JsonValue(value, within(key)).read() }

    /** The value as a message quotes it; lists and objects, which may be endless, by their kind */
    fun shown(): String = when (element) {
        is JsonArray -> "a list"
        is JsonObject -> "an object"
        is JsonPrimitive -> element.toString().let { if (it.length > QUOTED) "${it.take(QUOTED)}…" else it }
    }

    private fun objectOf() = element as? JsonObject ?: throw unlike("an object")

    /** What stands there without quotation marks */
    private fun literal() = (element as? JsonPrimitive)?.takeIf { !it.isString }?.content

    private fun within(key: String) = if (place.isEmpty()) key else "$place.$key"

    private fun unlike(wanted: String) =
        JsonException("${place.ifEmpty { "all of it" }} should be $wanted and is ${shown()}")

    companion object {
        /** How much of a value a message quotes, in characters */
        private const val QUOTED = 40

        /** Lists in lists: the parser calls itself for each, and has no end of its own but that of the stack. */
        private const val MOST_DEPTH = 100

        /** RFC 8259 §6 */
        private val NUMBER = Regex("""-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?""")

        /** The value that UTF-8 `bytes` stand for. Throws [JsonException]. */
        fun parse(bytes: ByteBuffer): JsonValue = try {
            val text = StandardCharsets.UTF_8.newDecoder().decode(bytes)
            if (depthOf(text) > MOST_DEPTH) throw JsonException("its lists and objects are more than $MOST_DEPTH deep")
            JsonValue(Json.parseToJsonElement(text.toString()))
        } catch (error: CharacterCodingException) {
            throw JsonException("it is no JSON: it is no UTF-8")
        } catch (error: SerializationException) {
            throw JsonException("it is no JSON: ${error.message.orEmpty().lineSequence().first()}")
        }
    }
}

/** How many lists and objects are open at once, outside of text in quotation marks */
private fun depthOf(json: CharSequence): Int {
    var depth = 0
    var deepest = 0
    var quoted = false
    var escaped = false
    for (sign in json) {
        when {
            escaped -> escaped = false
            sign == '"' -> quoted = !quoted
            quoted -> escaped = sign == '\\'
            sign == '[' || sign == '{' -> deepest = maxOf(deepest, ++depth)
            sign == ']' || sign == '}' -> depth--
        }
    }
    return deepest
}
