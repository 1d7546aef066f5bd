import CallModel
import Postgres
import Rollups

/// Adds counts to the tables that last: a row, called segment, holds as arrays what one partner's calls of one minute or hour count
/// by one set of dimensions.
///
/// The segments of one key add up, like the sorted runs of a log-structured merge tree (O'Neil et al., 1996): new counts are
/// taken together with the youngest segments that are at most twice as large, and lie beside those that are larger. So a key has
/// few segments, the logarithm of its counts, and each count is written again as seldom.
struct SegmentStore {
    typealias Key = CountSegment.Key
    typealias Count = CountSegment.Count

    /// A segment as it lies in the table, without its arrays.
    struct Stored: Equatable {
        var number: Int32
        var length: Int
    }

    /// What is smaller is always taken together: a row's own cost is that of some counts.
    static let smallLength = 64
    /// What is larger stays as it is: one row is read and written whole.
    static let lengthMax = 65_536

    /// `minute` or `hour`, as in the names of the tables and their columns of time.
    let unit: String

    /// The youngest segments to take together with `length` new counts, oldest first.
    ///
    /// - Parameter segments: in the order of their numbers.
    static func joined(_ segments: [Stored], withNew length: Int) -> ArraySlice<Stored> {
        var (start, length) = (segments.endIndex, length)
        while start > 0 {
            let next = segments[start - 1]
            guard next.length <= max(2 * length, smallLength), next.length + length <= lengthMax else { break }
            start -= 1
            length += next.length
        }
        return segments[start...]
    }

    /// Adds all of `rollup`, within the caller's transaction. Two must not do so at once.
    func add(_ rollup: MinuteRollup, _ connection: PostgresConnection) throws {
        var counts = rollup.segments
        guard !counts.isEmpty else { return }
        let keys = counts.keys.sorted()
        let stored = try segments(of: keys, connection)
        var numbers: [Key: Int32] = [:]
        var taken: [(key: Key, number: Int32)] = []
        for key in keys {
            let segments = stored[key] ?? []
            let joined = Self.joined(segments, withNew: counts[key]!.count)
            numbers[key] = joined.first?.number ?? segments.last.map { $0.number + 1 } ?? 0
            taken += joined.map { (key, $0.number) }
        }
        try take(taken, into: &counts, connection)
        try write(keys.map { ($0, numbers[$0]!, CountSegment.summed(counts[$0]!)) }, connection)
    }
}

/// The statements.
extension SegmentStore {
    private func time(_ key: Key) -> Int64 { Int64(key.minute) * 60_000_000 }

    private func columns(of keys: some Collection<Key>) -> [PostgresValue] {
        [
            .int4Array(keys.map(\.partner)), .int2Array(keys.map(\.dimension)), .timestamptzArray(keys.map(time)),
            // Said once more as a range, which leaves out partitions before anything is looked up.
            .timestamptz(keys.map(time).min() ?? 0), .timestamptz(keys.map(time).max() ?? 0),
        ]
    }

    private func key(_ row: PostgresRow) throws -> Key {
        Key(
            partner: try row.int4(0), dimension: try row.int2(1),
            minute: Int32(truncatingIfNeeded: try row.timestamptz(2) / 60_000_000))
    }

    private func segments(of keys: [Key], _ connection: PostgresConnection) throws -> [Key: [Stored]] {
        var stored: [Key: [Stored]] = [:]
        let rows = try connection.query(
            """
            SELECT s.partner, s.dimension, s.\(unit), s.number, s.length
            FROM unnest($1::int4[], $2::int2[], $3::timestamptz[]) AS k (partner, dimension, at)
            JOIN farwatch.\(unit)_segments s
            ON s.partner = k.partner AND s.dimension = k.dimension AND s.\(unit) = k.at
            WHERE s.\(unit) >= $4 AND s.\(unit) <= $5 ORDER BY s.number
            """, columns(of: keys))
        for row in rows {
            stored[try key(row), default: []].append(Stored(number: try row.int4(3), length: Int(try row.int4(4))))
        }
        return stored
    }

    /// Removes segments and adds what they hold to `counts`.
    private func take(
        _ segments: [(key: Key, number: Int32)], into counts: inout [Key: [Count]], _ connection: PostgresConnection
    ) throws {
        guard !segments.isEmpty else { return }
        let rows = try connection.query(
            """
            DELETE FROM farwatch.\(unit)_segments s
            USING unnest($1::int4[], $2::int2[], $3::timestamptz[], $6::int4[]) AS k (partner, dimension, at, number)
            WHERE s.partner = k.partner AND s.dimension = k.dimension AND s.\(unit) = k.at AND s.number = k.number
                AND s.\(unit) >= $4 AND s.\(unit) <= $5
            RETURNING s.partner, s.dimension, s.\(unit), s.first, s.second, s.direction, s.outcome, s.stored, s.calls
            """, columns(of: segments.map(\.key)) + [.int4Array(segments.map(\.number))])
        for row in rows {
            let (first, second) = (try row.int4Array(3), try row.int4Array(4))
            let (direction, outcome) = (try row.int2Array(5), try row.int2Array(6))
            let (stored, calls) = (try row.int8Array(7), try row.int8Array(8))
            let length = first.count
            let lengths = [second.count, direction.count, outcome.count, stored.count, calls.count]
            guard lengths.allSatisfy({ $0 == length }) else {
                throw StorageError.damaged("a segment of counts has arrays of different lengths")
            }
            counts[try key(row), default: []] += (0..<length).map { index in
                Count(
                    place: CountSegment.Place(
                        first: first[index], second: second[index], direction: direction[index],
                        outcome: outcome[index]),
                    value: CellCount(stored: stored[index], weighted: calls[index]))
            }
        }
    }

    private func write(
        _ segments: [(key: Key, number: Int32, counts: [Count])], _ connection: PostgresConnection
    ) throws {
        var rows = CopyBuffer()
        for (key, number, counts) in segments {
            rows.beginRow(columnCount: 11)
            rows.append(timestamptz: time(key))
            rows.append(int4: key.partner)
            rows.append(int2: key.dimension)
            rows.append(int4: number)
            rows.append(int4: Int32(counts.count))
            rows.append(int4Array: counts.lazy.map { $0.place.first })
            rows.append(int4Array: counts.lazy.map { $0.place.second })
            rows.append(int2Array: counts.lazy.map { $0.place.direction })
            rows.append(int2Array: counts.lazy.map { $0.place.outcome })
            rows.append(int8Array: counts.lazy.map { $0.value.stored })
            rows.append(int8Array: counts.lazy.map { $0.value.weighted })
        }
        _ = try connection.copyIn("COPY farwatch.\(unit)_segments FROM STDIN (FORMAT binary)", rows)
    }
}
