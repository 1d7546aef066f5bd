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

    /// One of the segments of a key.
    private struct Name: Hashable {
        var key: Key
        var number: Int32
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

    /// Adds counts, those of each key in order, within the caller's transaction. Two must not do so at once.
    ///
    /// Returns whose segments were found damaged: each is set aside under a dimension below zero (-1 for 0, -2 for 1 and so on), where
    /// nobody reads it, and costs its own counts and no other's.
    func add(_ counts: [Key: [Count]], _ connection: PostgresConnection) throws -> [Key] {
        var counts = counts
        guard !counts.isEmpty else { return [] }
        let keys = counts.keys.sorted()
        let stored = try segments(of: keys, connection)
        var numbers: [Key: Int32] = [:]
        var taken: [Name] = []
        for key in keys {
            let segments = stored[key] ?? []
            let joined = Self.joined(segments, withNew: counts[key]!.count)
            numbers[key] = joined.first?.number ?? segments.last.map { $0.number + 1 } ?? 0
            taken += joined.map { Name(key: key, number: $0.number) }
        }
        let damaged = try take(taken, into: &counts, connection)
        for name in damaged { try setAside(name, connection) }
        try write(keys.map { ($0, numbers[$0]!, CountSegment.summed(counts[$0]!)) }, connection)
        return damaged.map(\.key)
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

    /// Removes segments and adds what they hold to `counts`. Returns those that it left because their arrays do not fit each other.
    private func take(
        _ segments: [Name], into counts: inout [Key: [Count]], _ connection: PostgresConnection
    ) throws -> [Name] {
        guard !segments.isEmpty else { return [] }
        let arrays = ["first", "second", "direction", "outcome", "stored", "calls"]
        let fits = arrays.map { "AND cardinality(s.\($0)) = s.length" }.joined(separator: " ")
        let rows = try connection.query(
            """
            DELETE FROM farwatch.\(unit)_segments s
            USING unnest($1::int4[], $2::int2[], $3::timestamptz[], $6::int4[]) AS k (partner, dimension, at, number)
            WHERE s.partner = k.partner AND s.dimension = k.dimension AND s.\(unit) = k.at AND s.number = k.number
                AND s.\(unit) >= $4 AND s.\(unit) <= $5 \(fits)
            RETURNING s.partner, s.dimension, s.\(unit), s.number,
                s.first, s.second, s.direction, s.outcome, s.stored, s.calls
            """, columns(of: segments.map(\.key)) + [.int4Array(segments.map(\.number))])
        var left = Set(segments)
        for row in rows {
            let key = try key(row)
            left.remove(Name(key: key, number: try row.int4(3)))
            let (first, second) = (try row.int4Array(4), try row.int4Array(5))
            let (direction, outcome) = (try row.int2Array(6), try row.int2Array(7))
            let (stored, calls) = (try row.int8Array(8), try row.int8Array(9))
            counts[key, default: []] += first.indices.map { index in
                Count(
                    place: CountSegment.Place(
                        first: first[index], second: second[index], direction: direction[index],
                        outcome: outcome[index]),
                    value: CellCount(stored: stored[index], weighted: calls[index]))
            }
        }
        return segments.filter(left.contains)
    }

    /// Under the next free number there: it may not be the first of its key.
    private func setAside(_ name: Name, _ connection: PostgresConnection) throws {
        try connection.execute(
            """
            UPDATE farwatch.\(unit)_segments s SET dimension = -1 - s.dimension, number = (
                SELECT 1 + coalesce(max(a.number), -1) FROM farwatch.\(unit)_segments a
                WHERE a.partner = s.partner AND a.dimension = -1 - s.dimension AND a.\(unit) = s.\(unit))
            WHERE s.partner = $1 AND s.dimension = $2 AND s.\(unit) = $3 AND s.number = $4
            """,
            [
                .int4(name.key.partner), .int2(name.key.dimension), .timestamptz(time(name.key)),
                .int4(name.number),
            ])
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
