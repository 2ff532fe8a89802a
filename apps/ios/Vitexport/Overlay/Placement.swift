import Foundation

/// Where a picture lies in the view that shows it, and the way from the one to the other.
struct Placement: Equatable, Sendable {
    /// Of the whole picture in the view, in points; parts of it may lie outside
    let picture: CGRect
    /// Whether the picture is shown mirrored, as a front camera's is
    let mirrored: Bool

    /// A tap's place in the picture, in pixels of the model's square of `side`; nil beside the picture.
    func inModel(_ point: CGPoint, side: Int) -> (x: Float, y: Float)? {
        guard picture.width > 0, picture.height > 0, picture.contains(point) else { return nil }
        let across = (point.x - picture.minX) / picture.width
        let down = (point.y - picture.minY) / picture.height
        return (Float((mirrored ? 1 - across : across) * Double(side)), Float(down * Double(side)))
    }

    /// The picture's lower left corner and its size in clip coordinates (-1 to 1, y up) of a view of `size`.
    func inClip(of size: CGSize) -> (origin: SIMD2<Float>, size: SIMD2<Float>) {
        guard size.width > 0, size.height > 0 else { return (.zero, .zero) }
        let origin = SIMD2(
            Float(2 * picture.minX / size.width - 1), Float(1 - 2 * picture.maxY / size.height)
        )
        return (origin, SIMD2(Float(2 * picture.width / size.width), Float(2 * picture.height / size.height)))
    }
}
