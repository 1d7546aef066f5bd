import ArgumentParser
import Documents
import Redaction

/// How the bodies of requests are looked at when a file is explained or compared: what an agent would have sent of them.
enum BodyForm: String, ExpressibleByArgument, CaseIterable {
    /// As they are.
    case full
    /// Their shape with hashes of codes, as agents send it where the operator sets `redaction.hash_codes`.
    case shape
    /// Their shape and nothing else, as agents send it where nothing is set.
    case bare

    static let help: ArgumentHelp =
        "Look at bodies as they are (full), at their shape with hashes of codes (shape), or without them (bare)."

    /// The hashes only have to agree within one run: any key does.
    var shapeLimits: ShapeLimits {
        var limits = ShapeLimits()
        if self == .shape {
            limits.hashing = KeyedHash(key: Array(repeating: 0, count: KeyedHash.keyByteCount)).map {
                ShapeHashing(under: $0)
            }
        }
        return limits
    }
}
