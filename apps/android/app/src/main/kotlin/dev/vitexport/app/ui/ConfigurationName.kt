package dev.vitexport.app.ui

import android.content.Context
import dev.vitexport.app.R
import dev.vitexport.app.model.wayName
import dev.vitexport.core.bundle.Configuration
import dev.vitexport.core.runners.ComputeUnit

/** Such as "LiteRT, CPU, fp32, 4 threads" */
fun configurationName(context: Context, way: Configuration): String =
    if (way.unit == ComputeUnit.GPU) wayName(way)
    else context.resources.getQuantityString(R.plurals.way_in_threads, way.threads, wayName(way), way.threads)
