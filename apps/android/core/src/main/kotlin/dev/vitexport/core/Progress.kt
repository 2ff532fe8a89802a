package dev.vitexport.core

/**
 * Says how far a call that takes long is (0 to 1) and what it is at. Returns whether it should go on: not where it was
 * stopped, and then it answers with what it has.
 */
typealias Progress = (share: Double, what: String) -> Boolean
