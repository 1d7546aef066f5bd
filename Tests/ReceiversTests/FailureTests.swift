import CallModel
import Receivers
import Testing

/// Why no answer came, in the words of many languages.
struct FailureTests {
    private func failure(
        type: String? = nil, exception: (String, String)? = nil, statusMessage: String? = nil, isError: Bool = true,
        kind: UInt64 = 3
    ) throws -> FailureKind? {
        var span = SpanSketch([
            "http.request.method": "GET", "url.full": "https://api.example.com/v1/timeout/certificates",
        ])
        span.kind = kind
        if let type { span.attributes.append(("error.type", .text(type))) }
        span.exception = exception.map { (type: $0.0, message: $0.1) }
        span.statusMessage = statusMessage
        span.statusCode = isError ? 2 : nil
        let call = try call(span)
        #expect(call.response == nil)
        return call.error
    }

    @Test(arguments: [
        ("NameResolutionError", FailureKind.dnsFailure), ("socket.gaierror", .dnsFailure),
        ("java.net.UnknownHostException", .dnsFailure),
        ("ENOTFOUND", .dnsFailure), ("*net.DNSError", .dnsFailure), ("name_resolution_error", .dnsFailure),
        ("ConnectionRefusedError", .connectRefused), ("Errno::ECONNREFUSED", .connectRefused),
        ("java.net.ConnectException", .connectRefused), ("ConnectTimeout", .connectTimeout),
        ("java.net.http.HttpConnectTimeoutException", .connectTimeout), ("Net::OpenTimeout", .connectTimeout),
        ("ETIMEDOUT", .connectTimeout), ("java.net.NoRouteToHostException", .unreachable), ("ProxyError", .unreachable),
        ("requests.exceptions.SSLError", .tlsFailure), ("javax.net.ssl.SSLHandshakeException", .tlsFailure),
        ("System.Security.Authentication.AuthenticationException", .tlsFailure), ("ECONNRESET", .reset),
        ("http.client.RemoteDisconnected", .reset), ("org.apache.http.NoHttpResponseException", .reset),
        ("timeout", .responseTimeout), ("ReadTimeout", .responseTimeout),
        ("java.net.SocketTimeoutException", .responseTimeout),
        ("System.TimeoutException", .responseTimeout), ("invalid_response", .protocolError),
        ("BadStatusLine", .protocolError),
        ("asyncio.exceptions.CancelledError", .cancelled), ("AbortError", .cancelled),
        ("System.Threading.Tasks.TaskCanceledException", .cancelled), ("_OTHER", .other), ("ConnectionError", .other),
        ("MyOwnError", .other),
    ])
    func `a type alone says why`(type: String, expected: FailureKind) throws {
        #expect(try failure(type: type) == expected)
    }

    @Test(arguments: [
        // Python.
        ("[Errno -3] Temporary failure in name resolution", FailureKind.dnsFailure),
        (
            "Max retries exceeded with url: /timeout (Caused by NewConnectionError('[Errno 111] Connection refused'))",
            .connectRefused
        ),
        (
            "Max retries exceeded with url: /certificates (Caused by ConnectTimeoutError('(connect timeout=1)'))",
            .connectTimeout
        ),
        ("Max retries exceeded with url: /certificate/timeout (Caused by something else)", .other),
        ("('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))", .reset),
        ("[Errno 101] Network is unreachable", .unreachable), ("The read operation timed out", .responseTimeout),
        ("Server disconnected without sending a response.", .reset),
        // Go.
        ("Get \"https://a/timeout\": dial tcp: lookup a on 10.0.0.2:53: no such host", .dnsFailure),
        ("Get \"https://a/\": dial tcp: lookup a: i/o timeout", .dnsFailure),
        ("dial tcp 10.0.0.1:443: connect: connection refused", .connectRefused),
        ("dial tcp 10.0.0.1:443: i/o timeout", .connectTimeout),
        ("read tcp 10.0.0.1:443: i/o timeout", .responseTimeout),
        (
            "Get \"https://a/\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
            .responseTimeout
        ),
        (
            "Get \"https://a/certificates\": request canceled while waiting for connection (Client.Timeout exceeded)",
            .connectTimeout
        ),
        ("tls: failed to verify certificate: x509: certificate signed by unknown authority", .tlsFailure),
        ("Post \"https://a/\": EOF", .reset), ("EOF", .reset), ("Get \"https://a/\": context canceled", .cancelled),
        // Node, Java, .NET, curl.
        ("getaddrinfo ENOTFOUND nosuch.invalid", .dnsFailure), ("connect ECONNREFUSED 127.0.0.1:1", .connectRefused),
        ("connect ETIMEDOUT 10.0.0.1:443", .connectTimeout), ("read ETIMEDOUT", .responseTimeout),
        ("socket hang up", .reset),
        ("timeout of 1000ms exceeded", .responseTimeout), ("Parse Error: Expected HTTP/", .protocolError),
        ("Connect timed out", .connectTimeout), ("Read timed out", .responseTimeout), ("Connection reset", .reset),
        ("PKIX path building failed", .tlsFailure), ("No such host is known. (a:443)", .dnsFailure),
        (
            "The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing.",
            .responseTimeout
        ),
        ("The SSL connection could not be established, see inner exception.", .tlsFailure),
        ("cURL error 6: Could not resolve host: a", .dnsFailure), ("cURL error 52: Empty reply from server", .reset),
        ("cURL error 28: Operation timed out after 1000 milliseconds", .responseTimeout),
        ("", .other), ("something nobody has heard of", .other),
    ])
    func `where the type is a common one the message says why`(message: String, expected: FailureKind) throws {
        #expect(try failure(type: "Error", exception: ("x.Error", message)) == expected)
        // The older conventions have no error.type: the status carries the text.
        #expect(try failure(statusMessage: message) == expected)
    }

    @Test func `a message outweighs what a common type leans to`() throws {
        #expect(
            try failure(
                type: "java.net.SocketTimeoutException",
                exception: ("java.net.SocketTimeoutException", "connect timed out")) == .connectTimeout)
        #expect(
            try failure(
                type: "java.net.ConnectException", exception: ("java.net.ConnectException", "Connection timed out"))
                == .connectTimeout)
    }

    @Test func `without status and without a word of an error both stay unknown`() throws {
        #expect(try failure(isError: false) == nil)
        #expect(try failure(isError: true) == .other)
    }

    @Test func `a handler's exception says nothing of the way to us`() throws {
        #expect(
            try failure(exception: ("requests.exceptions.ConnectionError", "Connection refused"), kind: 2) == .other)
        #expect(try failure(type: "CancelledError", kind: 2) == .cancelled)
    }
}
