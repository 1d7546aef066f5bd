import CLibpq

/// The rows a query returned, in binary form and owned until nobody refers to them any more.
///
/// The whole result lies in memory: for more than some ten thousand rows use `PostgresConnection.forEachRow`. Not
/// `Sendable`: take the values out on the connection's thread.
public final class PostgresRows {
    let result: OpaquePointer
    public let count: Int
    public let columnCount: Int

    /// Takes over `result`.
    init(owning result: OpaquePointer) {
        self.result = result
        count = Int(PQntuples(result))
        columnCount = Int(PQnfields(result))
    }

    deinit { PQclear(result) }

    /// Rows inserted, updated or deleted, and for `SELECT` returned; 0 for statements that count none.
    public var affectedRowCount: Int { commandCount(of: result) }

    public func columnName(_ column: Int) -> String? {
        PQfname(result, Int32(clamping: column)).map { String(cString: $0) }
    }

    public func columnType(_ column: Int) -> PostgresType {
        PostgresType(UInt32(PQftype(result, Int32(clamping: column))))
    }

    /// The number of the first column of this name.
    public func column(named name: String) throws(PostgresError) -> Int {
        if let column = (0..<columnCount).first(where: { columnName($0) == name }) { return column }
        throw PostgresError(.result, operation: "read result", message: "there is no column \(name)")
    }
}

extension PostgresRows: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { count }
    public subscript(index: Int) -> PostgresRow {
        precondition(index >= 0 && index < count, "row \(index) of \(count)")
        return PostgresRow(rows: self, index: Int32(index))
    }
}

func commandCount(of result: OpaquePointer) -> Int {
    PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
}

/// One row; keeps its `PostgresRows` alive.
public struct PostgresRow {
    public let rows: PostgresRows
    let index: Int32

    public func isNull(_ column: Int) -> Bool {
        PQgetisnull(rows.result, index, Int32(clamping: column)) != 0
    }

    /// Lends the field's bytes without copying them: for large `bytea` and text. Nil for null.
    public func withBytes<R>(_ column: Int, _ body: (UnsafeRawBufferPointer?) throws -> R) rethrows -> R {
        // The bytes belong to the result, which `rows` owns; it outlives the call.
        try withExtendedLifetime(rows) { try body(isNull(column) ? nil : unsafeBytes(column)) }
    }

    private func unsafeBytes(_ column: Int) -> UnsafeRawBufferPointer {
        let column = Int32(clamping: column)
        return UnsafeRawBufferPointer(
            start: PQgetvalue(rows.result, index, column), count: Int(PQgetlength(rows.result, index, column)))
    }

    /// Hands the bytes of a field to `decode`, after checking that the column exists, has one of the types expected and
    /// came in binary form. Nil for null.
    func decoded<R>(
        _ column: Int, as expected: StaticString, where isExpected: (PostgresType) -> Bool,
        _ decode: (UnsafeRawBufferPointer) -> R?
    ) throws(PostgresError) -> R? {
        guard column >= 0, column < rows.columnCount else {
            throw mismatch(column, "there are \(rows.columnCount) columns")
        }
        let type = rows.columnType(column)
        guard isExpected(type) else {
            let hint =
                type == .numeric ? "sum() and avg() of integers are numeric: cast in the SQL, as in sum(n)::int8" : nil
            throw mismatch(column, "has type \(type.rawValue), read as \(expected)", hint: hint)
        }
        guard PQfformat(rows.result, Int32(column)) == 1 else { throw mismatch(column, "did not come in binary form") }
        if isNull(column) { return nil }
        guard let value = withExtendedLifetime(rows, { decode(unsafeBytes(column)) }) else {
            throw mismatch(column, "holds no valid \(expected)")
        }
        return value
    }

    func mismatch(_ column: Int, _ message: String, hint: String? = nil) -> PostgresError {
        let name = rows.columnName(column).map { " (\($0))" } ?? ""
        return PostgresError(
            .result, operation: "read result", message: "column \(column)\(name) \(message)", hint: hint)
    }
}
