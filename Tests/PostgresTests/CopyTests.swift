import Postgres
import SimulationKit
import Testing

@Suite struct CopyTests {
    static let table = """
        CREATE TEMP TABLE t
        (a int8, b timestamptz, c text, d text, e int2, f int8, g int4, h uuid, i float8, j bool, k bytea)
        """
    static let copy = "COPY t FROM STDIN (FORMAT binary)"

    static func appendRow(_ number: Int, to buffer: inout CopyBuffer) {
        buffer.beginRow(columnCount: 11)
        buffer.append(int8: Int64(number))
        buffer.append(timestamptz: 1_700_000_000_000_000 + Int64(number))
        buffer.append(text: "POST /v1/charges/\(number)")
        if number % 3 == 0 { buffer.appendNull() } else { buffer.append(text: number % 3 == 1 ? "" : "žluť") }
        buffer.append(int2: Int16(truncatingIfNeeded: number))
        buffer.append(int8: Int64(number) &* 0x1E37_79B9_7F4A_7C15 as Int64?)
        buffer.append(int4: Int32(number))
        buffer.append(uuid: PostgresUUID(high: UInt64(number), low: .max))
        buffer.append(float8: Double(number) / 7)
        buffer.append(bool: number % 2 == 0)
        buffer.append(bytea: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: number % 5))
    }

    @Test func `a hundred thousand rows are stored as they were appended`() async throws {
        let connection = try await TestServer.connect()
        try connection.execute(Self.table)
        var buffer = CopyBuffer(byteCapacity: 4096)
        for number in 0..<100_000 { Self.appendRow(number, to: &buffer) }
        #expect(buffer.rowCount == 100_000)
        #expect(try connection.copyIn(Self.copy, buffer) == 100_000)

        var number = 0
        var mismatchCount = 0
        try connection.forEachRow("SELECT * FROM t ORDER BY a") { row in
            let isSame =
                try row.int8(0) == Int64(number) && row.timestamptz(1) == 1_700_000_000_000_000 + Int64(number)
                && row.text(2) == "POST /v1/charges/\(number)"
                && row.textOrNull(3) == (number % 3 == 0 ? nil : number % 3 == 1 ? "" : "žluť")
                && row.int2(4) == Int16(truncatingIfNeeded: number)
                && row.int8(5) == Int64(number) &* 0x1E37_79B9_7F4A_7C15 && row.int4(6) == Int32(number)
                && row.uuid(7) == PostgresUUID(high: UInt64(number), low: .max) && row.float8(8) == Double(number) / 7
                && row.bool(9) == (number % 2 == 0)
                && row.bytea(10) == [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: number % 5)
            if !isSame { mismatchCount += 1 }
            number += 1
        }
        #expect(number == 100_000)
        #expect(mismatchCount == 0)
    }

    @Test func `arrays of numbers read back as they were appended, and odd ones by the general way`() async throws {
        let connection = try await TestServer.connect()
        try connection.execute("CREATE TEMP TABLE n (a int2[], b int4[], c int8[])")
        var buffer = CopyBuffer()
        for values in [[Int64.min, -1, 0, 1, .max], []] {
            buffer.beginRow(columnCount: 3)
            buffer.append(int2Array: values.lazy.map { Int16(truncatingIfNeeded: $0) })
            buffer.append(int4Array: values.map { Int32(truncatingIfNeeded: $0) })
            buffer.append(int8Array: values)
        }
        #expect(try connection.copyIn("COPY n FROM STDIN (FORMAT binary)", buffer) == 2)
        let rows = try connection.query("SELECT a, b, c FROM n ORDER BY cardinality(a) DESC")
        #expect(try rows[0].int2Array(0) == [0, -1, 0, 1, -1])
        #expect(try rows[0].int4Array(1) == [0, -1, 0, 1, -1])
        #expect(try rows[0].int8Array(2) == [.min, -1, 0, 1, .max])
        #expect(try rows[1].int2Array(0) == [] && rows[1].int4Array(1) == [] && rows[1].int8Array(2) == [])
        #expect(try connection.query("SELECT cardinality(b) FROM n ORDER BY 1")[0].int4(0) == 0)
        // In two dimensions, and with a null: read by the general way, or refused by it.
        let odd = try connection.query("SELECT ARRAY[1, NULL]::int8[], ARRAY[[1], [2]]::int4[]")
        #expect(try odd[0].optionalInt8Array(0) == [1, nil])
        #expect(throws: PostgresError.self) { try odd[0].int8Array(0) }
        #expect(throws: PostgresError.self) { try odd[0].int4Array(1) }
    }

    @Test func `an empty buffer stores nothing, and a buffer can be filled again`() async throws {
        let connection = try await TestServer.connect()
        try connection.execute("CREATE TEMP TABLE n (a int8)")
        var buffer = CopyBuffer()
        #expect(try connection.copyIn("COPY n FROM STDIN (FORMAT binary)", buffer) == 0)
        for number in 0..<3 {
            buffer.removeAll()
            buffer.beginRow(columnCount: 1)
            buffer.append(int8: Int64(number))
            #expect(try connection.copyIn("COPY n FROM STDIN (FORMAT binary)", buffer) == 1)
        }
        #expect(try connection.query("SELECT a FROM n ORDER BY a").map { try $0.int8(0) } == [0, 1, 2])
    }

    @Test func `null as an optional is null in every type`() async throws {
        let connection = try await TestServer.connect()
        try connection.execute(Self.table)
        var buffer = CopyBuffer()
        buffer.beginRow(columnCount: 11)
        buffer.append(int8: nil)
        buffer.append(timestamptz: nil)
        buffer.append(text: nil)
        buffer.append(.text(nil))
        buffer.append(int2: nil)
        buffer.append(int8: Int64?.none)
        buffer.append(int4: nil)
        buffer.append(uuid: nil)
        buffer.append(float8: nil)
        buffer.append(bool: nil)
        buffer.append(bytea: nil)
        #expect(try connection.copyIn(Self.copy, buffer) == 1)
        let row = try #require(try connection.query("SELECT * FROM t").first)
        #expect((0..<11).allSatisfy { row.isNull($0) })
    }

    @Test func `rows written piece by piece are one COPY`() async throws {
        let connection = try await TestServer.connect()
        try connection.execute(Self.table)
        var buffer = CopyBuffer()
        let count = try connection.copyIn(Self.copy) { stream in
            for number in 0..<1_000 {
                Self.appendRow(number, to: &buffer)
                if number % 100 == 99 {
                    try stream.write(buffer)
                    buffer.removeAll()
                }
            }
        }
        #expect(count == 1_000)
        #expect(try connection.query("SELECT count(*), sum(a)::int8 FROM t").first?.int8(1) == 499_500)
    }

    @Test func `a row the server refuses stores none of them and leaves the connection usable`() async throws {
        let connection = try await TestServer.connect()
        try connection.execute("CREATE TEMP TABLE once (a int8 PRIMARY KEY)")
        var buffer = CopyBuffer()
        // More than libpq and the socket hold, so that the refusal arrives in the midst of sending.
        for number in 0..<400_000 {
            buffer.beginRow(columnCount: 1)
            buffer.append(int8: Int64(number == 5_000 ? 1 : number))
        }
        let error = await failure { try connection.copyIn("COPY once FROM STDIN (FORMAT binary)", buffer) }
        #expect(error?.sqlState == SQLState.uniqueViolation)
        #expect(error?.constraint == "once_pkey")
        #expect(error?.isConnectionLost == false)
        #expect(connection.transactionState == .idle)
        #expect(try connection.query("SELECT count(*) FROM once").first?.int8(0) == 0)
    }

    @Test func `one bad COPY behind a savepoint does not fail its neighbours`() async throws {
        let connection = try await TestServer.connect()
        try connection.execute("CREATE TEMP TABLE n (a int8 PRIMARY KEY)")
        func rows(_ numbers: [Int64]) -> CopyBuffer {
            var buffer = CopyBuffer()
            for number in numbers {
                buffer.beginRow(columnCount: 1)
                buffer.append(int8: number)
            }
            return buffer
        }
        var errors: [PostgresError] = []
        try connection.transaction {
            for batch in [[1, 2], [3, 2], [4]] as [[Int64]] {
                do {
                    try connection.savepoint {
                        _ = try connection.copyIn("COPY n FROM STDIN (FORMAT binary)", rows(batch))
                    }
                } catch let error as PostgresError {
                    errors.append(error)
                }
            }
        }
        #expect(errors.map(\.sqlState) == [SQLState.uniqueViolation])
        #expect(try connection.query("SELECT a FROM n ORDER BY a").map { try $0.int8(0) } == [1, 2, 4])
    }

    @Test func `a sender that gives up half-way stores nothing`() async throws {
        struct GaveUp: Error {}
        let connection = try await TestServer.connect()
        try connection.execute(Self.table)
        #expect(throws: GaveUp.self) {
            try connection.copyIn(Self.copy) { stream in
                var buffer = CopyBuffer()
                Self.appendRow(1, to: &buffer)
                try stream.write(buffer)
                throw GaveUp()
            }
        }
        #expect(connection.transactionState == .idle)
        #expect(try connection.query("SELECT count(*) FROM t").first?.int8(0) == 0)
    }

    @Test func `COPY of another kind is refused and leaves the connection usable`() async throws {
        let connection = try await TestServer.connect()
        try connection.execute("CREATE TEMP TABLE n (a int8); INSERT INTO n SELECT generate_series(1, 200000)")
        let buffer = CopyBuffer()
        for statement in ["COPY n FROM STDIN", "COPY n TO STDOUT (FORMAT binary)", "SELECT 1"] {
            #expect(await failure { try connection.copyIn(statement, buffer) }?.kind == .usage, "\(statement)")
            #expect(connection.transactionState == .idle, "\(statement)")
        }
        for statement in ["COPY n FROM STDIN", "COPY n TO STDOUT"] {
            #expect(await failure { try connection.query(statement) }?.kind == .usage, "\(statement)")
            #expect(await failure { try connection.execute(statement) }?.kind == .usage, "\(statement)")
            #expect(await failure { try connection.forEachRow(statement) { _ in } }?.kind == .usage, "\(statement)")
        }
        #expect(
            await failure { try connection.copyIn("COPY nothing FROM STDIN", buffer) }?.sqlState
                == SQLState.undefinedTable)
        #expect(try connection.query("SELECT count(*) FROM n").first?.int8(0) == 200_000)
    }

    @Test func `bytes from outside become text whatever they are`() async throws {
        let connection = try await TestServer.connect()
        try connection.execute("CREATE TEMP TABLE s (a int8, b text)")
        let seed: UInt64 = .random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        // Lengths around the eight bytes looked at together; each kind of byte alone and mixed.
        let samples: [[UInt8]] = (0..<3_000).map { index in
            let alphabet: [ClosedRange<UInt8>] = [0x20...0x7E, 0x00...0x7F, 0x00...0xFF, 0x80...0xBF, 0xC0...0xFF]
            return (0..<index % 40).map { _ in UInt8.random(in: alphabet[index % 5], using: &random) }
        }
        var buffer = CopyBuffer()
        for (index, sample) in samples.enumerated() {
            buffer.beginRow(columnCount: 2)
            buffer.append(int8: Int64(index))
            sample.withUnsafeBytes { buffer.append(utf8: $0) }
        }
        #expect(try connection.copyIn("COPY s FROM STDIN (FORMAT binary)", buffer) == 3_000, "seed \(seed)")
        let stored = try connection.query("SELECT b FROM s ORDER BY a").map { try $0.text(0) }
        let expected = samples.map { bytes in
            String(
                String.UnicodeScalarView(
                    String(decoding: bytes, as: UTF8.self).unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
        }
        for (index, pair) in zip(stored, expected).enumerated() where pair.0 != pair.1 {
            Issue.record("sample \(index) of seed \(seed): \(samples[index])")
            break
        }
        let repaired = zip(samples, expected).filter { Array($1.utf8) != $0 }
        #expect(buffer.repairedTextCount == repaired.count, "seed \(seed)")
    }
}
