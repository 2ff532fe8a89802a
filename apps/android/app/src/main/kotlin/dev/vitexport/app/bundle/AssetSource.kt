/** The bundle that the app brings: `make apps BUNDLE=…` puts it into the project before it is built. */
package dev.vitexport.app.bundle

import android.content.res.AssetManager
import dev.vitexport.core.bundle.BundleException
import dev.vitexport.core.bundle.BundleSource
import java.io.FileNotFoundException
import java.io.InputStream

private const val FOLDER = "bundle"

/** Throws [BundleException] where the app was built without a bundle. */
class AssetSource(private val assets: AssetManager) : BundleSource {
    init {
        if (assets.list(FOLDER).isNullOrEmpty()) {
            throw BundleException(
                "This app was built without a bundle: run make apps BUNDLE=FOLDER and build it again, or open " +
                    "the zip of one in the settings.",
            )
        }
    }

    override fun open(path: String): InputStream? = try {
        assets.open("$FOLDER/$path")
    } catch (_: FileNotFoundException) {
        null
    }
}
