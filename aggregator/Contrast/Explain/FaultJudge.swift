import CallModel

/// Whether a failure can be the request's own fault, as far as its outcome says.
enum Blame {
    /// The answer refused the request.
    case request
    /// No answer, limits, credentials, an outage: whatever the request held.
    case elsewhere
    /// A server error may be either.
    case open
}

/// Judges by outcome and status, and learns which server errors are really refusals: those that come with something wrong in
/// the request, again and again.
struct FaultJudge {
    struct Record {
        var failures = 0.0
        var suspicious = 0.0
    }

    static let signaturesMax = 4_096
    private var records: [UInt64: Record] = [:]

    static func blame(_ call: APICall, _ clues: AnswerClues) -> Blame {
        guard let status = call.response?.status, call.error == nil else { return .elsewhere }
        if let blames = clues.blamesRequest { return blames ? .request : .open }
        switch status {
        case 401, 403, 407, 408, 425, 429, 502, 503, 504: return .elsewhere
        case 500...: return .open
        case 200..<400: return call.outcome == .errorInSuccess ? .request : .open
        default:
            if call.outcome == .rateLimited || call.outcome == .unauthorized { return .elsewhere }
            return .request
        }
    }

    /// Why the request is not the reason, as far as the outcome tells.
    static func excuse(_ call: APICall) -> String {
        guard let status = call.response?.status, call.error == nil else {
            return "There was no whole answer: nothing in the request explains this failure."
        }
        switch status {
        case 401, 403, 407:
            return "The partner refused the credentials: nothing in the request's content explains this."
        case 429: return "The partner limits how often it is called: nothing in the request explains this failure."
        case 408, 425, 500...: return "The partner's side failed: nothing in the request explains this failure."
        default: return "Nothing in the request explains this failure."
        }
    }

    mutating func record(_ signature: UInt64, isSuspicious: Bool) {
        guard records[signature] != nil || records.count < Self.signaturesMax else { return }
        records[signature, default: Record()].failures += 1
        if isSuspicious { records[signature, default: Record()].suspicious += 1 }
    }

    /// The share of failures with this answer that had something wrong in the request; drawn towards a fifth while few.
    func suspicion(of signature: UInt64) -> Double {
        let record = records[signature] ?? Record()
        return (record.suspicious + 0.5) / (record.failures + 2.5)
    }
}
