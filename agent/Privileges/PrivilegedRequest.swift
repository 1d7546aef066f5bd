/// What needs privilege, one question at a time, and nothing else does: each is answered with open files.
///
/// On the wire a question has a fixed form: the numbers below, little-endian, 8 bytes each, in a fixed order. There are no texts in
/// it and no lengths but one count, so that the part with privileges has nothing to parse. An answer is one number, an errno or 0,
/// and a text for people.
public struct PrivilegedRequest: Equatable, Sendable {
    public enum Kind: UInt64, Sendable, CaseIterable {
        /// The probes, loaded into the kernel: descriptors of their maps.
        case loadProbes = 1
        /// A program that stands on an event of the kernel, by its number: its link.
        case attachToKernel
        /// A program that stands on functions, on some of one mapped file: its links.
        case attachToFunctions
        /// `/proc/PID/maps`, and the program a process runs.
        case openMaps
        case openProgram
        /// A file a process runs code from, by the place it is mapped at.
        case openMappedFile
        /// A packet socket that is bound to nothing: with link headers, or without.
        case openPacketSocket
    }

    /// A function in a file, and what the program is told of it.
    public struct Place: Equatable, Sendable {
        public var fileOffset: UInt64
        public var cookie: UInt64

        public init(fileOffset: UInt64, cookie: UInt64) {
            self.fileOffset = fileOffset
            self.cookie = cookie
        }
    }

    /// Where a process has a file mapped, and which file that was when it was looked at (`fstat`).
    public struct MappedFile: Equatable, Sendable {
        public var processID: UInt32
        public var start: UInt64
        public var end: UInt64
        public var device: UInt64
        public var inode: UInt64

        public init(processID: UInt32, start: UInt64, end: UInt64, device: UInt64 = 0, inode: UInt64 = 0) {
            self.processID = processID
            self.start = start
            self.end = end
            self.device = device
            self.inode = inode
        }
    }

    public var kind: Kind
    /// The program to attach, by its number; or 1 for a packet socket with link headers.
    public var number: UInt64 = 0
    /// Of the process that is asked about, or whose file it is.
    public var file = MappedFile(processID: 0, start: 0, end: 0)
    /// Probes hit in this process alone; 0 for all.
    public var onlyProcessID: UInt32 = 0
    public var places: [Place] = []

    /// Functions of one file with the same program.
    public static let placesMax = 32

    public init(_ kind: Kind) { self.kind = kind }
}

extension PrivilegedRequest {
    private static let fixedCount = 9
    static let byteCount = (fixedCount + 2 * placesMax) * 8

    var bytes: [UInt8] {
        var numbers: [UInt64] = [
            kind.rawValue, number, UInt64(file.processID), file.start, file.end, file.device, file.inode,
            UInt64(onlyProcessID), UInt64(places.count),
        ]
        for place in places.prefix(Self.placesMax) { numbers += [place.fileOffset, place.cookie] }
        numbers += repeatElement(0, count: Self.byteCount / 8 - numbers.count)
        return numbers.flatMap { littleEndianBytes($0) }
    }

    /// Nil for what is no question.
    init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        var numbers: [UInt64] = []
        for start in stride(from: 0, to: bytes.count, by: 8) {
            numbers.append(littleEndianNumber(bytes[start..<start + 8]))
        }
        guard let kind = Kind(rawValue: numbers[0]), let process = UInt32(exactly: numbers[2]),
            let only = UInt32(exactly: numbers[7]), numbers[8] <= UInt64(Self.placesMax)
        else { return nil }
        self.init(kind)
        number = numbers[1]
        file = MappedFile(
            processID: process, start: numbers[3], end: numbers[4], device: numbers[5], inode: numbers[6])
        onlyProcessID = only
        for index in 0..<Int(numbers[8]) {
            let at = Self.fixedCount + 2 * index
            places.append(Place(fileOffset: numbers[at], cookie: numbers[at + 1]))
        }
    }
}

func littleEndianBytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
}

/// Of at most eight bytes.
func littleEndianNumber(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { number, byte in number << 8 | UInt64(byte) }
}

/// What came of a question.
public struct PrivilegedAnswer: Sendable {
    /// An errno; 0 where it was done.
    public var error: Int32
    /// In words: why not; or what is to be known of what was done.
    public var text: String
    /// The asker closes them.
    public var descriptors: [Int32]

    static let textByteCountMax = 8_192

    public init(descriptors: [Int32], text: String = "") {
        error = 0
        self.text = text
        self.descriptors = descriptors
    }

    public init(error: Int32, text: String = "") {
        self.error = error
        self.text = text
        descriptors = []
    }
}
