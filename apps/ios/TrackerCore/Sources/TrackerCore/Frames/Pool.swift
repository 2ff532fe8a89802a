/// Things that are made once and lent: what somebody still has is lent to nobody else.
public final class Pool<Item: Sendable>: Sendable {
    private let free: Locked<[Item]>

    public init(_ items: [Item]) {
        free = Locked(items)
    }

    /// nil where all are lent
    public func lend() -> Lent<Item>? {
        free.withLock { $0.popLast() }.map { Lent($0, from: self) }
    }

    fileprivate func takeBack(_ item: Item) {
        free.withLock { $0.append(item) }
    }
}

/// Goes back to its pool when nobody has it any more.
public final class Lent<Item: Sendable>: Sendable {
    public let item: Item
    private let pool: Pool<Item>

    fileprivate init(_ item: Item, from pool: Pool<Item>) {
        (self.item, self.pool) = (item, pool)
    }

    deinit { pool.takeBack(item) }
}
