import CallModel
import Compression
import NIOCore
import Transport

/// The status documents as bytes, with the moment they tell of: what is served, and what one aggregator publishes for the rest.
public struct PublishedStatus: Sendable {
    public struct Document: Sendable {
        /// Answers share it: no byte is copied for one.
        public private(set) var body: ByteBuffer
        /// The same as gzip, of large documents alone: a thousand partners are 0.6 MB, which cost more to write than to make.
        public private(set) var gzip: ByteBuffer?
        /// A strong entity tag, quotes included (RFC 9110, section 8.8.3).
        public var entityTag: String

        public var bytes: [UInt8] { Array(buffer: body) }
        /// Another representation has a tag of its own.
        public var gzipEntityTag: String { entityTag.dropLast() + "-gzip\"" }

        /// From this size on.
        private static let gzipByteCountMin = 32 << 10

        public init(_ bytes: [UInt8]) {
            body = ByteBuffer(bytes: bytes)
            entityTag = QueryAPI.entityTag(of: bytes)
            guard bytes.count >= Self.gzipByteCountMin else { return }
            gzip = ByteBuffer(bytes: bytes.withUnsafeBytes { Gzip.compress($0, level: 1) })
        }

        /// Nothing is computed for a request but whether the client has it already.
        func response(to head: RequestHead, _ headers: Headers) -> Response {
            let gzip = head.acceptsGzip ? gzip : nil
            let entityTag = gzip == nil ? entityTag : gzipEntityTag
            var headers = headers
            headers.add("etag", entityTag)
            headers.add("vary", "accept-encoding")
            if head.hasAlready(entityTag) { return Response(status: 304, headers: headers) }
            headers.add("content-type", "application/json")
            if gzip != nil { headers.add("content-encoding", "gzip") }
            return Response(status: 200, headers: headers, body: gzip ?? body)
        }
    }

    public let asOf: Instant
    private let documents: [String: Document]

    /// After this long without a new snapshot it is served as stale.
    public static let freshness: Duration = .seconds(15)

    public init(_ snapshot: StatusSnapshot) {
        self.init(asOf: snapshot.asOf, contents: snapshot.documents())
    }

    init(asOf: Instant, contents: [String: [UInt8]]) {
        self.asOf = asOf
        documents = contents.mapValues(Document.init)
    }

    /// The document of a path, marked as stale when it is.
    public func document(_ path: String, at now: Instant) -> Document? {
        guard var document = documents[path] else { return nil }
        if now - asOf > Self.freshness { document.markStale() }
        return document
    }

    public func has(_ path: String) -> Bool { documents[path] != nil }

    /// For publishing: `as_of` in nanoseconds, then path and document of each, every part after its length, as big-endian
    /// integers of 8, 4 and 4 bytes.
    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        func put(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
        }
        put(asOf.nanosecondsSinceEpoch)
        for (path, document) in documents {
            put(UInt32(path.utf8.count))
            bytes.append(contentsOf: path.utf8)
            put(UInt32(document.body.readableBytes))
            bytes.append(contentsOf: document.body.readableBytesView)
        }
        return bytes
    }

    /// Reads what `encoded()` wrote; nil for anything else.
    public init?(encoded bytes: [UInt8]) {
        var rest = bytes[...]
        func number(_ count: Int) -> UInt64? {
            guard rest.count >= count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count).reduce(0) { $0 << 8 | UInt64($1) }
        }
        func part() -> [UInt8]? {
            guard let count = number(4), rest.count >= Int(count) else { return nil }
            defer { rest = rest.dropFirst(Int(count)) }
            return Array(rest.prefix(Int(count)))
        }
        guard let time = number(8) else { return nil }
        var contents: [String: [UInt8]] = [:]
        while !rest.isEmpty {
            guard let path = part(), let document = part() else { return nil }
            contents[String(decoding: path, as: UTF8.self)] = document
        }
        self.init(asOf: Instant(nanosecondsSinceEpoch: Int64(bitPattern: time)), contents: contents)
    }
}

extension PublishedStatus.Document {
    /// `"stale":false` stands near the beginning of every document that has it; JSON allows the space that keeps the length.
    fileprivate mutating func markStale() {
        let fresh = Array("\"stale\":false".utf8)
        let view = body.readableBytesView
        guard let at = view.prefix(64).indices.first(where: { view[$0...].starts(with: fresh) }) else { return }
        body.setBytes("\"stale\":true ".utf8, at: at)
        gzip = nil
        entityTag = "\"stale-" + entityTag.dropFirst()
    }
}
