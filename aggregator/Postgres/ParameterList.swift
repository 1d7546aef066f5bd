import CLibpq

let binaryFormat: Int32 = 1

/// Parameters laid out for libpq: all their bytes in one array, and pointers into it.
struct ParameterList {
    /// PostgreSQL holds no larger field (1 GiB less its header).
    static let byteCountMax = (1 << 30) - 64

    private let parameters: [PostgresValue]

    init(_ parameters: [PostgresValue], _ operation: @autoclosure () -> String) throws(PostgresError) {
        // Lengths travel as Int32: more must not be cut off in silence.
        if let index = parameters.firstIndex(where: { ($0.bytes?.count ?? 0) > Self.byteCountMax }) {
            throw PostgresError(.usage, operation: operation(), message: "parameter $\(index + 1) is larger than 1 GiB")
        }
        self.parameters = parameters
    }

    var types: [PostgresType] { parameters.map(\.type) }

    struct Pointers {
        var count: Int32
        var types: UnsafePointer<Oid>?
        var values: UnsafePointer<UnsafePointer<CChar>?>?
        var byteCounts: UnsafePointer<Int32>?
        var formats: UnsafePointer<Int32>?
    }

    /// The pointers live only inside `body`.
    func withPointers<R>(_ body: (Pointers) -> R) -> R {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(parameters.reduce(1) { $0 + ($1.bytes?.count ?? 0) })
        var starts: [Int?] = []
        for parameter in parameters {
            starts.append(parameter.bytes.map { _ in bytes.count })
            if let value = parameter.bytes { bytes.append(contentsOf: value) }
        }
        // One byte more, so that an empty value at the end has an address too: without one libpq takes it for null.
        bytes.append(0)
        let types = parameters.map { Oid($0.type.rawValue) }
        let byteCounts = parameters.map { Int32($0.bytes?.count ?? 0) }
        let formats = parameters.map { _ in binaryFormat }
        return bytes.withUnsafeBytes { bytes in
            let base = bytes.bindMemory(to: CChar.self).baseAddress
            let values = starts.map { start in start.flatMap { offset in base.map { $0 + offset } } }
            return types.withUnsafeBufferPointer { types in
                values.withUnsafeBufferPointer { values in
                    byteCounts.withUnsafeBufferPointer { byteCounts in
                        formats.withUnsafeBufferPointer { formats in
                            body(
                                Pointers(
                                    count: Int32(clamping: types.count), types: types.baseAddress,
                                    values: values.baseAddress, byteCounts: byteCounts.baseAddress,
                                    formats: formats.baseAddress))
                        }
                    }
                }
            }
        }
    }
}
