import CallModel
import Testing

struct RememberedNamesTests {
    @Test func `a name is worked out once while it keeps its place`() {
        var lengths = RememberedNames<Int>(placeCount: 8)
        var askedCount = 0
        for _ in 0..<3 {
            let length = lengths.value(of: "content-type") { name in
                askedCount += 1
                return name.utf8.count
            }
            #expect(length == 12)
        }
        #expect(askedCount == 1)
    }

    @Test func `names that share a place never get each other's answer`() {
        var same = RememberedNames<String>(placeCount: 1)
        // The last two are one text to Swift, spelled in two ways.
        for name in ["a", "", "b", "a longer name than sixteen bytes", "caf\u{E9}", "cafe\u{301}"] {
            let answer = same.value(of: name) { $0 }
            #expect(answer.hasSameBytes(as: name))
        }
    }

    @Test func `equal bytes have equal hashes, and a change of any byte or of the length changes the hash`() {
        for count in 0...80 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let hash = bytes.withUnsafeBytes(ByteHash().of)
            #expect(Array(bytes).withUnsafeBytes(ByteHash().of) == hash)
            #expect((bytes + [0]).withUnsafeBytes(ByteHash().of) != hash)
            for place in bytes.indices {
                var changed = bytes
                changed[place] ^= 1
                #expect(changed.withUnsafeBytes(ByteHash().of) != hash, "byte \(place) of \(count)")
            }
        }
    }
}
