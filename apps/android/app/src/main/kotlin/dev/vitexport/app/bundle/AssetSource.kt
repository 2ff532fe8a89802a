/** The bundle that the app brings: `make apps APP=android BUNDLE=…` puts it into the project before it is built. */
package dev.vitexport.app.bundle

import android.content.Context
import dev.vitexport.app.R
import dev.vitexport.core.bundle.BundleException
import dev.vitexport.core.bundle.BundleSource
import java.io.FileNotFoundException
import java.io.InputStream

private const val FOLDER = "bundle"

/** Throws [BundleException] where the app was built without a bundle. */
class AssetSource(context: Context) : BundleSource {
    private val assets = context.assets

    init {
        if (assets.list(FOLDER).isNullOrEmpty()) throw BundleException(context.getString(R.string.no_bundle_brought))
    }

    override fun open(path: String): InputStream? = try {
        assets.open("$FOLDER/$path")
    } catch (_: FileNotFoundException) {
        null
    }
}
