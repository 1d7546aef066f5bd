/// The fields of one header block, one behind the other, with the pseudo-fields found (RFC 9113, section 8.3).
struct FieldList {
    private(set) var bytes: [UInt8] = []
    private(set) var fields: [FieldPlace] = []
    private(set) var method = ByteRange()
    private(set) var path = ByteRange()
    private(set) var authority = ByteRange()
    private(set) var scheme = ByteRange()
    private(set) var contentCoding = ByteRange()
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
        let name = place.name.range
        let span = bytes.span
        if span.equals(":method", in: name) { method = place.value }
        if span.equals(":path", in: name) { path = place.value }
        if span.equals(":authority", in: name) { authority = place.value }
        if span.equals(":scheme", in: name) { scheme = place.value }
        if span.equals(":status", in: name) { status = span.decimal(in: place.value.range) }
    }

    private mutating func field(_ place: FieldPlace) {
        fields.append(place)
        if bytes.span.equals("content-encoding", in: place.name.range) { contentCoding = place.value }
        if authority.isEmpty, bytes.span.equals("host", in: place.name.range) { authority = place.value }
    }
}
