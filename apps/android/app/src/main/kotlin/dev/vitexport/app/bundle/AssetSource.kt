/** The bundle that the app brings: `make apps BUNDLE=…` puts it into the project before it is built. */
package dev.vitexport.app.bundle

import android.content.res.AssetManager
import dev.vitexport.core.bundle.Source
import dev.vitexport.core.bundle.SourceException
import java.io.FileNotFoundException

private const val FOLDER = "bundle"

class AssetSource private constructor(private val assets: AssetManager) : Source {
    override fun read(path: String, most: Long): ByteArray {
        val content = try {
            // One byte more than allowed is enough to see that there is more.
            assets.open("$FOLDER/$path").use { it.readAtMost(most + 1) }
        } catch (_: FileNotFoundException) {
            throw SourceException("The bundle within the app lacks $path: run make apps again, and build the app anew.")
        }
        if (content.size > most) throw SourceException("$path has more than the $most bytes that it may have; run make apps again.")
        return content
    }

    companion object {
        /** Throws [SourceException] where the app was built without a bundle. */
        fun open(assets: AssetManager): AssetSource {
            if (assets.list(FOLDER).isNullOrEmpty()) {
                throw SourceException(
                    "This app was built without a bundle: run make apps BUNDLE=FOLDER and build it again, or open the " +
                        "zip of one in the settings.",
                )
            }
            return AssetSource(assets)
        }
    }
}
