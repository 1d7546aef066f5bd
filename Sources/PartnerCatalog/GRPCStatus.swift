import CallModel

/// How a gRPC call ended: HTTP says 200 to all of them, and the status stands in a field of the trailers, or of the head where there is no
/// message (gRPC over HTTP/2, "Responses"; statuscodes.md for the numbers).
enum GRPCStatus {
    static let name = "grpc-status"
    static let field: StaticString = "grpc-status"

    /// Nil for what is no status.
    static func outcome(_ value: some Collection<UInt8>) -> Outcome? {
        guard (1...2).contains(value.count), value.allSatisfy({ $0 &- 48 < 10 }) else { return nil }
        switch value.reduce(0, { $0 * 10 + Int($1 &- 48) }) {
        case 0: return .success
        // CANCELLED, INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED.
        case 1, 3, 5, 6, 9, 10, 11, 12: return .rejected
        // PERMISSION_DENIED, UNAUTHENTICATED.
        case 7, 16: return .unauthorized
        // RESOURCE_EXHAUSTED.
        case 8: return .rateLimited
        // UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, DATA_LOSS.
        case 2, 4, 13, 14, 15: return .serverError
        default: return nil
        }
    }
}

extension ErrorConvention {
    /// Of an answer that no rule speaks of.
    static func byDefault(_ response: APICall.Response) -> Outcome {
        guard response.status == 200, let field = response.headers.value(of: GRPCStatus.name) else {
            return byStatus(response.status)
        }
        return GRPCStatus.outcome(field.utf8) ?? .success
    }

    static func byDefault(_ status: Int, _ response: CallRow.Message) -> Outcome {
        guard status == 200 else { return byStatus(status) }
        let field = response.headers.first { $0.name.hasSameBytes(as: GRPCStatus.field) }
        return field.flatMap { GRPCStatus.outcome($0.value) } ?? .success
    }
}
