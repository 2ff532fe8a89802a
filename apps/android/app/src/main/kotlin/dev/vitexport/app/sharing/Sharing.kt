/** Sends a result to a latency service, where the person said so and to where. */
package dev.vitexport.app.sharing

import android.content.Context
import dev.vitexport.app.R
import java.io.IOException
import java.net.HttpURLConnection
import java.net.MalformedURLException
import java.net.URL

/** A result that a service did not take, in one sentence. */
class SharingError(message: String) : Exception(message)

/** ms */
private const val PATIENCE = 20_000

/**
 * Posts JSON to an address that the person gave, after they agreed; what is behind its # is the service's token. Throws
 * [SharingError].
 */
fun post(context: Context, json: String, given: String) {
    val address = given.substringBefore('#')
    val token = given.substringAfter('#', "")
    if (!address.startsWith("https://")) {
        throw SharingError(context.getString(R.string.in_the_clear))
    }
    val status = try {
        val connection = URL(address).openConnection() as HttpURLConnection
        try {
            connection.connectTimeout = PATIENCE
            connection.readTimeout = PATIENCE
            connection.instanceFollowRedirects = false // the person agreed to this address, and to no other
            connection.requestMethod = "POST"
            connection.doOutput = true
            connection.setRequestProperty("Content-Type", "application/json")
            if (token.isNotEmpty()) connection.setRequestProperty("Authorization", "Bearer $token")
            connection.outputStream.use { it.write(json.toByteArray()) }
            connection.responseCode
        } finally {
            connection.disconnect()
        }
    } catch (_: MalformedURLException) {
        throw context.noAddress(address)
    } catch (_: IllegalArgumentException) {
        throw context.noAddress(address) // a host that cannot be one
    } catch (_: IOException) {
        throw SharingError(context.getString(R.string.no_answer, address))
    } catch (_: SecurityException) {
        throw SharingError(context.getString(R.string.no_answer, address)) // as without the permission for the internet
    }
    if (status !in 200..299) throw SharingError(context.getString(R.string.service_refused, address, status))
}

private fun Context.noAddress(address: String) =
    SharingError(getString(R.string.no_address, address, getString(R.string.address_example)))
