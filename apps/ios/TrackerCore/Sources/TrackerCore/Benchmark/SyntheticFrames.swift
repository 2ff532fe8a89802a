import Foundation

/// A frame of a benchmark: of a camera's size, so that resizing is timed as well.
public struct SyntheticFrame: Sendable {
    /// As cameras give where they are asked for little
    public static let width = 640
    public static let height = 480

    /// Rows of pixels of four bytes: blue, green, red, and one that is 255
    public let bgra: [UInt8]
}

/// A disc on its way around a striped ground: drawn, so that every device is given the same.
struct SyntheticFrames {
    /// Frames of one turn of the disc
    private static let turn = 24

    private let frames = (0..<turn).map(drawn)

    /// Where the disc is in the first frame, in shares of width and height
    static let disc = centre(0)

    subscript(count: Int) -> SyntheticFrame { frames[count % Self.turn] }

    private static func centre(_ place: Int) -> (x: Double, y: Double) {
        let angle = 2 * Double.pi * Double(place) / Double(turn)
        return (0.5 + 0.2 * cos(angle), 0.5 + 0.2 * sin(angle))
    }

    private static func drawn(_ place: Int) -> SyntheticFrame {
        let (width, height) = (SyntheticFrame.width, SyntheticFrame.height)
        let (centreX, centreY) = (Int(centre(place).x * Double(width)), Int(centre(place).y * Double(height)))
        let radius = height / 6
        let bgra = [UInt8](unsafeUninitializedCapacity: 4 * width * height) { bytes, count in
            for y in 0..<height {
                for x in 0..<width {
                    let (dx, dy) = (x - centreX, y - centreY)
                    let shade = UInt8(128 * (x + y) / (width + height))
                    let pixel: (UInt8, UInt8, UInt8) = dx * dx + dy * dy <= radius * radius ? (46, 87, 228)
                        : x % 80 < 24 ? (112, 103, 91) : (107 + shade / 8, 80 + shade, 36 + shade)
                    let to = 4 * (y * width + x)
                    (bytes[to], bytes[to + 1], bytes[to + 2], bytes[to + 3]) = (pixel.0, pixel.1, pixel.2, 255)
                }
            }
            count = bytes.count
        }
        return SyntheticFrame(bgra: bgra)
    }
}
