import Testing

@testable import TrackerCore

@Suite struct TensorTests {
    private let values: [Float] = [1, -2, 0.5, 65504, -0.25, 0]

    @Test("numbers come out as they went in, in float32 and float16, with rows padded or not")
    func numbersComeOutAsTheyWentIn() {
        for (element, rowBytes) in [(Tensor.Element.float32, 12), (.float32, 64), (.float16, 6), (.float16, 64)] {
            let memory = Tensor(shape: [32]).memory
            let tensor = Tensor(shape: [1, 2, 3], element: element, rowBytes: rowBytes, memory: memory)
            tensor.fill(from: values)
            #expect(tensor.values == values)
            #expect(tensor.scalar == 1)
        }
    }

    @Test("a tensor fits into memory that has all its rows, none of which reaches into the next") func aTensorFitsIntoMemory() {
        let fits = { Tensor.fits([1, 3, 2, 2], $0, rowBytes: $1, byteCount: $2) }
        // six rows of two numbers, and two rows of two pixels; the padding of the last is not needed
        let least: [(Tensor.Element, Int, Int)] = [
            (.float32, 8, 48), (.float32, 64, 328), (.float16, 4, 24), (.float16, 64, 324), (.bgra8, 8, 16), (.bgra8, 64, 72),
        ]
        for (element, rowBytes, byteCount) in least {
            #expect(fits(element, rowBytes, byteCount))
            #expect(!fits(element, rowBytes, byteCount - 1))
        }
        #expect(!fits(.float32, 7, 1000))
        #expect(!fits(.float16, 3, 1000))
        #expect(!fits(.bgra8, 7, 1000))
        #expect(Tensor.fits([], .float32, rowBytes: 4, byteCount: 4))
    }

    @Test("half precision is that of IEEE 754, rounded to nearest, ties to even") func halfPrecisionIsThatOfIEEE754() {
        let known: [(Float, UInt16)] = [
            (0, 0), (-0.0, 0x8000), (1, 0x3c00), (-2, 0xc000), (65504, 0x7bff), (65519, 0x7bff), (65520, 0x7c00),
            (0x1p-14, 0x0400), (0x1p-24, 0x0001), (0x1p-25, 0x0000), (0x1.8p-24, 0x0002), (-.infinity, 0xfc00),
            (1 + 0x1p-11, 0x3c00), (1 + 0x3p-11, 0x3c02), (0x1.ffep-15, 0x0400), (0x1.ff8p-15, 0x03ff),
        ]
        for (number, bits) in known { #expect(number.half == bits, "\(number)") }
        #expect(Float(half: Float.nan.half).isNaN)
        for bits in UInt16.min...UInt16.max where !Float(half: bits).isNaN {
            if Float(half: bits).half != bits { Issue.record("\(bits) does not come back") }
        }
    }

    @Test("a picture comes in planes, or as pixels of blue, green and red") func aPictureComesInPlanesOrAsPixels() {
        let rgb: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
        let planes = Tensor(shape: [1, 3, 2, 2])
        let half = Tensor(shape: [1, 3, 2, 2], element: .float16, rowBytes: 16, memory: Tensor(shape: [64]).memory)
        let pixels = Tensor(shape: [1, 3, 2, 2], element: .bgra8, rowBytes: 16, memory: Tensor(shape: [8]).memory)
        for tensor in [planes, half, pixels] { rgb.withUnsafeBufferPointer { tensor.fill(rgb: $0) } }
        #expect(planes.values == [1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12])
        #expect(half.values == planes.values)
        let rows = pixels.memory.withBytes { base in
            [0, 16].map { Array(UnsafeRawBufferPointer(start: base + $0, count: 8)) }
        }
        #expect(rows == [[3, 2, 1, 255, 6, 5, 4, 255], [9, 8, 7, 255, 12, 11, 10, 255]])
    }
}
