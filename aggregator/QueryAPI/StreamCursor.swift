import CallModel
import Storage

/// The id of an event in a stream of calls: where its reader stands after it, and what he was not told yet of what he did not get.
///
/// It says everything that a stream needs to go on: it may be another aggregator that is asked, and nothing is kept of readers who
/// went away.
struct StreamCursor: Sendable, Equatable {
    var position: ArrivalPosition
    /// Calls before it that matched, were not sent, and were not told of.
    var leftOut = 0
    /// Calls before it that were not looked at and not told of.
    var passedOver = 0

    private static let countMax = 1 << 32

    init(_ position: ArrivalPosition, leftOut: Int = 0, passedOver: Int = 0) {
        self.position = position
        self.leftOut = min(leftOut, Self.countMax - 1)
        self.passedOver = min(passedOver, Self.countMax - 1)
    }

    /// Opaque to clients: a time, the last row of each writer, and the counts that are not zero, in hex.
    var text: String {
        var parts = [hexText(UInt64(bitPattern: position.since.microsecondsSinceEpoch))]
        parts += position.last.map(\.text)
        if leftOut > 0 { parts.append("l" + hexText(UInt64(leftOut)).suffix(8)) }
        if passedOver > 0 { parts.append("p" + hexText(UInt64(passedOver)).suffix(8)) }
        return parts.joined(separator: "-")
    }

    /// As `/openapi.json` has it.
    static let pattern =
        "^(00[01][0-9a-f]{33}|00[01][0-9a-f]{13}(-00[01][0-9a-f]{33}){0,\(ArrivalPosition.writersMax)}(-l[0-9a-f]{8})?(-p[0-9a-f]{8})?)$"
    private static let byteCountMax = 17 + 37 * ArrivalPosition.writersMax + 20

    init?(text: String) {
        guard text.utf8.count <= Self.byteCountMax else { return nil }
        // The release before gave the last call alone.
        if let call = ArrivalCursor(text: text), call.receivedAtMicroseconds >= 0 {
            var position = ArrivalPosition(since: Instant(microsecondsSinceEpoch: call.receivedAtMicroseconds))
            position.pass(call)
            self.init(position)
            return
        }
        var parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard let passedOver = Self.count("p", endOf: &parts), let leftOut = Self.count("l", endOf: &parts),
            let first = parts.first, first.utf8.count == 16, let bits = parseHex(first.utf8), bits < 1 << 53,
            parts.count <= ArrivalPosition.writersMax + 1
        else { return nil }
        var position = ArrivalPosition(since: Instant(microsecondsSinceEpoch: Int64(bits)))
        for part in parts.dropFirst() {
            guard let call = ArrivalCursor(text: String(part)), call.receivedAtMicroseconds >= 0 else { return nil }
            position.pass(call)
        }
        self.init(position, leftOut: leftOut, passedOver: passedOver)
    }

    /// Takes a count with this mark off the end; 0 where there is none, nil where it is none.
    private static func count(_ mark: Character, endOf parts: inout [Substring]) -> Int? {
        guard let part = parts.last, part.first == mark else { return 0 }
        parts.removeLast()
        let digits = part.dropFirst().utf8
        return digits.count == 8 ? parseHex(digits).map { Int($0) } : nil
    }
}

extension ArrivalCursor {
    var text: String { CallCursor(timeMicroseconds: receivedAtMicroseconds, block: block, row: row).text }

    init?(text: String) {
        guard let cursor = CallCursor(text: text) else { return nil }
        self.init(receivedAtMicroseconds: cursor.timeMicroseconds, block: cursor.block, row: cursor.row)
    }
}
