import CallModel

/// The date of mail and HTTP: `Fri, 27 Nov 2026 18:44:24 +0000` (RFC 5322, section 3.3), with `GMT` in HTTP (RFC 9110,
/// 5.6.7).
extension Instant {
    private static let dayNames = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let monthNames = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    var internetDate: String {
        let text = text(fractionDigits: 0)  // 2026-11-27T18:44:24Z
        let days = secondsSinceEpoch / 86_400
        let (year, month, day) = civil(fromDays: days)
        // The first day of the epoch was a Thursday.
        let name = Self.dayNames[Int((days % 7 + 7) % 7)]
        return "\(name), \(day < 10 ? "0" : "")\(day) \(Self.monthNames[Int(month) - 1]) \(year) "
            + "\(text.dropFirst(11).prefix(8)) +0000"
    }

    /// HTTP's form alone.
    init?(internetDate text: String) {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let month = Self.monthNames.firstIndex(of: String(words[2])) else {
            return nil
        }
        let number = month + 1
        self.init(rfc3339: "\(words[3])-\(number < 10 ? "0" : "")\(number)-\(words[1])T\(words[4])Z")
    }
}
