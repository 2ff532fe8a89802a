package dev.vitexport.app.model

import android.content.Context
import android.net.Uri
import dev.vitexport.app.bundle.copyZip
import dev.vitexport.app.runners.runtimeOf
import dev.vitexport.core.Progress
import dev.vitexport.core.bundle.ZipSource
import dev.vitexport.core.packs.Pack
import dev.vitexport.core.packs.PackResult
import dev.vitexport.core.packs.timePack
import java.io.File

/** Times the kernel pack in a zip that a person chose; on the model's thread. Nothing of it stays on the device. */
fun timePackIn(context: Context, zip: Uri, threads: Int, progress: Progress): PackResult {
    val copy = File(context.cacheDir, "pack.zip")
    val kernels = File(context.cacheDir, "kernels")
    try {
        context.copyZip(zip, copy)
        val pack = ZipSource(copy).use { Pack.open(it, kernels) }
        return timePack(pack, runtimeOf(pack.manifest.runtime, pack.manifest.unit).loader, threads, progress)
    } finally {
        copy.delete()
        kernels.deleteRecursively()
    }
}
