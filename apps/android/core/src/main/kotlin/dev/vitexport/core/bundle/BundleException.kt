package dev.vitexport.core.bundle

/** A bundle that is refused. The message is one sentence, which says what is wrong and what to do. */
class BundleException(message: String) : Exception(message)
