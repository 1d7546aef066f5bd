import CLibpq

/// Why something asked of PostgreSQL did not happen: what was tried, what the server or libpq said, and what to do
/// next.
///
/// `detail` may quote values of the row at fault (a violated key, for instance): show it to operators, never to callers
/// of an API.
public struct PostgresError: Error, Sendable {
    public enum Kind: Sendable, Equatable {
        /// No connection came about.
        case connect
        /// There was a connection and it is gone. Whether a `COMMIT` under way took effect is then unknown.
        case connectionLost
        /// The server refused or gave up the statement; `sqlState` says why.
        case server
        /// A transaction was to be committed, but a statement in it had failed, so the server rolled it back.
        case rolledBack
        /// A value was read as another type than it has, or is null where none was expected.
        case result
        /// The caller asked for something that cannot be, such as `COPY` with a statement that is none.
        case usage
        /// The pool's waiting queue is full.
        case poolFull
        /// The pool was closed.
        case poolClosed
    }

    public var kind: Kind
    /// What was being done, such as `query: SELECT …` (shortened) or `connect`.
    public var operation: String
    /// The five characters of SQLSTATE where the server gave one.
    public var sqlState: String?
    public var message: String
    public var detail: String?
    public var hint: String?
    /// The constraint that was violated, where one was.
    public var constraint: String?

    public init(
        _ kind: Kind, operation: String, message: String, sqlState: String? = nil, detail: String? = nil,
        hint: String? = nil, constraint: String? = nil
    ) {
        self.kind = kind
        self.operation = operation
        self.message = message
        self.sqlState = sqlState
        self.detail = detail
        self.hint = hint
        self.constraint = constraint
    }

    /// The connection cannot be used any more, or never came about: take another.
    public var isConnectionLost: Bool { kind == .connect || kind == .connectionLost }

    /// The same transaction may well succeed when tried again from its beginning.
    public var isRetryable: Bool {
        isConnectionLost || sqlState == SQLState.serializationFailure || sqlState == SQLState.deadlockDetected
    }

    /// A statement was ended by a cancel request or by its timeout (the server tells both with one code).
    public var isCancelled: Bool { sqlState == SQLState.queryCancelled }
}

/// The SQLSTATE codes this module and its callers decide by (PostgreSQL manual, appendix A).
public enum SQLState {
    public static let serializationFailure = "40001"
    public static let deadlockDetected = "40P01"
    public static let uniqueViolation = "23505"
    public static let queryCancelled = "57014"
    public static let adminShutdown = "57P01"
    public static let crashShutdown = "57P02"
    public static let cannotConnectNow = "57P03"
    public static let lockNotAvailable = "55P03"
    public static let diskFull = "53100"
    public static let undefinedTable = "42P01"
    /// `cached plan must not change result type` comes under this one.
    static let featureNotSupported = "0A000"
    static let undefinedPreparedStatement = "26000"

    /// The server closes the connection together with these.
    static func endsConnection(_ state: String) -> Bool {
        state.hasPrefix("08") || state == adminShutdown || state == crashShutdown || state == cannotConnectNow
    }
}

extension PostgresError: CustomStringConvertible {
    public var description: String {
        var text = "\(operation): \(message)"
        if let sqlState { text += " (\(sqlState))" }
        if let detail { text += "; \(detail)" }
        if let hint { text += "; hint: \(hint)" }
        return text
    }
}

extension PostgresError {
    /// Reads the error out of a result, or out of the connection where libpq could not make one.
    init(operation: String, result: OpaquePointer?, connection: OpaquePointer) {
        func field(_ code: DiagnosticField) -> String? {
            result.flatMap { PQresultErrorField($0, code.rawValue) }.map { String(cString: $0) }
        }
        let state = field(.sqlState)
        let isLost = PQstatus(connection) == CONNECTION_BAD || (state.map(SQLState.endsConnection) ?? false)
        self.init(
            isLost ? .connectionLost : .server, operation: operation,
            message: field(.message) ?? libpqMessage(connection), sqlState: state, detail: field(.detail),
            hint: field(.hint), constraint: field(.constraint))
    }
}

/// The fields of an error or notice report (`PG_DIAG_…`; C character constants do not come through as `Int32`).
enum DiagnosticField: Int32 {
    case severity = 0x56  // V, not translated
    case sqlState = 0x43  // C
    case message = 0x4D  // M
    case detail = 0x44  // D
    case hint = 0x48  // H
    case constraint = 0x6E  // n
}

/// libpq's own last words on a connection, in one line.
func libpqMessage(_ connection: OpaquePointer?) -> String {
    let text = PQerrorMessage(connection).map { String(cString: $0) } ?? ""
    let lines = text.split(separator: "\n").map { $0.drop { $0 == " " || $0 == "\t" } }
    return lines.isEmpty ? "no answer from libpq" : lines.joined(separator: " ")
}

/// A statement as it is shown in errors: one line, shortened.
func operationName(_ verb: StaticString, _ sql: String) -> String {
    let lengthMax = 160
    let words = sql.split(maxSplits: 64) { $0.isWhitespace || $0.isNewline }.joined(separator: " ")
    return words.count > lengthMax ? "\(verb): \(words.prefix(lengthMax))…" : "\(verb): \(words)"
}
