import CLibpq

/// What the server says beside its answers: `NOTICE`, `WARNING` and the like.
public struct PostgresNotice: Sendable {
    public var severity: String
    public var sqlState: String
    public var message: String
}

/// Where libpq's callback finds the closure.
final class NoticeBox {
    let receive: ((PostgresNotice) -> Void)?

    init(_ receive: ((PostgresNotice) -> Void)?) { self.receive = receive }
}

/// Called by libpq on the connection's thread, inside whatever call read the notice. The result stays libpq's.
let receiveNotice: @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?) -> Void = { context, result in
    guard let context, let result else { return }
    // The box is owned by the connection that is being read, hence alive.
    guard let receive = Unmanaged<NoticeBox>.fromOpaque(context).takeUnretainedValue().receive else { return }
    func field(_ code: DiagnosticField) -> String {
        PQresultErrorField(result, code.rawValue).map { String(cString: $0) } ?? ""
    }
    receive(PostgresNotice(severity: field(.severity), sqlState: field(.sqlState), message: field(.message)))
}

/// Asks the server to give up what a connection is doing; the statement then fails with `isCancelled`.
///
/// Any thread may use it, also after the connection was closed (then the server ignores the request). The request is a
/// connection of its own, and blocks while it is made.
public final class PostgresCanceller: @unchecked Sendable {
    // Safe to share: a PGcancel is never changed after it was made, and PQcancel is documented as safe in any thread.
    private let cancel: OpaquePointer

    init(owning cancel: OpaquePointer) { self.cancel = cancel }

    deinit { PQfreeCancel(cancel) }

    /// Returns once the request was delivered, which is not yet when it took effect: it may also come too late.
    public func requestCancel() throws(PostgresError) {
        var reason = [CChar](repeating: 0, count: 256)
        guard PQcancel(cancel, &reason, Int32(reason.count)) == 1 else {
            let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw PostgresError(.connect, operation: "cancel", message: text)
        }
    }
}
