import Testing

@testable import TrackerCore

@Suite struct PoolTests {
    @Test("what somebody has is lent to nobody else, and goes back when nobody has it") func whatSomebodyHasIsLentToNobodyElse() {
        let pool = Pool([1, 2])
        var first = pool.lend()
        var second = pool.lend()
        #expect(Set([first, second].map { $0?.item }) == [1, 2])
        #expect(pool.lend() == nil)
        var reader = second
        second = nil
        #expect(pool.lend() == nil, "it is read still")
        let read = reader?.item
        reader = nil
        second = pool.lend()
        #expect(second?.item == read)
        first = nil
        #expect(pool.lend() != nil)
    }

    @Test("what was lent goes back from any thread") func whatWasLentGoesBackFromAnyThread() async {
        let pool = Pool(Array(0..<4))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<500 { _ = pool.lend() } } }
        }
        let all = (0..<5).map { _ in pool.lend() }
        #expect(Set(all.compactMap { $0?.item }) == [0, 1, 2, 3])
    }
}
