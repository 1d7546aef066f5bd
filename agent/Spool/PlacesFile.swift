/// Where replays have got to, each with the sequence of the batch that took them there.
///
/// A place lies with its calls: in the journal's record, then in the sealed batch's head. This file takes over when the batch goes.
/// Wherever several are found, the one with the highest sequence is the newest (files are replayed again from the start, so the
/// furthest need not be).
///
/// ```
/// file   "FWP1" | count u32 | (sequence u64, keyLength u16, key, offset u64, line u64) … | crc32 u32
/// ```
struct ReplayPlaces: Equatable {
    private(set) var places: [String: (sequence: UInt64, place: ReplayPlace)] = [:]
    private static let magic: UInt32 = 0x3150_5746  // "FWP1"

    subscript(key: String) -> ReplayPlace? { places[key]?.place }

    func sequence(of key: String) -> UInt64? { places[key]?.sequence }

    /// Keeps the newer. Gives back how many were given up for it.
    mutating func note(_ place: ReplayPlace, sequence: UInt64, countMax: Int) -> Int {
        if let known = places[place.key], known.sequence > sequence { return 0 }
        places[place.key] = (sequence, place)
        guard places.count > countMax, let oldest = places.min(by: { $0.value.sequence < $1.value.sequence }) else {
            return 0
        }
        places[oldest.key] = nil
        return 1
    }

    func encoded() -> [UInt8] {
        var writer = FileWriter()
        writer.put(Self.magic)
        writer.put(UInt32(places.count))
        for (_, entry) in places.sorted(by: { $0.key < $1.key }) {
            writer.put(entry.sequence)
            writer.put(entry.place)
        }
        writer.putChecksum()
        return writer.bytes
    }

    init() {}

    /// Nil for anything but a whole file.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 12 else { return nil }
        var tail = FileReader(bytes[(bytes.count - 4)...])
        guard tail.take(UInt32.self) == checksum(of: bytes.dropLast(4)) else { return nil }
        var reader = FileReader(bytes.dropLast(4))
        guard reader.take(UInt32.self) == Self.magic, let count = reader.take(UInt32.self) else { return nil }
        for _ in 0..<count {
            guard let sequence = reader.take(UInt64.self), let place = reader.takePlace() else { return nil }
            places[place.key] = (sequence, place)
        }
        guard reader.remaining == 0 else { return nil }
    }

    static func == (left: ReplayPlaces, right: ReplayPlaces) -> Bool {
        left.places.count == right.places.count
            && left.places.allSatisfy { key, entry in right.places[key].map { $0 == entry } ?? false }
    }
}
