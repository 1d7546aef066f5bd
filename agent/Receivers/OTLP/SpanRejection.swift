/// Why an HTTP span cannot be a call.
public enum SpanRejection: String, Sendable, CaseIterable {
    /// `start_time_unix_nano` is 0 or beyond 2262.
    case noTime = "no_time"
    /// It starts further ahead than `OTLPConfiguration.futureMax`.
    case future
    /// The method is no token (RFC 9110, section 9.1).
    case badMethod = "bad_method"
    /// No http(s) URL can be made of its attributes.
    case noURL = "no_url"
    /// Over `OTLPConfiguration.callCountMax`.
    case tooMany = "too_many"

    /// For the sender.
    var text: String {
        switch self {
        case .noTime: "the start time is missing or out of range"
        case .future: "the start time is more than a day ahead of this host's clock"
        case .badMethod: "the request method is no token"
        case .noURL: "no absolute http or https URL follows from url.full, http.url or the parts of one"
        case .tooMany: "there are more calls in one request than are taken"
        }
    }
}
