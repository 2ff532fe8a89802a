/// A colour for each object's number: Okabe and Ito's, told apart by colour-blind people (jfly.uni-koeln.de/color).
struct ObjectColour: Equatable, Sendable {
    let name: String
    /// Red, green and blue, 0 to 1
    let rgb: SIMD3<Float>

    private init(_ name: String, _ code: Int) {
        self.name = name
        rgb = SIMD3(Float(code >> 16 & 0xff), Float(code >> 8 & 0xff), Float(code & 0xff)) / 255
    }

    private static let all = [
        ObjectColour("orange", 0xe69f00),
        ObjectColour("sky blue", 0x56b4e9),
        ObjectColour("green", 0x009e73),
        ObjectColour("yellow", 0xf0e442),
        ObjectColour("purple", 0xcc79a7),
        ObjectColour("vermilion", 0xd55e00),
        ObjectColour("blue", 0x0072b2),
    ]

    /// Of an object's number, from 1
    static func of(_ id: Int) -> ObjectColour {
        all[(id - 1) % all.count]
    }
}
