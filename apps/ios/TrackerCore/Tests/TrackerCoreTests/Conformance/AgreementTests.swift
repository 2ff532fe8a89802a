import Testing

@testable import TrackerCore

@Suite struct AgreementTests {
    @Test("equal masks agree whatever the size of their logits, and the difference is the largest")
    func equalMasksAgree() {
        let agreement = compare([1, -1, 2, -2], [1.5, -1, 9, -2])
        #expect((agreement.iou, agreement.maxAbs) == (1, 7))
    }

    @Test("IoU is what both have of what either has; a logit of zero is background") func iouIsOfBothInEither() {
        #expect(compare([1, 1, 1, 0], [1, 0, 1, 1]).iou == 0.5)
    }

    @Test("a small union counts as the least that the tolerance says") func aSmallUnionCountsAsTheLeast() {
        #expect(compare([1, 1, -1, -1], [1, -1, -1, -1], leastUnion: 1).iou == 0.75)
        #expect(compare([1, 1, -1, -1], [1, -1, -1, -1], leastUnion: 0.25).iou == 0.5)
    }

    @Test("two empty masks agree, and an empty one agrees with no other")
    func twoEmptyMasksAgreeAndAnEmptyOneAgreesWithNoOther() {
        #expect(compare([-1, -1], [-2, -3]).iou == 1)
        #expect(compare([-1, -1], [-2, 3]).iou == 0)
    }

    @Test("logits that are not finite stand for no mask, not for an empty one")
    func logitsThatAreNotFiniteStandForNoMaskNotForAnEmptyOne() {
        for wrong in [Float.nan, .infinity, -.infinity] {
            let agreement = compare([-1, -1], [-1, wrong])
            #expect((agreement.iou, agreement.maxAbs) == (0, .infinity))
        }
    }

    @Test("a mask says something from 1 to 99 % of the frame on") func aMaskSaysSomething() {
        let says = [0, 9, 10, 990, 991, 1000].map { covered in
            let mask = Array(repeating: Float(1), count: covered) + Array(repeating: 0, count: 1000 - covered)
            return compare(mask, mask).saysSomething
        }
        #expect(says == [false, false, true, true, false, false])
    }

    private func compare(_ expected: [Float], _ actual: [Float], leastUnion: Double = 0) -> Agreement {
        expected.withUnsafeBufferPointer { expected in
            actual.withUnsafeBufferPointer { Agreement(expected: expected, actual: $0, leastUnion: leastUnion) }
        }
    }
}
