/// Why a whole request was refused: a status for the sender, a reason for the metrics.
///
/// Each receiver writes it in its own convention: problem+json, or OTLP's Status.
struct Refusal: Error, Equatable {
    enum Reason: String, CaseIterable {
        case notFound = "not_found"
        case wrongMethod = "wrong_method"
        case unauthorized
        case unsupportedType = "unsupported_type"
        case unsupportedEncoding = "unsupported_encoding"
        case badEncoding = "bad_encoding"
        case malformed
        case tooLarge = "too_large"
        case busy
        case failed
    }

    var reason: Reason
    var detail: String
    /// For 503: when to come again.
    var retryAfter: Duration?
    /// For 405.
    var allow: String?

    init(_ reason: Reason, _ detail: String, retryAfter: Duration? = nil, allow: String? = nil) {
        self.reason = reason
        self.detail = detail
        self.retryAfter = retryAfter
        self.allow = allow
    }

    var status: Int {
        switch reason {
        case .notFound: 404
        case .wrongMethod: 405
        case .unauthorized: 401
        case .unsupportedType, .unsupportedEncoding: 415
        case .badEncoding, .malformed: 400
        case .tooLarge: 413
        case .busy, .failed: 503
        }
    }

    /// RFC 9457's title: the same for every problem of this kind.
    var title: String {
        switch reason {
        case .notFound: "Not found"
        case .wrongMethod: "Method not allowed"
        case .unauthorized: "Unauthorized"
        case .unsupportedType: "Unsupported media type"
        case .unsupportedEncoding: "Unsupported content encoding"
        case .badEncoding: "The compressed body is damaged"
        case .malformed: "The body is malformed"
        case .tooLarge: "The body is too large"
        case .busy: "Come again later"
        case .failed: "The calls could not be stored"
        }
    }
}
