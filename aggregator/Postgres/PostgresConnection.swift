import CLibpq

/// One connection to PostgreSQL, through libpq's blocking calls.
///
/// Used by one thread at a time: `PostgresPool` gives each connection a thread of its own, so that no thread of Swift's
/// cooperative pool ever waits for a database. Values travel in binary form both ways. A statement that fails leaves
/// the connection usable; `isUsable` tells when it is not, and then it is thrown away and another made.
///
/// The server's notices go to a closure (or nowhere). Nothing here knows a table.
public final class PostgresConnection {
    /// Nil once closed. Owned: made in `init`, finished in `close` or `deinit`.
    private var handle: OpaquePointer?
    private let notices: NoticeBox
    /// Asks the server from any thread to give up what this connection is doing.
    public let canceller: PostgresCanceller
    let preparedStatementsMax: Int
    /// Prepared on this connection; see PreparedStatements.swift.
    var preparedStatements = PreparedStatements()
    /// What `statement_timeout` is set to in this session, in milliseconds; nil: the server's own.
    var statementTimeoutMs: Int64?

    public enum TransactionState: Sendable {
        /// Between transactions.
        case idle
        /// A statement or COPY is under way.
        case active
        case inTransaction
        /// Inside a transaction a statement of which failed; only a rollback is possible.
        case failed
        /// The connection is gone.
        case unknown
    }

    /// Connects, waiting at most `settings.connectTimeout` for each address.
    public init(
        _ settings: PostgresSettings, onNotice: ((PostgresNotice) -> Void)? = nil
    ) throws(PostgresError) {
        let connection = connect(settings)
        guard PQstatus(connection) == CONNECTION_OK, let cancel = connection.flatMap({ PQgetCancel($0) }) else {
            defer { PQfinish(connection) }
            throw PostgresError(.connect, operation: "connect", message: libpqMessage(connection))
        }
        handle = connection
        canceller = PostgresCanceller(owning: cancel)
        notices = NoticeBox(onNotice)
        preparedStatementsMax = settings.preparedStatementsMax
        // libpq keeps the pointer for as long as the connection lives, and `self` owns both.
        PQsetNoticeReceiver(connection, receiveNotice, Unmanaged.passUnretained(notices).toOpaque())
        do {
            try setStatementTimeout(settings.statementTimeout)
        } catch {
            close()
            throw error
        }
    }

    deinit { PQfinish(handle) }

    /// Closes the connection; whatever was not committed is rolled back by the server. Closing twice does nothing.
    public func close() {
        PQfinish(handle)
        handle = nil
    }

    /// False once the connection is known to be gone. Asks nobody: a peer that died quietly is not noticed.
    public var isUsable: Bool { handle != nil && PQstatus(handle) == CONNECTION_OK }

    /// Like `isUsable`, after reading what the server sent meanwhile, such as its goodbye. Does not wait and asks
    /// nothing of the server: a system call, for use before work is given to a connection that lay idle.
    public func checkUsable() -> Bool {
        // The first reading takes what the server said last, the second meets the end of the stream.
        isUsable && PQconsumeInput(handle) == 1 && PQconsumeInput(handle) == 1 && isUsable
    }

    public var transactionState: TransactionState {
        switch PQtransactionStatus(handle) {
        case PQTRANS_IDLE: .idle
        case PQTRANS_ACTIVE: .active
        case PQTRANS_INTRANS: .inTransaction
        case PQTRANS_INERROR: .failed
        default: .unknown
        }
    }

    /// Such as 150020 for 15.20.
    public var serverVersion: Int { Int(PQserverVersion(handle)) }

    /// The server process behind this connection, as in `pg_stat_activity.pid`.
    public var backendProcessID: Int32 { PQbackendPID(handle) }

    /// The libpq connection, for the other files of this type.
    func open(_ operation: @autoclosure () -> String) throws(PostgresError) -> OpaquePointer {
        if let handle { return handle }
        throw PostgresError(.connectionLost, operation: operation(), message: "the connection is closed")
    }
}

private func connect(_ settings: PostgresSettings) -> OpaquePointer? {
    let pairs = settings.keywords
    return withCStrings(pairs.map(\.name)) { names in
        // The last argument expands an address given as `dbname`.
        withCStrings(pairs.map(\.value)) { values in PQconnectdbParams(names, values, 1) }
    }
}

/// Lends a null-terminated array of C strings.
private func withCStrings<R>(_ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> R) -> R {
    var bytes: [CChar] = []
    var starts: [Int] = []
    for string in strings {
        starts.append(bytes.count)
        bytes.append(contentsOf: string.utf8CString)
    }
    return bytes.withUnsafeBufferPointer { bytes in
        // Every string brings its terminator, so each start lies within `bytes`.
        let pointers = starts.map { start in bytes.baseAddress.map { $0 + start } } + [nil]
        return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
    }
}
