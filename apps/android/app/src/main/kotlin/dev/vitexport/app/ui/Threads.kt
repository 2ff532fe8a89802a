/** Numbers of threads to choose from. */
package dev.vitexport.app.ui

/** Powers of two up to the number of cores, and the number that is [used]. */
fun threadCounts(used: Int = 1): List<Int> {
    val most = Runtime.getRuntime().availableProcessors()
    return (listOf(1, 2, 4, 8, 16).filter { it <= most } + used).distinct().sorted()
}
