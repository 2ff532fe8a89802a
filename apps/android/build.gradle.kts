// Kotlin is named here so that both modules get this version; AGP compiles the Kotlin of `app` with it by itself.
plugins {
    alias(libs.plugins.android.application) apply false
    alias(libs.plugins.kotlin.jvm) apply false
    alias(libs.plugins.kotlin.serialization) apply false
}
