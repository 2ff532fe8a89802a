package dev.vitexport.app.ui

import dev.vitexport.core.bundle.MOST_THREADS

/** Numbers of threads to choose from: as many as graphs get at most, and the device has cores. */
fun threadCounts(): List<Int> = listOf(1, 2, MOST_THREADS).filter { it <= Runtime.getRuntime().availableProcessors() }
