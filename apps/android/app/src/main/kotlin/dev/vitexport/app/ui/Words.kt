/** How figures are put into words, the same on every screen. */
package dev.vitexport.app.ui

/** ms, with as many digits as are worth reading */
fun ms(value: Double): String = (if (value < 10) "%.1f" else "%.0f").format(value)

/** Bytes as people read them, such as "14.2 MB" */
fun size(bytes: Long): String = if (bytes < 1e6) "%.0f kB".format(bytes / 1e3) else "%.1f MB".format(bytes / 1e6)
