import Glibc

/// One call as bytes that lie elsewhere: what a call is on the short way from its JSON to a batch's columns, where an `APICall`
/// would be some 25 texts and lists of its own.
///
/// Every text is borrowed, from the document the call was read from or from whoever replaced it (`TextArena`), and is valid for as
/// long as that is: a row is filled, changed and encoded before the next call is read. An empty text stands for none. A row is
/// reused from call to call, so that its lists are allocated once.
public struct CallRow {
    public typealias Text = UnsafeBufferPointer<UInt8>

    /// What names a call, in the order in which a batch has these columns.
    public enum Name: Int, CaseIterable, Sendable {
        case partner, route, service, serviceVersion, host, region, environment, customer
    }

    public struct Field {
        /// Lower case.
        public var name: Text
        public var value: Text

        public init(_ name: Text, _ value: Text) {
            self.name = name
            self.value = value
        }
    }

    public struct Message {
        public var headers: [Field] = []
        public var body: Text?
        public var bodyForm = Body.Form.full
        public var bodyByteCount: Int?

        mutating func removeAll() {
            headers.removeAll(keepingCapacity: true)
            (body, bodyForm, bodyByteCount) = (nil, .full, nil)
        }
    }

    @inlinable public static var none: Text { Text(start: nil, count: 0) }

    public var id = none
    public var time = Instant.epoch
    public var receivedAt: Instant?
    public var direction = Direction.outbound
    public var error: FailureKind?
    public var outcome = Outcome.success
    public var duration: Duration?
    public var peerAddress = none
    public var traceID: TraceID?
    public var spanID: SpanID?
    public var parentSpanID: SpanID?
    public var weight: UInt32 = 1
    public var source = CallSource.json
    public var method = none
    public var url = none
    public var httpVersion = none
    public var request = Message()
    /// Of the response; nil when there was none.
    public var status: Int?
    public var response = Message()
    @usableFromInline var names = InlineArray<8, Text>(repeating: none)

    public init() {}

    @inlinable
    public subscript(name: Name) -> Text {
        get { names[name.rawValue] }
        set { names[name.rawValue] = newValue }
    }

    /// As new, but for the storage.
    public mutating func removeAll() {
        (id, method, url, httpVersion, peerAddress) = (Self.none, Self.none, Self.none, Self.none, Self.none)
        (time, receivedAt, duration) = (.epoch, nil, nil)
        (direction, source, weight) = (.outbound, .json, 1)
        (error, outcome, status) = (nil, .success, nil)
        (traceID, spanID, parentSpanID) = (nil, nil, nil)
        request.removeAll()
        response.removeAll()
        for index in names.indices { names[index] = Self.none }
    }
}

extension CallRow.Text {
    /// Whether both are the same bytes.
    @inlinable
    public func hasSameBytes(as text: StaticString) -> Bool {
        hasSameBytes(as: CallRow.Text(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inlinable
    public func hasSameBytes(as other: CallRow.Text) -> Bool {
        guard count == other.count, let start = baseAddress, let otherStart = other.baseAddress else {
            return count == other.count
        }
        return memcmp(start, otherStart, count) == 0
    }
}
