import Glibc
import Postgres
import Testing

@Suite struct ValueTests {
    @Test func `scalars come back as they were sent`() async throws {
        let connection = try await TestServer.connect()
        let uuid = try #require(PostgresUUID("0193a5d2-7c1e-7f00-8123-456789abcdef"))
        let rows = try connection.query(
            "SELECT $1::bool, $2::int2, $3::int4, $4::int8, $5::float8, $6::text, $7::bytea, $8::uuid, $9::timestamptz",
            [
                .bool(true), .int2(-32_768), .int4(.max), .int8(.min), .float8(-0.1), .text("žluťoučký 🐎"),
                .bytea([0, 255, 10, 13]), .uuid(uuid), .timestamptz(1_764_012_345_678_901),
            ])
        let row = try #require(rows.first)
        #expect(rows.count == 1 && rows.columnCount == 9)
        #expect(try row.bool(0) == true)
        #expect(try row.int2(1) == -32_768)
        #expect(try row.int4(2) == .max)
        #expect(try row.int8(3) == .min)
        #expect(try row.float8(4) == -0.1)
        #expect(try row.text(5) == "žluťoučký 🐎")
        #expect(try row.bytea(6) == [0, 255, 10, 13])
        #expect(try row.uuid(7) == uuid)
        #expect(try row.uuid(7).description == "0193a5d2-7c1e-7f00-8123-456789abcdef")
        #expect(try row.timestamptz(8) == 1_764_012_345_678_901)
        #expect(try row.int(1) == -32_768 && row.int(2) == Int(Int32.max) && row.int(3) == .min)
    }

    @Test func `the server understands what was sent, not only sends it back`() async throws {
        let connection = try await TestServer.connect()
        let row = try #require(
            try connection.query(
                """
                SELECT $1::timestamptz = '2025-11-24T19:25:45.678901Z', to_char($2::timestamptz, 'YYYY-MM-DD'),
                    $3::uuid::text, $4::float8::text, ($5::jsonb)->>'a', $6::json, $7::int8[] = '{1,NULL,3}'
                """,
                [
                    .timestamptz(1_764_012_345_678_901), .timestamptz(-1), .uuid(PostgresUUID(high: 1, low: .max)),
                    .float8(.nan), .jsonb(#"{"a":"b"}"#), .json(#"{"a" : 1}"#), .int8Array([1, nil, 3]),
                ]
            ).first)
        #expect(try row.bool(0))
        #expect(try row.text(1) == "1969-12-31")
        #expect(try row.text(2) == "00000000-0000-0001-ffff-ffffffffffff")
        #expect(try row.text(3) == "NaN")
        #expect(try row.text(4) == "b")
        #expect(try row.text(5) == #"{"a" : 1}"#)
        #expect(try row.bool(6))
    }

    @Test func `every type has its null`() async throws {
        let connection = try await TestServer.connect()
        let row = try #require(
            try connection.query(
                "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text",
                [
                    .bool(nil), .int2(nil), .int4(nil), .int8(nil), .float8(nil), .text(nil), .bytea(nil), .uuid(nil),
                    .timestamptz(nil), .null,
                ]
            ).first)
        #expect(try row.boolOrNull(0) == nil && row.int2OrNull(1) == nil && row.int4OrNull(2) == nil)
        #expect(try row.int8OrNull(3) == nil && row.float8OrNull(4) == nil && row.textOrNull(5) == nil)
        #expect(try row.byteaOrNull(6) == nil && row.uuidOrNull(7) == nil && row.timestamptzOrNull(8) == nil)
        #expect(try row.textOrNull(9) == nil && row.intOrNull(3) == nil)
        #expect((0..<10).allSatisfy { row.isNull($0) })
        let error = await failure { try row.int8(3) }
        #expect(error?.kind == .result)
        #expect(error?.message.contains("is null") == true)
    }

    @Test func `empty is not null`() async throws {
        let connection = try await TestServer.connect()
        let row = try #require(
            try connection.query(
                "SELECT $1::text, $2::bytea, $3::int8[]", [.text(""), .bytea([]), .int8Array([Int64]())]
            )
            .first)
        #expect(try row.text(0) == "" && row.bytea(1) == [] && row.int8Array(2) == [])
    }

    @Test func `eight megabytes travel both ways in one value`() async throws {
        let connection = try await TestServer.connect()
        let bytes = (0..<8_388_608).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let row = try #require(
            try connection.query(
                "SELECT $1::bytea, length($1::bytea), md5($1::bytea) = md5($2::bytea)", [.bytea(bytes), .bytea(bytes)]
            )
            .first)
        #expect(try row.int4(1) == 8_388_608)
        #expect(try row.bytea(0) == bytes)
        #expect(try row.bool(2))
        let lent = row.withBytes(0) { $0.map { [$0.count, Int($0[1])] } }
        #expect(lent == [8_388_608, 31])
    }

    @Test func `arrays come back, with their nulls where they may have some`() async throws {
        let connection = try await TestServer.connect()
        let uuid = PostgresUUID(high: 7, low: 9)
        let row = try #require(
            try connection.query(
                "SELECT $1::int2[], $2::int4[], $3::int8[], $4::float8[], $5::text[], $6::bytea[], $7::uuid[], "
                    + "$8::timestamptz[], $9::int8[], $10::text[]",
                [
                    .int2Array([1, -1]), .int4Array([.min]), .int8Array([.min, 0, .max]),
                    .float8Array([0.5, .infinity]),
                    .textArray(["", "a,b", "\"{}\""]), .byteaArray([[], [0]]), .uuidArray([uuid]),
                    .timestamptzArray([0, .max]), .int8Array([nil, 2]), .textArray(["x", nil]),
                ]
            ).first)
        #expect(try row.int2Array(0) == [1, -1])
        #expect(try row.int4Array(1) == [.min])
        #expect(try row.int8Array(2) == [.min, 0, .max])
        #expect(try row.float8Array(3) == [0.5, .infinity])
        #expect(try row.textArray(4) == ["", "a,b", "\"{}\""])
        #expect(try row.byteaArray(5) == [[], [0]])
        #expect(try row.uuidArray(6) == [uuid])
        #expect(try row.timestamptzArray(7) == [0, .max])
        #expect(try row.optionalInt8Array(8) == [nil, 2])
        #expect(try row.optionalTextArray(9) == ["x", nil])
        #expect(await failure { try row.int8Array(8) }?.message.contains("null element") == true)
    }

    @Test func `unnest of arrays makes rows`() async throws {
        let connection = try await TestServer.connect()
        let ids = (0..<10_000).map { Int64($0) }
        let rows = try connection.query(
            "SELECT id, name FROM unnest($1::int8[], $2::text[]) AS t(id, name) ORDER BY id",
            [.int8Array(ids), .textArray(ids.map { "n\($0)" })])
        #expect(rows.count == 10_000)
        #expect(try rows.map { try $0.int8(0) } == ids)
        #expect(try rows[9_999].text(1) == "n9999")
    }

    @Test func `arrays of another shape are refused, whatever their lower bound`() async throws {
        let connection = try await TestServer.connect()
        let row = try #require(
            try connection.query("SELECT '{{1,2},{3,4}}'::int8[], '[5:6]={7,8}'::int8[], '{1}'::int4[]").first)
        #expect(await failure { try row.int8Array(0) }?.kind == .result)
        #expect(try row.int8Array(1) == [7, 8])
        #expect(await failure { try row.int8Array(2) }?.kind == .result)
    }

    @Test func `a value is not read as another type`() async throws {
        let connection = try await TestServer.connect()
        let rows = try connection.query(
            "SELECT 1::int8 AS n, 'x'::text, sum(1::int8), '1'::xid8, 1.5::float4 FROM generate_series(1, 2)")
        let row = try #require(rows.first)
        #expect(await failure { try row.int4(0) }?.kind == .result)
        #expect(await failure { try row.text(0) }?.message.contains("(n)") == true)
        #expect(await failure { try row.int8(1) }?.kind == .result)
        #expect(await failure { try row.int8(2) }?.hint?.contains("::int8") == true)
        #expect(await failure { try row.int8(99) }?.kind == .result)
        #expect(await failure { try row.int(-1) }?.kind == .result)
        #expect(await failure { try row.text(99) }?.kind == .result)
        #expect(try row.float8(4) == 1.5)
        #expect(try rows.column(named: "n") == 0)
        #expect(await failure { try rows.column(named: "m") }?.kind == .result)
    }

    @Test func `an enumeration is text`() async throws {
        let connection = try await TestServer.connect()
        try connection.execute("CREATE TYPE mood AS ENUM ('fine', 'bad')")
        let row = try #require(try connection.query("SELECT 'bad'::mood, 'n'::name, 'c'::char(3)").first)
        #expect(try row.text(0) == "bad" && row.text(1) == "n" && row.text(2) == "c  ")
    }

    @Test func `times beyond the server's calendar become infinite instead of wrapping around`() async throws {
        let connection = try await TestServer.connect()
        let row = try #require(
            try connection.query(
                "SELECT $1::timestamptz = 'infinity', $2::timestamptz = '-infinity', 'infinity'::timestamptz, "
                    + "'-infinity'::timestamptz",
                [.timestamptz(.max), .timestamptz(.min + 5)]
            ).first)
        #expect(try row.bool(0) && row.bool(1))
        #expect(try row.timestamptz(2) == .max && row.timestamptz(3) == .min)
    }

    @Test func `text that the server cannot hold is repaired alike in parameters and in COPY`() async throws {
        let connection = try await TestServer.connect()
        try connection.execute("CREATE TEMP TABLE odd (name text, tags text[])")
        var buffer = CopyBuffer()
        buffer.beginRow(columnCount: 2)
        buffer.append(text: "a\0b")
        buffer.append(.textArray(["\0"]))
        try connection.copyIn("COPY odd FROM STDIN (FORMAT binary)", buffer)
        #expect(buffer.repairedTextCount == 1)
        let rows = try connection.query("SELECT tags FROM odd WHERE name = $1", [.text("a\0b")])
        #expect(try rows.first?.textArray(0) == ["\u{FFFD}"])
    }
}
