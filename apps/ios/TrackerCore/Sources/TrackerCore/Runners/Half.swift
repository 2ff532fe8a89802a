/// Half precision (IEEE 754 binary16) as bit patterns.
extension Float {
    init(half bits: UInt16) {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 0x1f
        let fraction = UInt32(bits) & 0x3ff
        switch exponent {
        case 0:
            // subnormal: a multiple of 2^-24
            let magnitude = Float(fraction) * 0x1p-24
            self = sign == 0 ? magnitude : -magnitude
        case 0x1f:
            self.init(bitPattern: sign | 0x7f80_0000 | fraction << 13)
        default:
            self.init(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }

    /// Rounded to nearest, ties to even
    var half: UInt16 {
        let sign = UInt16(bitPattern >> 16 & 0x8000)
        let size = magnitude
        if isNaN { return sign | 0x7e00 }
        if size >= 65520 { return sign | 0x7c00 } // from half way beyond the largest on
        if size < 0x1p-14 { return sign | UInt16((size * 0x1p24).rounded(.toNearestOrEven)) }
        let bits = size.bitPattern
        let rounded = bits + 0xfff + (bits >> 13 & 1)
        return sign | UInt16((rounded >> 13) - (112 << 10))
    }
}
