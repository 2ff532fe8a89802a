import Testing

@testable import TrackerCore

/// What the user points at: which object a point is for, and when it counts together with earlier ones.
@Suite struct ObjectsTests {
    private var objects = Objects()

    @Test("a point without a selected object begins a new one, which is selected") mutating func aPointBeginsANewOne() throws {
        try objects.point(x: 10, y: 20, isOn: true, still: 0)
        #expect(objects.take() == [Prompt(object: 1, points: [on(10, 20)])])
        #expect(objects.selected == 1)
    }

    @Test("a further point in the same still frame is passed with all before") mutating func pointsCountTogether() throws {
        try objects.point(x: 10, y: 20, isOn: true, still: 5)
        _ = objects.take()
        try objects.point(x: 30, y: 40, isOn: false, still: 5)
        #expect(objects.take() == [Prompt(object: 1, points: [on(10, 20), PromptPoint(x: 30, y: 40, label: .beside)])])
    }

    @Test("a point in a later frame starts the object anew") mutating func aPointInALaterFrameStartsAnew() throws {
        try objects.point(x: 10, y: 20, isOn: true, still: 5)
        try objects.point(x: 30, y: 40, isOn: true, still: 6)
        #expect(objects.take() == [Prompt(object: 1, points: [on(30, 40)])])
    }

    @Test("while the picture moves, every point starts anew, and nothing can be taken away")
    mutating func whileThePictureMovesEveryPointStartsAnew() throws {
        try objects.point(x: 10, y: 20, isOn: true, still: nil)
        try objects.point(x: 30, y: 40, isOn: true, still: nil)
        #expect(objects.take()[0].points == [on(30, 40)])
        #expect(throws: PromptError.self) { try objects.point(x: 1, y: 1, isOn: false, still: nil) }
    }

    @Test("what does not belong to an object is refused before there is one") mutating func besideNothingIsRefused() {
        #expect(throws: PromptError(sentence: "Point at the object first, and then at what does not belong to it.")) {
            try objects.point(x: 1, y: 1, isOn: false, still: 0)
        }
    }

    @Test("a fifth point is refused, and the four stay") mutating func aFifthPointIsRefused() throws {
        for x in 1...4 { try objects.point(x: Float(x), y: 0, isOn: true, still: 0) }
        #expect(throws: PromptError.self) { try objects.point(x: 5, y: 0, isOn: true, still: 0) }
        #expect(objects.list[0].points.count == 4)
    }

    @Test("a box starts its object anew, and points in the same frame refine it") mutating func aBoxStartsAnew() throws {
        try objects.point(x: 9, y: 9, isOn: true, still: 0)
        try objects.box(left: 1, top: 2, right: 3, bottom: 4, still: 0)
        try objects.point(x: 2, y: 3, isOn: true, still: 0)
        let corners = [PromptPoint(x: 1, y: 2, label: .upperLeft), PromptPoint(x: 3, y: 4, label: .lowerRight)]
        #expect(objects.take()[0].points == corners + [on(2, 3)])
    }

    @Test("a deleted number is free again, and what was still on its way does not bring the object back")
    mutating func aDeletedNumberIsFreeAgain() throws {
        try pointAtTwo()
        objects.delete(1)
        objects.see([seen(1, .tracking), seen(2, .tracking)])
        #expect(objects.list.map(\.id) == [2])
        objects.selected = nil
        try objects.point(x: 3, y: 3, isOn: true, still: 0)
        #expect(objects.list.map(\.id) == [1, 2])
    }

    @Test("more objects than can be told apart are refused") mutating func moreObjectsAreRefused() throws {
        for _ in 0..<Objects.most {
            objects.selected = nil
            try objects.point(x: 1, y: 1, isOn: true, still: 0)
        }
        objects.selected = nil
        #expect(throws: PromptError(sentence: "7 objects can be followed at once: delete one first.")) {
            try objects.point(x: 1, y: 1, isOn: true, still: 0)
        }
    }

    @Test("an object waits until it was seen, and is lost when the tracker says so") mutating func anObjectWaits() throws {
        try objects.point(x: 1, y: 1, isOn: true, still: 0)
        #expect(objects.list[0].status == nil)
        objects.see([seen(1, .lost)])
        #expect(objects.list[0].status == .lost)
        objects.elsewhere()
        #expect(objects.list[0].status == nil)
        #expect(objects.list[0].seen == nil)
    }

    @Test("prompts are taken once") mutating func promptsAreTakenOnce() throws {
        try objects.point(x: 1, y: 1, isOn: true, still: 0)
        #expect(objects.take().count == 1)
        #expect(!objects.isAsked)
        #expect(objects.take() == [])
    }

    @Test("a prompt that came to nothing is asked for again, as it is by then") mutating func promptsAreGivenBack() throws {
        try pointAtTwo()
        let prompts = objects.take()
        objects.delete(1)
        try objects.point(x: 3, y: 3, isOn: true, still: 0)
        objects.giveBack(prompts)
        #expect(objects.take() == [Prompt(object: 2, points: [on(2, 2), on(3, 3)])])
    }

    private mutating func pointAtTwo() throws {
        try objects.point(x: 1, y: 1, isOn: true, still: 0)
        objects.selected = nil
        try objects.point(x: 2, y: 2, isOn: true, still: 0)
    }

    private func on(_ x: Float, _ y: Float) -> PromptPoint { PromptPoint(x: x, y: y, label: .on) }

    private func seen(_ id: Int, _ status: ObjectStatus) -> SeenObject {
        SeenObject(id: id, status: status, maskLogits: Tensor(shape: [1]), iou: 1, objectScore: 1)
    }
}
