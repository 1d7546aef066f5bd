import HTTP2

/// The knobs of a server. Each bound has its counter in `TransportCounters`.
public struct ServerConfiguration: Sendable {
    /// An IP address or a name that resolves to one.
    public var address: String
    /// 0 lets the system choose; `start` says which.
    public var port: Int
    /// Nil serves in the clear.
    public var tls: ServerTLS?

    /// Connections open at once; further ones are closed as they come.
    public var connectionsMax = 10_000
    /// Requests answered at once on one HTTP/2 connection.
    public var streamsMax = 256
    /// One message's headers, request line included.
    public var headerByteCountMax = 32 << 10
    /// Bodies of all requests not yet answered. Beyond it requests get 503 with `Retry-After`.
    public var requestBytesHeldMax = 512 << 20
    /// Bodies of all answers not yet read by their clients. Beyond it answers become 503.
    public var responseBytesHeldMax = 512 << 20
    /// Answers without an end (`BodyStream`) open at once; further ones get 503.
    public var streamedResponsesMax = 256
    /// What one HTTP/2 client may send ahead of us, on a stream and on its connection.
    public var streamWindowByteCount = 1 << 20
    public var connectionWindowByteCount = 4 << 20

    /// From the connection's begin to its first complete head, handshake included.
    public var headTimeout = Duration.seconds(15)
    /// From a head to the end of its body.
    public var bodyTimeout = Duration.seconds(60)
    /// Without any request under way.
    public var idleTimeout = Duration.seconds(90)
    /// Without a client taking one byte of an answer that is ready.
    public var writeTimeout = Duration.seconds(30)
    /// How long a connection that we end may take to notice (RFC 9112, section 9.6).
    public var lingerTimeout = Duration.seconds(5)

    /// Against floods: see `HTTP2Configuration`.
    public var settingsEntriesMax = 32
    public var acknowledgementsMax = 1_000
    public var resetBurstMax = 1_000
    public var resetsPerSecondMax = 33
    public var abandonedStreamsMax = 10_000
    /// In a quarter of the shortest timeout.
    public var barrenFramesMax = 20_000

    public init(address: String, port: Int, tls: ServerTLS? = nil) {
        self.address = address
        self.port = port
        self.tls = tls
    }

    var http2: HTTP2Configuration {
        var http2 = HTTP2Configuration()
        http2.streamsMax = streamsMax
        http2.headerByteCountMax = headerByteCountMax
        http2.streamWindowByteCount = streamWindowByteCount
        http2.connectionWindowByteCount = connectionWindowByteCount
        http2.settingsEntriesMax = settingsEntriesMax
        http2.acknowledgementsMax = acknowledgementsMax
        http2.resetBurstMax = resetBurstMax
        http2.resetsPerSecondMax = resetsPerSecondMax
        http2.abandonedStreamsMax = abandonedStreamsMax
        http2.barrenFramesMax = barrenFramesMax
        return http2
    }

    /// How often connections look at their clocks: a quarter of the shortest patience. Lingering does not count: nobody waits
    /// for its end, and with many connections looking costs more than lingering a little longer.
    var tickInterval: Duration {
        let shortest = [headTimeout, bodyTimeout, idleTimeout, writeTimeout].min() ?? .seconds(1)
        return max(.milliseconds(10), shortest / 4)
    }
}
