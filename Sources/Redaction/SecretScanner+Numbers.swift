/// Numbers that are secrets by their digits.
extension SecretScanner {
    /// Card numbers (13 to 19 digits of a payment network's range, 2 to 6, that pass Luhn's check, ISO/IEC 7812-1) and numbers of
    /// US social security, with what people and forms put between groups of digits.
    ///
    /// Numbers stand beside others (`shop/1 4242 4242 …`), so every sequence of neighbouring groups is tried.
    func digitRuns(_ bytes: UnsafeBufferPointer<UInt8>) -> [(range: Range<Int>, rule: SecretScanner.Rule)] {
        var finds: [(range: Range<Int>, rule: SecretScanner.Rule)] = []
        guard Self.holdsNeighbours(bytes, digitCount: Self.digitCountMin) else { return [] }
        var groups: [Range<Int>] = []
        var at = 0
        while at < bytes.count {
            guard bytes[at] &- 48 < 10 else {
                at += 1
                continue
            }
            var end = at
            while end < bytes.count, bytes[end] &- 48 < 10 { end += 1 }
            let isNeighbour =
                groups.last.map { at == $0.upperBound + 1 && Self.isGroupSeparator(bytes[at - 1]) } ?? false
            if !isNeighbour {
                judge(groups, in: bytes, &finds)
                groups.removeAll(keepingCapacity: true)
            }
            groups.append(at..<end)
            at = end
        }
        judge(groups, in: bytes, &finds)
        return finds
    }

    /// Of the shortest number that is looked for, one of social security.
    private static let digitCountMin = 9

    /// Whether neighbouring groups together have so many digits. Most texts end here: identifiers have letters between theirs. No
    /// branch asks what a byte is, because in an identifier nobody can predict it.
    private static func holdsNeighbours(_ bytes: UnsafeBufferPointer<UInt8>, digitCount: Int) -> Bool {
        guard bytes.count >= digitCount else { return false }
        var digits = 0
        var most = 0
        var last: UInt8 = 0
        kinds.withUnsafeBufferPointer { kinds in
            for byte in bytes {
                let kind = kinds[Int(byte)]
                // Anything but a digit, or one separator behind one, begins anew.
                let keeps = kind & 1 | (kind & ~last) >> 1
                digits = (digits &+ Int(kind & 1)) &* Int(keeps)
                most = max(most, digits)
                last = kind
            }
        }
        return most >= digitCount
    }

    /// 1 for a digit, 2 for what stands between groups of them, 0 for others.
    private static let kinds: [UInt8] = (UInt8.min...UInt8.max).map { $0 &- 48 < 10 ? 1 : isGroupSeparator($0) ? 2 : 0 }

    private func judge(
        _ groups: [Range<Int>], in bytes: UnsafeBufferPointer<UInt8>,
        _ finds: inout [(range: Range<Int>, rule: SecretScanner.Rule)]
    ) {
        guard groups.reduce(0, { $0 + $1.count }) >= Self.digitCountMin else { return }
        let begin = finds.count
        for first in groups.indices {
            guard let find = number(from: first, groups, bytes) else { continue }
            let range = groups[first].lowerBound..<groups[find.last].upperBound
            // Where two readings overlap, all of both goes.
            if finds.count > begin, finds[finds.count - 1].range.upperBound > range.lowerBound {
                let whole =
                    finds[finds.count - 1].range
                    .lowerBound..<max(
                        finds[finds.count - 1].range.upperBound, range.upperBound)
                finds[finds.count - 1].range = whole
            } else {
                finds.append((range, find.rule))
            }
        }
    }

    private func number(
        from first: Int, _ groups: [Range<Int>], _ bytes: UnsafeBufferPointer<UInt8>
    ) -> (last: Int, rule: SecretScanner.Rule)? {
        var digits: [UInt8] = []
        var found: (last: Int, rule: SecretScanner.Rule)?
        for last in first..<groups.count {
            digits += bytes[groups[last]].map { $0 - 48 }
            guard digits.count <= 19 else { break }
            let isCard = (2...6).contains(digits[0]) && digits.count >= 13 && luhn(digits)
            if isCard, Self.standsAlone(groups[first].lowerBound..<groups[last].upperBound, bytes) {
                found = (last, .card)
            }
            if last == first + 2, zip(groups[first...last], [3, 2, 4]).allSatisfy({ $0.count == $1 }) {
                found = (last, .socialSecurity)
            }
        }
        return found
    }

    /// Digits within a word are those of an identifier (`ch_40950a034…`): one in ten passes Luhn's check by chance.
    private static func standsAlone(_ range: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }
        if range.lowerBound > 0, isLetter(bytes[range.lowerBound - 1]) { return false }
        return range.upperBound == bytes.count || !isLetter(bytes[range.upperBound])
    }

    private static func isGroupSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "_")
    }

    private func luhn(_ digits: [UInt8]) -> Bool {
        guard digits.contains(where: { $0 != 0 }) else { return false }
        var sum = 0
        for (position, digit) in digits.reversed().enumerated() {
            let doubled = position % 2 == 1 ? Int(digit) * 2 : Int(digit)
            sum += doubled > 9 ? doubled - 9 : doubled
        }
        return sum % 10 == 0
    }
}
