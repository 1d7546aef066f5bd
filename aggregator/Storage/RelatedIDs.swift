import CallModel
import Documents

/// What a call names, by which calls of one story find each other where they share no trace: a webhook's delivery, the key of a
/// request that may be sent twice, and the objects in its path.
public struct RelatedIDs: Sendable, Equatable {
    public var deliveryID: String?
    /// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header), under the names partners give it.
    public var idempotencyKey: String?
    /// What stands in the path where the route has a place for it: `ch_1` of `/v1/charges/ch_1`.
    public var objects: Set<String> = []

    private static let keyHeaders = ["idempotency-key", "x-idempotency-key", "paypal-request-id", "x-request-key"]
    /// Shorter ones are shared by chance: objects are numbered, deliveries and keys are not.
    private static let byteCountMin = 4
    private static let objectByteCountMin = 6

    public init(_ call: APICall) {
        deliveryID = Self.telling(call.webhook?.deliveryID)
        idempotencyKey = Self.keyHeaders.lazy.compactMap { Self.telling(call.request.headers.value(of: $0)) }.first
        guard let template = call.route?.split(separator: " ").last?.split(separator: "/"),
            let scheme = call.request.url.firstRange(of: "://")
        else { return }
        let path = call.request.url[scheme.upperBound...].prefix { $0 != "?" && $0 != "#" }.split(separator: "/")
            .dropFirst()
        guard template.count == path.count else { return }
        for (place, part) in zip(template, path) where place.hasPrefix("{") {
            if part.utf8.count >= Self.objectByteCountMin, let id = Self.telling(String(part), orHashed: false) {
                objects.insert(id)
            }
        }
    }

    public var all: Set<String> { objects.union([deliveryID, idempotencyKey].compactMap { $0 }) }

    /// What redaction put a name in the place of tells nothing, unless the name bears the hash of what stood there.
    private static func telling(_ id: String?, orHashed: Bool = true) -> String? {
        guard let id, id.utf8.count >= byteCountMin, !id.hasPrefix("%7B") else { return nil }
        guard id.hasPrefix("{") else { return id }
        let hash = id.split(separator: ":").last.map { $0.dropLast() } ?? ""
        return orHashed && hash.utf8.count == 16 && parseHex(hash.utf8) != nil ? id : nil
    }
}
