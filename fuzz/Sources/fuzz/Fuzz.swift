import FuzzTargets
import Glibc

/// What libFuzzer calls with every input. `FARWATCH_FUZZ` names the target.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// What libFuzzer calls first. With `FARWATCH_FUZZ_SEEDS` it writes the target's own inputs there, and that is all.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    guard let directory = getenv("FARWATCH_FUZZ_SEEDS").map({ String(cString: $0) }) else { return 0 }
    for (number, seed) in target.seeds().enumerated() {
        guard let file = fopen("\(directory)/seed-\(number)", "w") else { fatalError("cannot write to \(directory)") }
        fwrite(seed, 1, seed.count, file)
        fclose(file)
    }
    exit(0)
}

private let target: FuzzTarget = {
    let name = getenv("FARWATCH_FUZZ").map { String(cString: $0) } ?? ""
    guard let found = FuzzTarget.all.first(where: { $0.name == name }) else {
        fatalError("FARWATCH_FUZZ must be one of \(FuzzTarget.all.map(\.name).joined(separator: ", "))")
    }
    return found
}()
