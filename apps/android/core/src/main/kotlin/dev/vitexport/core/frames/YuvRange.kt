package dev.vitexport.core.frames

/**
 * From Y′CbCr of ITU-R BT.601 to R′G′B′, both 0 to 255, at each end of which a value is cut off. What a camera of
 * Android gives is of full range, as JPEG's (ITU-T T.871 §7); what a decoder gives of a video is mostly of limited
 * range, Y′ 16 to 235 and Cb, Cr 16 to 240 (ITU-R BT.601-7 §2.5.3).
 */
enum class YuvRange(internal val black: Float, internal val lumaScale: Float, chromaScale: Float) {
    FULL(0f, 1f, 1f),
    LIMITED(16f, 255f / 219f, 255f / 224f),
    ;

    /** R′ = Y′ + 1.402 Cr, B′ = Y′ + 1.772 Cb, and G′ from Y′ = 0.299 R′ + 0.587 G′ + 0.114 B′ */
    internal val redOfCr = 1.402f * chromaScale
    internal val blueOfCb = 1.772f * chromaScale
    internal val greenOfCb = 0.114f / 0.587f * blueOfCb
    internal val greenOfCr = 0.299f / 0.587f * redOfCr
}
