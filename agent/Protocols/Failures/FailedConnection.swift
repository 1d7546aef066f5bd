import CallModel

/// Calls that could not even be asked: the connection, its encryption or the name failed before there was a request.
enum FailedConnection {
    /// Why a connection that ended so is a failed call; nil where it is none, or where that is told elsewhere.
    ///
    /// - Parameter isSilent: no byte of the client's was seen on it.
    static func failure(for reason: CloseReason, _ origin: ConnectionOrigin, isSilent: Bool) -> FailureKind? {
        guard origin.isClientKnown else { return nil }
        switch reason {
        case .refused: return .connectRefused
        case .connectTimeout: return .connectTimeout
        case .unreachable: return isSilent ? .unreachable : nil
        case .reset(by: .toClient): return isSilent ? .reset : nil
        case .finished, .reset(by: .toServer), .evicted, .endOfCapture: return nil
        }
    }

    /// Content tells what is spoken, and where no content came, only the port can: those of well-known other services carry no
    /// API calls. Below 1024 that is all but HTTP's own.
    static func mayCarryCalls(_ port: UInt16) -> Bool {
        port < 1_024 ? port == 80 || port == 443 : !otherServices.contains(port)
    }

    /// IANA's registry, and the defaults of widespread servers: SQL Server, Oracle, NFS, MQTT, etcd peers, MySQL, RDP, SIP,
    /// XMPP, PostgreSQL, AMQP, VNC, X11, Redis, IRC, Kafka, memcached, MongoDB.
    private static let otherServices: Set<UInt16> = [
        1_433, 1_521, 2_049, 1_883, 2_380, 3_306, 3_389, 5_060, 5_061, 5_222, 5_269, 5_432, 5_671, 5_672, 5_900, 6_000,
        6_379, 6_660, 6_661, 6_662, 6_663, 6_664, 6_665, 6_666, 6_667, 6_668, 6_669, 6_697, 8_883, 9_092, 11_211,
        27_017,
    ]
}

extension ReaderContext {
    /// A call of which only the failure is known.
    func endFailed(on connection: ConnectionInfo, _ failure: FailureKind, from began: Instant, to ended: Instant) {
        let call = takeCall(on: connection)
        call.error = failure
        call.request.began = began
        call.request.ended = ended
        call.response.ended = ended
        call.request.isBodySizeKnown = false
        end(call)
    }
}
