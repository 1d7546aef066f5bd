/// What came of one attempt to deliver a message.
public enum Delivery: Sendable, Equatable {
    /// - Parameters:
    ///   - said: what the receiver answered, for people.
    ///   - reference: by what the channel will know the incident from now on; nil: as before.
    case delivered(said: String, reference: String? = nil)
    case failed(DeliveryFailure)
}

/// Why a message was not taken.
public struct DeliveryFailure: Error, Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// It may be taken later, by `retryAfter` where the receiver says when.
        case temporary(retryAfter: Duration?)
        /// Somebody has to put something right first: a token, an address, a certificate. Tried again all the same,
        /// because that may happen on either side, but another channel need not wait.
        case setting
        /// This message will never be taken.
        case refused
    }

    public static let textByteCountMax = 500

    public var kind: Kind
    /// For people; without secrets, of one line, at most `textByteCountMax` bytes.
    public var text: String

    public init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = oneLine(text, byteCountMax: Self.textByteCountMax)
    }

    public static func temporary(_ text: String) -> DeliveryFailure {
        DeliveryFailure(.temporary(retryAfter: nil), text)
    }
}

/// Control characters become blanks, blanks in a row one, and what is too long ends in an ellipsis, never inside a
/// character.
func oneLine(_ text: String, byteCountMax: Int) -> String {
    var line = ""
    var wasBlank = true
    for character in text {
        let isBlank =
            character.isWhitespace || character.unicodeScalars.allSatisfy { $0.properties.generalCategory == .control }
        if isBlank && wasBlank { continue }
        wasBlank = isBlank
        line.append(isBlank ? " " : character)
        if line.utf8.count > byteCountMax { break }
    }
    if line.last == " " { line.removeLast() }
    return shortened(line, byteCountMax: byteCountMax)
}

/// At most so many bytes, cut between characters.
func shortened(_ text: String, byteCountMax: Int) -> String {
    guard text.utf8.count > byteCountMax else { return text }
    var line = text
    while line.utf8.count > byteCountMax - 3, !line.isEmpty { line.removeLast() }
    return line + "…"
}
