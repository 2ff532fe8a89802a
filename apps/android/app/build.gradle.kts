plugins {
    alias(libs.plugins.android.application)
}

android {
    namespace = "dev.vitexport.app"
    compileSdk { version = release(37) }

    defaultConfig {
        applicationId = "dev.vitexport.app"
        minSdk = 26
        targetSdk = 37
        versionCode = 1
        versionName = "0.1.0"
        // What both runtimes are built for
        ndk { abiFilters += listOf("arm64-v8a", "x86_64") }
        // What a saved result says it was measured with
        buildConfigField("String", "EXECUTORCH_VERSION", "\"${libs.versions.executorch.get()}\"")
        buildConfigField("String", "LITERT_VERSION", "\"${libs.versions.litert.get()}\"")
    }

    buildFeatures { buildConfig = true }

    // Weights do not shrink, and are read faster as they are.
    androidResources { noCompress += listOf("pte", "tflite", "safetensors") }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
}

dependencies {
    implementation(project(":core"))
    implementation(libs.executorch)
    implementation(libs.litert)
    implementation(libs.litert.gpu)
    testImplementation(libs.junit)
}
