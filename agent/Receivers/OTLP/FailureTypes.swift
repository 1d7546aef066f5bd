import CallModel

/// Names of errors that say by themselves why no answer came: what `error.type` and `exception.type` carry.
///
/// Only the last part of a qualified name counts (`requests.exceptions.ReadTimeout`, `*net.DNSError`,
/// `Errno::ECONNRESET`). Names that stand for several reasons (`ConnectionError`, `OSError`, `HttpRequestException`,
/// `timeout`) are left to the message.
enum FailureTypes {
    static func kind(of type: BorrowedText) -> FailureKind? {
        kinds[simpleName(type)]
    }

    /// What a name stands for more often than not, for when the message does not tell.
    static func leaning(of type: BorrowedText) -> FailureKind? {
        leanings[simpleName(type)]
    }

    private static func simpleName(_ type: BorrowedText) -> String {
        let separators = Array(".:$\\/*".utf8)
        let start = type.lastIndex { separators.contains($0) }.map { $0 + 1 } ?? 0
        return String(decoding: type[start...].prefix(64), as: UTF8.self)
    }

    private static let kinds = table(names)
    private static let leanings = table(leaningNames)

    private static func table(_ names: [(FailureKind, String)]) -> [String: FailureKind] {
        var table: [String: FailureKind] = [:]
        for (kind, list) in names {
            for name in list.split(whereSeparator: \.isWhitespace) { table[String(name)] = kind }
        }
        return table
    }

    // By language: Python (standard library, requests, urllib3, httpx, aiohttp); Java; Node (system codes, undici,
    // axios); Ruby; Go; .NET (also the names of HttpRequestError, which its HttpClient reports).
    private static let names: [(FailureKind, String)] = [
        (
            .dnsFailure,
            """
            NameResolutionError gaierror herror ClientConnectorDNSError UnknownHostException UnresolvedAddressException
            ENOTFOUND EAI_AGAIN EAI_NODATA DNSError name_resolution_error ResolutionError
            """
        ),
        (.connectRefused, "ConnectionRefusedError ECONNREFUSED ConnectionRefused"),
        (
            .connectTimeout,
            """
            ConnectTimeout ConnectTimeoutError ConnectionTimeoutError ConnectTimeoutException
            HttpConnectTimeoutException
            UND_ERR_CONNECT_TIMEOUT OpenTimeout
            """
        ),
        (
            .unreachable,
            """
            ProxyError ClientProxyConnectionError ClientHttpProxyError proxy_tunnel_error NoRouteToHostException
            PortUnreachableException EHOSTUNREACH ENETUNREACH ENETDOWN EHOSTDOWN HostUnreachable NetworkUnreachable
            """
        ),
        (
            .tlsFailure,
            """
            SSLError SSLCertVerificationError CertificateError ClientConnectorSSLError ClientConnectorCertificateError
            SSLHandshakeException SSLPeerUnverifiedException CertificateExpiredException CertPathValidatorException
            CERT_HAS_EXPIRED DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN UNABLE_TO_VERIFY_LEAF_SIGNATURE
            UNABLE_TO_GET_ISSUER_CERT_LOCALLY ERR_TLS_CERT_ALTNAME_INVALID EPROTO CertificateVerificationError
            UnknownAuthorityError HostnameError CertificateInvalidError RecordHeaderError AlertError
            AuthenticationException secure_connection_error
            """
        ),
        (
            .reset,
            """
            ConnectionResetError ConnectionAbortedError BrokenPipeError RemoteDisconnected ServerDisconnectedError
            NoHttpResponseException PrematureCloseException ConnectionClosedException StreamResetException
            ECONNRESET EPIPE UND_ERR_SOCKET EOFError ConnectionReset response_ended
            """
        ),
        (
            .responseTimeout,
            """
            ReadTimeout ReadTimeoutError WriteTimeout SocketTimeoutError ReadTimeoutException WriteTimeoutException
            ESOCKETTIMEDOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT deadlineExceededError
            """
        ),
        (
            .protocolError,
            """
            BadStatusLine LineTooLong LocalProtocolError DecodingError ProtocolException ContentDecodingError
            http_protocol_error invalid_response version_negotiation_error HTTPParserError HPE_INVALID_CONSTANT
            """
        ),
        (
            .cancelled,
            "CancelledError AbortError CanceledError CancellationException OperationCanceledException ERR_CANCELED"
        ),
    ]

    private static let leaningNames: [(FailureKind, String)] = [
        (.connectRefused, "ConnectException HttpHostConnectException"),
        (.tlsFailure, "SSLException"),
        (.reset, "ChunkedEncodingError IncompleteRead"),
        (.responseTimeout, "timeout Timeout TimeoutError TimeoutException SocketTimeoutException ServerTimeoutError"),
        (.connectTimeout, "ETIMEDOUT"),
        (.protocolError, "RemoteProtocolError ProtocolError"),
        (.cancelled, "TaskCanceledException"),
    ]
}
