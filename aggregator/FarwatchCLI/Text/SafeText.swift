/// Text from the server as a terminal may get it.
///
/// Names of routes, hosts and customers come from the traffic of strangers. A control character among them could move the
/// cursor, change the title or turn the line around, so that each becomes `�`; line ends and tabs become blanks. Marks that
/// stand upon each other are kept up to four, because a thousand of them cover the lines above.
public func safeText(_ text: String) -> String {
    guard !text.utf8.allSatisfy({ 0x20 <= $0 && $0 < 0x7F }) else { return text }
    var safe = String.UnicodeScalarView()
    var markCount = 0
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\n", "\r", "\t": safe.append(" ")
        case _ where isInvisible(scalar): safe.append("\u{FFFD}")
        case _ where columnCount(of: scalar) == 0:
            markCount += 1
            if markCount <= stackedMarksMax { safe.append(scalar) }
            continue
        default: safe.append(scalar)
        }
        markCount = 0
    }
    return String(safe)
}

private let stackedMarksMax = 4

/// JSON as a terminal may get it: what JSON lets through as it is (DEL, the second row of controls, characters that change the
/// direction of writing) is escaped, which leaves the document's meaning as it was. `json` must be valid.
func safeJSON(_ json: [UInt8]) -> [UInt8] {
    // DEL, or what is not ASCII: most documents have neither and are passed through.
    guard json.contains(where: { $0 >= 0x7F }) else { return json }
    var safe: [UInt8] = []
    safe.reserveCapacity(json.count)
    for scalar in String(decoding: json, as: UTF8.self).unicodeScalars {
        guard scalar.value >= 0x7F, isInvisible(scalar) else {
            safe.append(contentsOf: UTF8.encode(scalar)!)
            continue
        }
        // In JSON a character beyond 16 bits is written as its two surrogates (RFC 8259, section 7).
        for unit in UTF16.encode(scalar)! {
            safe.append(contentsOf: "\\u".utf8)
            for shift in [12, 8, 4, 0] { safe.append(hexDigits[Int(unit >> shift & 15)]) }
        }
    }
    return safe
}

private let hexDigits = Array("0123456789abcdef".utf8)

/// Controls, formats (zero-width and direction marks), and the separators that some terminals take for line ends.
private func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
}
