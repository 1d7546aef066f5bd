/// Where the segments of a path lie, empty ones left out: found once, then asked by every pattern of a partner.
struct PathSegments {
    private let path: UnsafeBufferPointer<UInt8>
    private let ranges: UnsafeBufferPointer<Range<Int>>

    /// Of the first segments, one more than a pattern can have.
    static func with<R>(_ path: UnsafeBufferPointer<UInt8>, _ body: (PathSegments) -> R) -> R {
        withUnsafeTemporaryAllocation(of: Range<Int>.self, capacity: RoutePattern.segmentCountMax + 1) { ranges in
            var count = 0
            var start = 0
            while count < ranges.count {
                while start < path.count, path[start] == UInt8(ascii: "/") { start += 1 }
                guard start < path.count else { break }
                var end = start
                while end < path.count, path[end] != UInt8(ascii: "/") { end += 1 }
                ranges.initializeElement(at: count, to: start..<end)
                count += 1
                start = end
            }
            return body(PathSegments(path: path, ranges: UnsafeBufferPointer(rebasing: ranges[..<count])))
        }
    }

    private init(path: UnsafeBufferPointer<UInt8>, ranges: UnsafeBufferPointer<Range<Int>>) {
        self.path = path
        self.ranges = ranges
    }

    var count: Int { ranges.count }

    func isEqual(_ index: Int, _ text: [UInt8]) -> Bool {
        let range = ranges[index]
        guard range.count == text.count else { return false }
        for offset in 0..<text.count where path[range.lowerBound + offset] != text[offset] { return false }
        return true
    }

    func segment(_ index: Int) -> UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: path[ranges[index]]) }

    func rest(from index: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: path[ranges[index].lowerBound...])
    }
}
