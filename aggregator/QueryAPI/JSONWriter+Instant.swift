import CallModel
import Documents

extension JSONWriter {
    /// RFC 3339, UTC, with milliseconds.
    mutating func member(_ name: String, _ value: Instant?) { member(name, value?.rfc3339) }
}
