/// The fields of one header block, one behind the other, with the pseudo-fields found (RFC 9113, section 8.3).
struct FieldList {
    private(set) var bytes: [UInt8] = []
    private(set) var fields: [FieldPlace] = []
    private(set) var method = ByteRange()
    private(set) var path = ByteRange()
    private(set) var authority = ByteRange()
    private(set) var scheme = ByteRange()
    private(set) var contentCoding = ByteRange()
    private(set) var hasMoreCodings = false
    private(set) var status: Int?
    private(set) var hasPseudoFields = false
    /// A field is missing whose name stands in a part of the table that was not seen.
    private(set) var hasUnknown = false
    private(set) var isCut = false

    private let byteCountMax: Int

    init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    mutating func append(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
        guard !name.isEmpty else {
            hasUnknown = true
            return
        }
        guard bytes.count + name.count + value.count <= byteCountMax else {
            isCut = true
            return
        }
        let start = bytes.count
        bytes.append(contentsOf: name)
        let middle = bytes.count
        bytes.append(contentsOf: value)
        let place = FieldPlace(name: ByteRange(start..<middle), value: ByteRange(middle..<bytes.count))
        if name[0] == UInt8(ascii: ":") { pseudoField(place) } else { field(place) }
    }

    private mutating func pseudoField(_ place: FieldPlace) {
        hasPseudoFields = true
        if isNamed(":method", place) {
            method = place.value
        } else if isNamed(":path", place) {
            path = place.value
        } else if isNamed(":authority", place) {
            authority = place.value
        } else if isNamed(":scheme", place) {
            scheme = place.value
        } else if isNamed(":status", place) {
            let code = bytes.span.decimal(in: place.value.range)
            status = code
        }
    }

    private func isNamed(_ name: StaticString, _ place: FieldPlace) -> Bool {
        bytes.span.equals(name, in: place.name.range)
    }

    private mutating func field(_ place: FieldPlace) {
        fields.append(place)
        if isNamed("content-encoding", place) {
            if contentCoding.isEmpty { contentCoding = place.value } else { hasMoreCodings = true }
        }
        if authority.isEmpty, isNamed("host", place) { authority = place.value }
    }
}
