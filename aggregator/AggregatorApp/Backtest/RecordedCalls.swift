import CallJSON
import CallModel
import Detection
import Documents
import PartnerCatalog
import Rollups

/// Turns recorded calls in the native form into cells.
///
/// Most calls need a dozen fields and no `APICall`: names become numbers straight from the parser's buffer. Those that leave
/// partner or route to the catalogue, tell their outcome in the body, or bring one with them, take the whole way.
struct RecordedCalls {
    struct Call {
        var cell: CallCell
        var receivedAt: Instant?
    }

    var partners = NameTable()
    var routes = NameTable()
    var hosts = NameTable()
    var regions = NameTable()
    var customers = NameTable()
    var versions = NameTable()
    var networks = NameTable()
    private(set) var rejectedCount: Int64 = 0
    private(set) var duplicateCount: Int64 = 0
    private(set) var notOursCount: Int64 = 0

    private let catalogue: Catalogue
    private let bodies = JSONParser(byteCountMax: Limits.bodyByteCountMax)
    private var reader = CallJSONReader()
    private var ids = RecentIDs()
    private var times = DayClock()

    init(_ catalogue: Catalogue) { self.catalogue = catalogue }

    mutating func read(_ line: JSONValue) -> Call? {
        guard line.kind == .object else { return reject() }
        var fields = Fields()
        fields.read(line)
        guard let timeText = fields.time, let time = times.instant(timeText) else { return reject() }
        if let id = fields.id, !id.isEmpty, !ids.insert(id, at: time.nanosecondsSinceEpoch) {
            duplicateCount += 1
            return nil
        }
        guard let partner = fields.partner, let route = fields.route, !fields.needsJudgement,
            let symptom = fields.symptom
        else { return slowly(line, time) }
        var cell = CallCell(time: time, partner: partners.number(of: partner), route: routes.number(of: route))
        cell.direction = fields.isInbound ? .inbound : .outbound
        cell.symptom = symptom
        complete(&cell, fields)
        return Call(cell: cell, receivedAt: fields.receivedAt.flatMap { times.instant($0) })
    }

    private mutating func complete(_ cell: inout CallCell, _ fields: Fields) {
        if let host = fields.host { cell.host = hosts.number(of: host) }
        if let region = fields.region { cell.region = regions.number(of: region) }
        if let customer = fields.customer { cell.customer = customers.number(of: customer) }
        if let version = fields.serviceVersion { cell.serviceVersion = versions.number(of: version) }
        if let peer = fields.peerAddress, let network = networkPrefix(peer) {
            cell.network = networks.number(of: network)
        }
        if let milliseconds = fields.durationMs, milliseconds >= 0, milliseconds < 1e9 {
            cell.latency = LatencyBucket.index(ofMicroseconds: Int64(milliseconds * 1_000))
        }
        cell.count = Int32(clamping: fields.weight)
    }

    /// By way of the whole call: the catalogue names and judges it.
    private mutating func slowly(_ line: JSONValue, _ time: Instant) -> Call? {
        let call: APICall
        do throws(CallError) { call = try reader.read(line) } catch { return reject() }
        guard case .partner(let partner, let route, _) = catalogue.resolve(call) else {
            notOursCount += 1
            return nil
        }
        var cell = CallCell(time: time, partner: partners.number(of: partner), route: routes.number(of: route))
        cell.direction = call.direction
        let outcome =
            line.member("outcome") != nil ? call.outcome : catalogue.outcome(of: call, partner: partner, parser: bodies)
        cell.symptom = Symptom(outcome, status: call.response?.status ?? 0)
        var fields = Fields()
        fields.read(line)
        complete(&cell, fields)
        return Call(cell: cell, receivedAt: call.receivedAt)
    }

    mutating func refuse() { rejectedCount += 1 }

    func name(_ number: NameID, _ dimension: Dimension) -> String {
        switch dimension {
        case .partner: partners.name(number)
        case .route: routes.name(number)
        case .region: regions.name(number)
        case .host: hosts.name(number)
        case .customer: customers.name(number)
        case .serviceVersion: versions.name(number)
        case .network: networks.name(number)
        }
    }

    private mutating func reject() -> Call? {
        rejectedCount += 1
        return nil
    }

    /// The /24 of an IPv4 address or the /48 of an IPv6 one, as the text they begin with.
    private func networkPrefix(_ address: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
        let separator: UInt8 = address.contains(UInt8(ascii: ":")) ? UInt8(ascii: ":") : UInt8(ascii: ".")
        var count = 0
        for (place, byte) in address.enumerated() where byte == separator {
            count += 1
            if count == 3 { return UnsafeBufferPointer(rebasing: address[..<place]) }
        }
        return nil
    }
}

/// The fields of one call, as they lie in the parser's buffer.
private struct Fields {
    typealias Text = UnsafeBufferPointer<UInt8>

    var id: Text?
    var time: Text?
    var receivedAt: Text?
    var partner: Text?
    var route: Text?
    var host: Text?
    var region: Text?
    var customer: Text?
    var serviceVersion: Text?
    var peerAddress: Text?
    var isInbound = false
    var durationMs: Double?
    var weight: Int64 = 1
    private var status: Int64?
    private var error: Text?
    /// A body, a header or an outcome that the catalogue has to look at.
    var needsJudgement = false

    mutating func read(_ line: JSONValue) {
        line.forEachMember { key, value in
            switch key.count {
            case 2: if key[0] == UInt8(ascii: "i") { id = value.utf8 }
            case 4:
                if key[0] == UInt8(ascii: "t") {
                    time = value.utf8
                } else if key[0] == UInt8(ascii: "h") {
                    host = value.utf8
                }
            case 5:
                if key[0] == UInt8(ascii: "r") {
                    route = value.utf8
                } else if key[0] == UInt8(ascii: "e") {
                    error = value.utf8
                }
            case 6:
                if key[0] == UInt8(ascii: "r") {
                    region = value.utf8
                } else if names(key, "weight") {
                    weight = value.int64 ?? 1
                }
            case 7:
                if names(key, "partner") {
                    partner = value.utf8
                } else if names(key, "outcome") {
                    needsJudgement = !value.isNull
                }
            case 8:
                if names(key, "customer") {
                    customer = value.utf8
                } else if names(key, "response") {
                    readResponse(value)
                }
            case 9: if names(key, "direction") { isInbound = value.utf8?.first == UInt8(ascii: "i") }
            case 11:
                if names(key, "received_at") {
                    receivedAt = value.utf8
                } else if names(key, "duration_ms") {
                    durationMs = value.double
                }
            case 12: if names(key, "peer_address") { peerAddress = value.utf8 }
            case 15: if names(key, "service_version") { serviceVersion = value.utf8 }
            default: break
            }
        }
    }

    private mutating func readResponse(_ response: JSONValue) {
        response.forEachMember { key, value in
            if names(key, "status") {
                status = value.int64
            } else if names(key, "body") || names(key, "headers") {
                needsJudgement = needsJudgement || value.childCount > 0 || value.utf8?.isEmpty == false
            }
        }
    }

    /// By status alone; nil where that is not enough.
    var symptom: Symptom? {
        if let error {
            guard let kind = FailureKind(name: String(decoding: error, as: UTF8.self)) else { return nil }
            return Symptom(.noAnswer(kind))
        }
        guard let status else { return nil }
        return Symptom(ErrorConvention.byStatus(Int(status)), status: Int(status))
    }

    private func names(_ key: Text, _ name: StaticString) -> Bool {
        key.count == name.utf8CodeUnitCount
            && key.elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }
}

/// RFC 3339 in UTC, quickly: the day is nearly always the last one's.
struct DayClock {
    private var day: UInt64 = 0
    private var dayTail: UInt16 = 0
    private var start = Instant.epoch

    mutating func instant(_ text: UnsafeBufferPointer<UInt8>) -> Instant? {
        guard text.count >= 20, text.count <= 30, text[text.count - 1] == UInt8(ascii: "Z"),
            text[10] == UInt8(ascii: "T")
        else { return Instant(rfc3339: String(decoding: text, as: UTF8.self)) }
        let raw = UnsafeRawBufferPointer(text)
        let (head, tail) = (raw.loadUnaligned(as: UInt64.self), raw.loadUnaligned(fromByteOffset: 8, as: UInt16.self))
        if head != day || tail != dayTail {
            let midnight = String(decoding: text[..<10], as: UTF8.self) + "T00:00:00Z"
            guard let instant = Instant(rfc3339: midnight) else { return nil }
            (day, dayTail, start) = (head, tail, instant)
        }
        guard let hour = two(text, 11), let minute = two(text, 14), let second = two(text, 17), hour < 24, minute < 60,
            second < 60
        else { return Instant(rfc3339: String(decoding: text, as: UTF8.self)) }
        var nanoseconds: Int64 = 0
        if text[19] == UInt8(ascii: ".") {
            var unit: Int64 = 100_000_000
            for place in 20..<(text.count - 1) {
                guard text[place] &- 48 < 10 else { return nil }
                nanoseconds += Int64(text[place] &- 48) * unit
                unit /= 10
            }
        }
        return start + .nanoseconds((hour * 3_600 + minute * 60 + second) * 1_000_000_000 + nanoseconds)
    }

    private func two(_ text: UnsafeBufferPointer<UInt8>, _ place: Int) -> Int64? {
        guard text[place] &- 48 < 10, text[place + 1] &- 48 < 10 else { return nil }
        return Int64(text[place] - 48) * 10 + Int64(text[place + 1] - 48)
    }
}
